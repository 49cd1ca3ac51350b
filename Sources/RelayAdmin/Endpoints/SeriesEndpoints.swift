import RelayPipeline

/// What charts are drawn of.
enum SeriesEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/api/v1/series",
      "Samples of the last hour, ten seconds apart, or of the last week, five minutes apart.",
      role: .viewer, problems: [.init(404, "not_found", "There is no such destination, and was none lately.")]
    ) { (call: Call<SeriesInput>) in
      SeriesAnswer(try call.relay.series(try call.input.request(now: call.now)))
    }
  ]
}
