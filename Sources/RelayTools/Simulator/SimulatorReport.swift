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
  /// The latencies of those that were answered, whatever their status. At most 3.2 % too high; `max` is exact.
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

extension SimulatorReport {
  /// A table for people, without a line end at its end.
  package var summary: String {
    var rows = [("handshake", handshake.description)]
    if handshake == .confirmed {
      rows.append(("envelopes", "\(sent) sent in \(elapsed.forPeople)\(pace), \(accepted) accepted"))
      rows.append(("events", "\(acceptedEvents) accepted"))
    }
    if !statuses.isEmpty {
      let counts = statuses.sorted { $0.key < $1.key }.map { "\($0.key) × \($0.value)" }
      rows.append(("statuses", counts.joined(separator: ", ")))
      rows.append(
        ("latency", "p50 \(latencyP50.forPeople), p99 \(latencyP99.forPeople), max \(latencyMax.forPeople)"))
    }
    if !failures.isEmpty {
      let counts = failures.sorted { $0.key.rawValue < $1.key.rawValue }.map {
        "\($0.key.rawValue) × \($0.value)"
      }
      rows.append(("no answer", counts.joined(separator: ", ")))
    }
    return rows.map { name, value in name + String(repeating: " ", count: 11 - name.count) + value }
      .joined(separator: "\n")
  }

  private var pace: String {
    elapsed > .zero ? " (\((Double(sent) / elapsed.inSeconds).toOnePlace)/s)" : ""
  }
}

extension Duration {
  /// `870 µs`, `12.3 ms` or `4.5 s`.
  var forPeople: String {
    switch self {
    case ..<(.milliseconds(1)): "\(microseconds) µs"
    case ..<(.seconds(1)): "\((inSeconds * 1_000).toOnePlace) ms"
    default: "\(inSeconds.toOnePlace) s"
    }
  }
}

extension Double {
  /// With one decimal place. For numbers that are not negative.
  fileprivate var toOnePlace: String {
    let tenths = Int((self * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

/// How far a simulator has come.
package struct SimulatorProgress: Sendable, Equatable {
  package var elapsed: Duration
  /// Envelopes that were answered or failed.
  package var sent: Int
  /// Those answered 2xx.
  package var accepted: Int
  /// The others.
  package var failed: Int { sent - accepted }
}

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

/// An envelope that was posted, and what came of it.
package struct SentEnvelope: Sendable {
  package var envelope: SimulatedEnvelope
  /// nil: no answer came, see `failure`.
  package var status: Int?
  package var failure: TransportFailure?
  /// From the start of the request to its answer or failure.
  package var latency: Duration
  /// The `evt_…` ids that the answer names: one for each event that the relay holds.
  package var eventIDs: [String]

  package var index: Int { envelope.index }
  package var body: [UInt8] { envelope.body }
  /// How many events the envelope holds.
  package var eventCount: Int { envelope.types.count }
  package var isAccepted: Bool { status.map { (200..<300).contains($0) } ?? false }

  /// The `evt_…` ids in an answer, in their order.
  static func eventIDs(in answer: [UInt8]) -> [String] {
    let text = String(decoding: answer, as: UTF8.self)
    return text.split(separator: "\"").map(String.init).filter { EventID($0) != nil }
  }
}
