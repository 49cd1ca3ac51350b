/// A request's line and headers, as far as they matter here.
struct RequestHead: Equatable {
  var method: String
  /// Without its query.
  var path: String
  /// What follows the `?`.
  var query: String?
  /// nil: there was none (HTTP/1.0 allows that).
  var host: String?
  var origin: String?
  /// What a browser says of who asks (`Sec-Fetch-Site`); nil: none, or an old one.
  var fetchSite: String?
  var authorization: String?
  var contentType: String?
  /// nil: not said, or not a number.
  var contentLength: Int?

  init(
    method: String, target: String, host: String? = nil, origin: String? = nil, fetchSite: String? = nil,
    authorization: String? = nil, contentType: String? = nil, contentLength: Int? = nil
  ) {
    self.method = method
    self.host = host
    self.origin = origin
    self.fetchSite = fetchSite
    self.authorization = authorization
    self.contentType = contentType
    self.contentLength = contentLength
    let target = target.prefix { $0 != "#" }
    let mark = target.firstIndex(of: "?")
    path = String(target[..<(mark ?? target.endIndex)])
    query = mark.map { String(target[target.index(after: $0)...]) }
  }
}
