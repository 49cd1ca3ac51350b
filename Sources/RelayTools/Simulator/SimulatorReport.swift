import RelayCore

/// What a simulator saw.
package struct SimulatorReport: Sendable {
  /// Where this is not `confirmed`, no envelope was posted.
  package var handshake: HandshakeOutcome
  /// Envelopes that were answered or failed.
  package var sent: Int
  /// Those answered 2xx, and the events that they hold.
  package var accepted: Int
  package var acceptedEvents: Int
  /// How often each status came.
  package var statuses: [Int: Int]
  /// How often a request got no status, and why.
  package var failures: [TransportFailure.Kind: Int]
  /// Of the answered ones, whatever their status. At most 3.2 % too high; `max` is exact.
  package var latencyP50: Duration
  package var latencyP99: Duration
  package var latencyMax: Duration
  /// From the first envelope to the last answer.
  package var elapsed: Duration

  init(handshake: HandshakeOutcome, tally: SimulatorTally = SimulatorTally(), elapsed: Duration = .zero) {
    self.handshake = handshake
    sent = tally.sent
    accepted = tally.accepted
    acceptedEvents = tally.acceptedEvents
    statuses = tally.statuses
    failures = tally.failures
    latencyP50 = tally.latencies.quantile(0.5)
    latencyP99 = tally.latencies.quantile(0.99)
    latencyMax = tally.latencies.max
    self.elapsed = elapsed
  }

  /// The handshake was confirmed, and so was every envelope.
  package var allAccepted: Bool { handshake == .confirmed && accepted == sent }
}
