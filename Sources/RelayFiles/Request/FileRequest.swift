import NIOHTTP1

/// What of a request the answer depends on.
struct FileRequest: Equatable, Sendable {
  enum Method: Equatable, Sendable {
    case get, head, other
  }

  var method: Method
  /// Path and query, as they came.
  var target: String
  /// nil: all of the file is wanted. Only `GET` has ranges.
  var range: String?
  /// The tag that the part has to be of; nil: of whatever is there.
  var ifRange: String?
  /// The connection ends with the answer.
  var closes: Bool

  init(
    method: Method = .get, target: String, range: String? = nil, ifRange: String? = nil, closes: Bool = false
  ) {
    self.method = method
    self.target = target
    self.range = range
    self.ifRange = ifRange
    self.closes = closes
  }

  init(_ head: HTTPRequestHead) {
    switch head.method {
    case .GET: method = .get
    case .HEAD: method = .head
    default: method = .other
    }
    target = head.uri
    // A header that stands twice says nothing.
    let (ranges, tags) = (head.headers["range"], head.headers["if-range"])
    range = method == .get && ranges.count == 1 ? ranges[0] : nil
    ifRange = tags.isEmpty ? nil : tags.joined(separator: ", ")
    // HTTP/1.0 has connections that stay only where both say so; few clients of it ask for that.
    closes = !head.isKeepAlive || head.version != .http1_1
  }
}
