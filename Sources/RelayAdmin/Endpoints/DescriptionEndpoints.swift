import RelayPipeline

/// The API, described by itself.
enum DescriptionEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/openapi.json", "This API, as OpenAPI 3.1 describes it.", role: .viewer,
      replies: [.init(contentType: "application/json", .object)]
    ) { (_: Call<Nothing>) in
      AdminResponse(
        status: 200, contentType: "application/json",
        body: OpenAPI(table: .relay, version: RelayVersion.number).json)
    }
  ]
}
