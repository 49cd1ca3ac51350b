import Foundation
import RelayThreads
import RelayTools

/// Huggy's part, and what the relay answered.
final class Play: Sendable {
  private let settings: SimulatorSettings
  private let eventIDs = Locked<[String]>([])

  static let envelopesPerSecond = 40.0
  static let seconds = 10.0

  init(relayURL: String, token: String) {
    settings = SimulatorSettings(
      url: relayURL + "/huggy", token: token, scenario: .all, ratePerSecond: Self.envelopesPerSecond,
      count: Int(Self.envelopesPerSecond * Self.seconds))
  }

  /// The ids that the relay gave in its 200s: what it has promised to deliver.
  var acceptedEventIDs: [String] { eventIDs.withLock { $0 } }

  func run() async -> SimulatorReport {
    let simulator = Simulator(
      settings: settings,
      onEnvelope: { [eventIDs] sent in
        if sent.isAccepted { eventIDs.withLock { $0 += sent.eventIDs } }
      },
      onProgress: { print("  \($0.sent) envelopes posted, \($0.accepted) accepted") })
    return await onThread(named: "simulate") { simulator.run() }
  }
}
