import RelayCore
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

  /// The store did not take the envelope. The reason is for the operator's log; the sender need not know the store's insides.
  static func unstored(_ error: StoreError) -> IngestReply {
    var reply = unavailable(
      error.code == .hanging
        ? "the store does not answer; whether this was kept is not known: send it again, unchanged"
        : "the store can't take it now; nothing was kept, send it again")
    reply.reason = "the store can't take it: \(error.message)"
    return reply
  }
}
