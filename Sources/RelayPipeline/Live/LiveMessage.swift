import RelayCore

/// What a message of the stream is about.
package enum LiveKind: String, Sendable, CaseIterable {
  /// An event came in.
  case received
  /// What became of a delivery, or of an attempt of it.
  case settled
}

/// What a message of the stream says, as far as filters ask for it.
struct LiveMessage: Sendable {
  let kind: LiveKind
  /// nil: it is about many.
  let event: EventID?
  let source: String?
  let type: String?
  let company: String?
  let channel: String?
  let chat: String?
  /// Those that matched, in their order; of what is received.
  let routes: [String]
  let destinations: [String]
  let outcome: EventOutcome
  /// nil: no reader asked for bodies when it was written, or it was erased since.
  var body: [UInt8]?
}
