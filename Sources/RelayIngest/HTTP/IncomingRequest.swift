import RelayPipeline

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
  /// Why nothing is taken from whoever sends it; nil: it is.
  var denial: Refusal?

  /// Whether it asks a source to take something.
  var isPost: Bool { target == .source && fault == nil && (method == .post || method == .put) }

  /// Why a request with this head is not taken; nil if it is.
  func refusal(within limits: ConnectionLimits) -> Refusal? {
    if let fault { return .badRequest(fault) }
    switch (target, method) {
    case (.unknown, _): return .notFound
    case (.source, .post), (.source, .put), (.health, .get), (.health, .head): break
    case (.source, .get), (.source, .head), (.source, .other): return .methodNotAllowed
    case (.health, .post), (.health, .put), (.health, .other): return .healthMethodNotAllowed
    }
    if let denial { return denial }
    if expectation == .unknown { return .expectationFailed }
    if target == .health, !hasSkippableBody(within: limits) {
      return .badRequest("a health check has no body")
    }
    if case .known(let length) = body, length > limits.maxBodyBytes {
      return .tooLarge(limitBytes: limits.maxBodyBytes)
    }
    if case .unknown(let name) = coding { return .unknownCoding(name) }
    return nil
  }

  /// Whether its body is short enough to be read and thrown away, so that the connection can live on.
  func hasSkippableBody(within limits: ConnectionLimits) -> Bool {
    if case .known(let length) = body { length <= limits.skippedBodyBytes } else { false }
  }
}

/// What a `content-encoding` header says of the body.
enum ContentCoding: Equatable {
  case identity
  case gzip
  /// zlib's format (RFC 9110, 8.4.1.2), or bare deflate, as some senders understand it.
  case deflate
  /// Another one, or several one after another; cut to what may be shown.
  case unknown(String)

  /// As `accept-encoding` names them.
  static let accepted = "gzip, deflate"

  /// Further ones of IANA's register that senders use.
  static let registered: Set = ["br", "zstd", "compress", "x-compress", "dcb", "dcz", "aes128gcm", "exi"]

  /// The coding of a body whose head has this header as well as those before it.
  func followed(by value: String) -> ContentCoding {
    let names = value.split { $0 == "," || $0 == " " || $0 == "\t" }.map { $0.lowercased() }
    return names.reduce(self) { coding, name in
      switch name {
      case "identity": coding
      case "gzip" where coding == .identity, "x-gzip" where coding == .identity: .gzip
      case "deflate" where coding == .identity: .deflate
      default: .unknown(RequestPath.cut(value))
      }
    }
  }
}
