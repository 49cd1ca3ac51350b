import RelayCore

/// What the ingest listener hands requests to.
package protocol EnvelopeReceiver: Sendable {
  /// Whether envelopes may be posted to this path (without its query, and as `SourcePath` spells it).
  func entry(at path: String) -> PathEntry

  /// Why nothing is taken from whoever this is; nil: it is. Asked once of each request to a path that is guarded, before its body.
  func refusal(of origin: any RequestOrigin, at path: String) -> Refusal?

  /// Takes one body. Never blocks; `completion` runs once, on any thread, when the reply is known: for an
  /// accepted envelope that is after it is on disk.
  func receive(
    path: String, body: [UInt8], origin: any RequestOrigin,
    completion: @escaping @Sendable (IngestReply) -> Void)

  /// A request that never became a body was refused: too large, too slow, a wrong method or path; or a connection that
  /// was one too many.
  func refused(path: String, _ refusal: Refusal, origin: any RequestOrigin)
}

/// What a path leads to.
package enum PathEntry: Sendable, Equatable {
  /// No source has it.
  case none
  /// A source that everybody may post to.
  case open
  /// A source that does not take everybody, or not as often as they like.
  case guarded
}

/// Where a request came from, as far as it is known. All but `trace` and `client` is looked at only for requests that are refused: what makes
/// a text of it does so when it is asked.
package protocol RequestOrigin: AnyObject, Sendable {
  /// The address of the connection's other end, without its port.
  var peer: String? { get }
  /// Whom it comes from: another than the peer, where that is a proxy that is trusted.
  var client: ClientAddress { get }
  /// The `X-Forwarded-For` (where there is none, `Forwarded`) and `User-Agent` headers as they came, cut at 256 bytes.
  var forwardedFor: String? { get }
  var userAgent: String? { get }
  /// What its `traceparent` says; nil: it has none that is valid.
  var trace: TraceParent? { get }
}

/// Of what a person puts in through the admin API.
final class NoOrigin: RequestOrigin {
  let trace: TraceParent? = nil
  let peer: String? = nil
  let client = ClientAddress.unknown
  let forwardedFor: String? = nil
  let userAgent: String? = nil
}
