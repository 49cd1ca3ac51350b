import Foundation
import RelayCurl
import RelayHarness
import RelayThreads
import Testing

/// A relay whose limits are short, good senders that must not notice anything, and looks at what the process holds.
final class HostileRelay {
  let url: String
  private let admin: Operator
  private let setting: Setting
  private let relay: RelayProcess
  private let good: GoodSenders
  private let before: Holding

  /// What the process holds.
  struct Holding: CustomStringConvertible {
    var residentBytes = 0
    var descriptors = 0

    var description: String { "\(residentBytes >> 20) MiB, \(descriptors) descriptors" }
  }

  /// What may be more afterwards: arenas of the allocator, buffers that are kept to be used again, connections of the senders.
  static let slackBytes = 48 << 20

  /// - Parameter server: Further keys of `server`.
  init(
    _ server: String = "request_timeout: 2s, idle_timeout: 3s", destinations: String = "",
    routes: String = "[]"
  ) throws {
    setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", max_body: 256KiB, max_inflight: 8MiB, \(server) }
      store: { keep: routed }
      sources: { huggy: { dedupe: off }, smuggled: { dedupe: off } }
      \(destinations)
      routes: \(routes)
      """)
    relay = try setting.start()
    url = try #require(relay.ingestURL())
    admin = try #require(Operator(relay))
    good = GoodSenders(to: url + "/huggy", count: 2)
    #expect(good.goOn(50), "the senders begin")
    before = try Self.holding(relay.processID)
  }

  /// What it holds now.
  func holding() throws -> Holding { try Self.holding(relay.processID) }

  /// How many envelopes a source has taken.
  func accepted(by source: String) throws -> Double {
    try admin.metric("huggy_relay_envelopes_total{source=\"\(source)\",outcome=\"accepted\"}") ?? 0
  }

  func refused(_ reason: String) throws -> Double {
    try admin.metric("huggy_relay_requests_refused_total{reason=\"\(reason)\"}") ?? 0
  }

  func talk() throws -> OwnConnection { try OwnConnection(to: url) }

  /// Every good request was answered 200 until now and is from now on; what the attack took is given back.
  /// - Parameter slackBytes: How much more memory it may hold than at its start.
  func end(slackBytes: Int = HostileRelay.slackBytes) async throws {
    #expect(good.goOn(50))
    let bad = good.end()
    #expect(bad == [])
    let after = try await eventually {
      try holding()
    } until: {
      $0.descriptors <= before.descriptors + 4 && $0.residentBytes <= before.residentBytes + slackBytes
    }
    #expect(after.descriptors <= before.descriptors + 4, "\(before) before, \(after) after")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  private static func holding(_ process: Int32) throws -> Holding {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    let kibibytes = line.flatMap { Int($0.split(separator: " ").dropLast().last ?? "") } ?? 0
    let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
    return Holding(residentBytes: kibibytes << 10, descriptors: files.count)
  }
}

/// Senders that post one envelope after another, each over a connection of its own that it keeps.
final class GoodSenders: Sendable {
  private let counts = Monitor((good: 0, bad: [String](), isEnded: false))
  private let threads: [WorkerThread]

  init(to url: String, count: Int) {
    let counts = counts
    threads = (0..<count).map { number in
      WorkerThread(name: "good sender") {
        let client = BlockingClient()
        let body = Array(#"{"messages":{"a":[{"id":\#(number)}]}}"#.utf8)
        while !counts.update({ $0.isEnded }) {
          do {
            let answer = try client.send(
              method: "POST", url: url, headers: [], body: body, timeout: .seconds(30))
            counts.update {
              if answer.status == 200 { $0.good += 1 } else { $0.bad.append("status \(answer.status)") }
            }
          } catch {
            counts.update { $0.bad.append("\(error)") }
          }
        }
      }
    }
  }

  /// Returns once so many more were answered 200; false: that took too long.
  func goOn(_ count: Int) -> Bool {
    let now = counts.update { $0.good }
    return counts.wait(timeout: .seconds(60)) { $0.good >= now + count ? true : nil } ?? false
  }

  /// - Returns: What else they were told.
  func end() -> [String] {
    counts.update { $0.isEnded = true }
    for thread in threads { thread.join() }
    return counts.update { $0.bad }
  }
}
