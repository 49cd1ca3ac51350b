import RelayCore

/// What the ingest listener hands requests to.
package protocol EnvelopeReceiver: Sendable {
  /// Whether envelopes may be posted to this path (without its query, and as `SourcePath` spells it).
  func accepts(path: String) -> Bool

  /// Takes one body. Never blocks; `completion` runs once, on any thread, when the reply is known: for an
  /// accepted envelope that is after it is on disk.
  func receive(
    path: String, body: [UInt8], origin: any RequestOrigin,
    completion: @escaping @Sendable (IngestReply) -> Void)

  /// A request that never became a body was refused: too large, too slow, a wrong method or path; or a connection that
  /// was one too many.
  func refused(path: String, _ refusal: Refusal, origin: any RequestOrigin)
}

/// Where a request came from, as far as it is known. All but `trace` is looked at only for requests that are refused: what makes
/// a text of it does so when it is asked.
package protocol RequestOrigin: AnyObject, Sendable {
  /// The address of the connection's other end, without its port.
  var peer: String? { get }
  /// The `X-Forwarded-For` and `User-Agent` headers as they came, cut at 256 bytes.
  var forwardedFor: String? { get }
  var userAgent: String? { get }
  /// What its `traceparent` says; nil: it has none that is valid.
  var trace: TraceParent? { get }
}

/// Of what a person puts in through the admin API.
final class NoOrigin: RequestOrigin {
  let trace: TraceParent? = nil
  let peer: String? = nil
  let forwardedFor: String? = nil
  let userAgent: String? = nil
}
