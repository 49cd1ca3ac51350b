import RelayPipeline

/// How the relay is, and its configuration.
enum StatusEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/api/v1/status", "How the relay is: its destinations, routes, store and configuration.", role: .viewer
    ) { (call: Call<Nothing>) in StatusAnswer(try await call.relay.status(), now: call.now) },
    .get(
      "/api/v1/nodes", "The relays that share the store, and who serves what.", role: .viewer
    ) { (call: Call<Nothing>) in NodesAnswer(call.relay.nodes()) },
    .get(
      "/api/v1/rejections", "The last requests that senders were refused.", role: .viewer,
      audit: .readingIfKept
    ) { (call: Call<Nothing>) in RefusalsAnswer(call.relay.refusedRequests()) },
    .post(
      "/api/v1/reload", "Read the configuration again; a wrong one changes nothing.", role: .operator,
      audit: .change,
      problems: [.init(422, "invalid_configuration", "It is wrong; `errors` has each error with its place.")]
    ) { (call: Call<Nothing>) in ReloadAnswer(try await call.relay.reload()) },
  ]
}
