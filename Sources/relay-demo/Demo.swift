import Foundation
import RelayCore
import RelayHarness
import RelaySQLite
import RelayText
import RelayThreads
import RelayTools

/// `make demo`: the relay's main job in one terminal.
///
/// A real `huggy-relay serve` on a free port, four receivers, one of which goes down for a while, and Huggy's part
/// played for ten seconds. Then the books: what was accepted must be at the receivers, to the last event.
@main
struct Demo {
  static func main() async throws {
    exit(try await run() ? 0 : 1)
  }

  /// - Returns: Whether the books balance. The temporary folder goes with it.
  private static func run() async throws -> Bool {
    let relayBinary = try relayBinary()
    let folder = try TemporaryFolder()
    let receivers = try await Receivers.start()
    let configuration = try folder.write(receivers.routesYAML(token: token), to: "routes.yaml")
    print("starting \(relayBinary) with \(configuration)\n")
    let relay = try RelayProcess(
      executable: relayBinary, arguments: ["serve", "--config", configuration, "--log-format", "json"])
    guard let url = relay.ingestURL() else {
      print("the relay did not start:\n\(relay.log.joined(separator: "\n"))")
      return false
    }
    print("relay      \(url)/huggy")
    for receiver in receivers.all {
      print("\(receiver.paddedName) http://\(receiver.address)/  \(receiver.role)")
    }

    let play = Play(relayURL: url, token: token)
    async let outage: Void = receivers.outage(of: "billing") {
      if let admin = relay.adminURL() { showStatus(relayBinary, admin: admin) }
    }
    let report = await play.run()
    await outage
    print("\n\(report.summary)\n")

    let database = "\(folder.path)/data/relay.db"
    let isDrained = try await waitUntilSettled(database)
    relay.send(signal: SIGTERM)
    let status = relay.waitForExit()
    let books = try Books(databasePath: database, accepted: play.acceptedEventIDs, receivers: receivers)
    print(books.table)
    print("")
    for line in books.verdict { print(line) }
    let succeeded = report.allAccepted && isDrained && status == 0 && books.balance
    if status != 0 { print("the relay ended with status \(status.map(String.init) ?? "none")") }
    print(succeeded ? "\nThe books balance." : "\nTHE BOOKS DO NOT BALANCE.")
    return succeeded
  }

  /// What an operator sees during the outage.
  private static func showStatus(_ relayBinary: String, admin: String) {
    let status = Process()
    status.executableURL = URL(fileURLWithPath: relayBinary)
    status.arguments = ["status", "--admin", admin]
    print("\n$ huggy-relay status")
    fflush(nil)
    try? status.run()
    status.waitUntilExit()
    print("")
  }

  static let token = "8187ce0c2e5d0aefd626fa4999f62974"

  /// The relay stands beside this program.
  private static func relayBinary() throws -> String {
    let own = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    return own.deletingLastPathComponent().appendingPathComponent("huggy-relay").path
  }

  /// Retries may still be due: at most a minute.
  private static func waitUntilSettled(_ database: String) async throws -> Bool {
    let reader = try StoreReader(path: database)
    for _ in 0..<300 {
      if try reader.pendingCount() == 0 { return true }
      try await Task.sleep(for: .milliseconds(200))
    }
    return false
  }
}

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
      onProgress: { print("  \($0.sent.counted("envelope", "envelopes")) posted, \($0.accepted) accepted") })
    return await onThread(named: "simulate") { simulator.run() }
  }
}
