import RelayCore

/// Counts what came of the envelopes.
struct SimulatorTally: Sendable {
  private(set) var sent = 0
  private(set) var accepted = 0
  private(set) var acceptedEvents = 0
  private(set) var statuses: [Int: Int] = [:]
  private(set) var failures: [TransportFailure.Kind: Int] = [:]
  private(set) var latencies = LatencyHistogram()

  mutating func add(_ envelope: SentEnvelope) {
    sent += 1
    if envelope.isAccepted {
      accepted += 1
      acceptedEvents += envelope.eventCount
    }
    if let status = envelope.status {
      statuses[status, default: 0] += 1
      latencies.add(envelope.latency)
    }
    if let failure = envelope.failure { failures[failure.kind, default: 0] += 1 }
  }
}
