import RelayJSON

/// An answer of the ingest, before it becomes HTTP.
package struct IngestReply: Sendable, Equatable {
  package struct Header: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package var status: Int
  package var contentType: String
  package var body: [UInt8]
  /// Beyond `content-type` and `content-length`: `allow`, `retry-after`, `x-content-type-options`, `accept-encoding`.
  package var headers: [Header]
  /// Of a refusal: why, for the log. What the sender is told is in the body.
  package var reason: String
  /// Of a refusal: the `code` of its error.
  package var code: String
  /// Of a refusal: the place in the body that is to blame.
  package var offset: Int?

  package init(
    status: Int, contentType: String = "application/json", body: [UInt8], headers: [Header] = [],
    code: String = "", reason: String = "", offset: Int? = nil
  ) {
    self.code = code
    self.reason = reason
    self.offset = offset
    self.status = status
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }
}

/// What the ingest listener hands requests to.
package protocol EnvelopeReceiver: Sendable {
  /// Whether envelopes may be posted to this path (without its query, and as `SourcePath` spells it).
  func accepts(path: String) -> Bool

  /// Takes one body. Never blocks; `completion` runs once, on any thread, when the answer is known: for an
  /// accepted envelope that is after it is on disk.
  func receive(
    path: String, body: [UInt8], origin: any RequestOrigin,
    completion: @escaping @Sendable (IngestReply) -> Void)

  /// A request that never became a body was refused: too large, too slow, a wrong method or path; or a connection that
  /// was one too many.
  func refused(path: String, reply: IngestReply, origin: any RequestOrigin)
}

/// Where a request came from, as far as it is known. Looked at only for requests that are refused: what makes a text of it
/// does so when it is asked.
package protocol RequestOrigin: AnyObject, Sendable {
  /// The address of the connection's other end, without its port.
  var peer: String? { get }
  /// The `X-Forwarded-For` and `User-Agent` headers as they came, cut at 256 bytes.
  var forwardedFor: String? { get }
  var userAgent: String? { get }
}

extension IngestReply {
  /// `{"error":{"code":CODE,"message":MESSAGE}}`, with `"offset":N` where a place in the body is to blame.
  package static func error(
    _ status: Int, _ code: String, _ message: String, offset: Int? = nil, headers: [Header] = []
  ) -> IngestReply {
    var body = Array(#"{"error":{"code":"#.utf8)
    JSONWriter.appendString(code, to: &body)
    body += Array(#","message":"#.utf8)
    JSONWriter.appendString(message, to: &body)
    if let offset { body += Array(",\"offset\":\(offset)".utf8) }
    body += Array("}}".utf8)
    return IngestReply(
      status: status, body: body, headers: headers, code: code, reason: message, offset: offset)
  }

  package static let notFound = error(
    404, "not_found", "no source has this path; see `sources` in routes.yaml")

  package static let methodNotAllowed = error(
    405, "method_not_allowed", "envelopes are sent by POST or PUT", headers: [Header("allow", "POST, PUT")])

  package static func tooLarge(limitBytes: Int) -> IngestReply {
    error(413, "too_large", "the body is larger than server.max_body (\(limitBytes) bytes)")
  }

  package static let timeout = error(
    408, "timeout", "the request took longer than server.request_timeout")

  package static func unavailable(_ message: String, code: String = "unavailable") -> IngestReply {
    error(503, code, message, headers: [Header("retry-after", "5")])
  }

  /// What is sent is in a form that is not read here.
  package static func unsupported(_ message: String, headers: [Header] = []) -> IngestReply {
    error(415, "unsupported_media_type", message, headers: headers)
  }
}
