/// The page for people. Its files are for everybody: all that it shows, it asks the API for.
enum DashboardEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/", "The dashboard.", role: nil, replies: [.init(contentType: "text/html; charset=utf-8"), unchanged],
      ignoresQuery: true
    ) { (call: Call<Nothing>) in try file(["index.html"], call) },
    .get(
      "/dashboard/{file}", "A file of the dashboard.", role: nil, replies: anyFile,
      problems: [.notFound("There is no such file.")], ignoresQuery: true
    ) { (call: Call<Nothing>) in try file([call.name("file")], call) },
    .get(
      "/dashboard/{folder}/{file}", "A file of the dashboard.", role: nil, replies: anyFile,
      problems: [.notFound("There is no such file.")], ignoresQuery: true
    ) { (call: Call<Nothing>) in try file([call.name("folder"), call.name("file")], call) },
  ]

  private static let unchanged = Endpoint.Reply(status: 304)
  private static let anyFile =
    Set(DashboardFile.all.compactMap(\.contentType)).sorted().map { Endpoint.Reply(contentType: $0) }
    + [unchanged]

  private static func file(_ parts: [String], _ call: Call<Nothing>) throws -> AdminResponse {
    let path = parts.joined(separator: "/")
    // A `%2F` is no `/`: each file has one address.
    guard !parts.contains(where: { $0.contains("/") }), let file = DashboardFile.at(path),
      let type = file.contentType
    else {
      throw APIError(404, "not_found", "the dashboard has no file \(path.prefix(200)); it begins at /")
    }
    let headers = headers + [AdminResponse.Header("etag", file.etag)]
    guard !file.isKnown(to: call.ifNoneMatch) else { return .empty(304, headers: headers) }
    return AdminResponse(status: 200, contentType: type, body: file.bytes, headers: headers)
  }

  /// What a browser must not do with the page, whatever gets into it: run or load what is not the relay's own, send anything
  /// elsewhere, stand in a frame of another page, or be held by the window that opened it.
  private static let headers: [AdminResponse.Header] = [
    // Asked for again each time, which costs an empty answer: a new relay never meets an old page's parts.
    .init("cache-control", "no-cache"),
    .init(
      "content-security-policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    .init("cross-origin-opener-policy", "same-origin"),
    .init("cross-origin-resource-policy", "same-origin"),
    .init("referrer-policy", "no-referrer"),
  ]
}
