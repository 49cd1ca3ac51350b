import RelayCore
import RelayThreads

/// A posted body that waits for its reply, with the rules that it met: those of its whole way.
final class IngestRequest: Sendable {
  enum Manner: Sendable, Equatable {
    /// By a sender, who is to show a token.
    case posted
    /// By a person, through the admin API. `again`: also where it is known already.
    case byHand(again: Bool)
  }

  let path: String
  let body: [UInt8]
  let origin: any RequestOrigin
  let manner: Manner
  let entrance: IngestRules.Entrance
  let rules: IngestRules
  /// When it had come as a whole.
  let received: ClockReading
  private let clock: any SteadyClock
  private let completion: @Sendable (IngestReply) -> Void

  init(
    path: String, body: [UInt8], origin: any RequestOrigin, manner: Manner = .posted,
    entrance: IngestRules.Entrance,
    rules: IngestRules,
    clock: any SteadyClock, completion: @escaping @Sendable (IngestReply) -> Void
  ) {
    received = clock.reading()
    self.clock = clock
    self.path = path
    self.body = body
    self.origin = origin
    self.manner = manner
    self.entrance = entrance
    self.rules = rules
    self.completion = completion
  }

  /// Gives the reply, once.
  ///
  /// - Parameter outcome: nil: it has been counted, or says nothing of an envelope.
  func answer(_ reply: IngestReply, _ outcome: EnvelopeOutcome?) {
    if let outcome { entrance.metrics.envelope(outcome) }
    entrance.metrics.ingest(received.steady.duration(to: clock.now()))
    completion(reply)
  }
}
