/// What the listener needs to know of a request's head.
struct IncomingRequest: Equatable {
  /// What a path leads to.
  enum Target: Equatable {
    case source
    case health
    case unknown
  }

  enum Method: Equatable {
    case post
    case put
    case get
    case head
    case other
  }

  enum BodyLength: Equatable {
    case known(Int)
    case chunked
  }

  enum Expectation: Equatable {
    case none
    case `continue`
    case unknown
  }

  var target: Target
  var method: Method
  var body = BodyLength.known(0)
  var expectation = Expectation.none
  var coding = ContentCoding.identity
  /// What the client wishes: its `connection` header, or its version's default.
  var keepAlive = true
  /// HTTP/1.0 clients are told when a connection stays open.
  var isHTTP10 = false
  /// Why the head can't be believed, if it can't.
  var fault: String?
}
