import RelayCore

/// What a simulator saw.
public struct SimulatorReport: Sendable {
  /// Where this is not `confirmed`, no envelope was posted.
  public var handshake: HandshakeOutcome
  /// Envelopes that were answered or failed.
  public var sent: Int
  /// Those answered 2xx, and the events that they hold.
  public var accepted: Int
  public var acceptedEvents: Int
  /// How often each status came.
  public var statuses: [Int: Int]
  /// How often a request got no status, and why.
  public var failures: [TransportFailure.Kind: Int]
  /// Of the answered ones, whatever their status. At most 3.2 % too high; `max` is exact.
  public var latencyP50: Duration
  public var latencyP99: Duration
  public var latencyMax: Duration
  /// From the first envelope to the last answer.
  public var elapsed: Duration

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
  public var allAccepted: Bool { handshake == .confirmed && accepted == sent }
}
