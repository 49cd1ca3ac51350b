import Foundation
import RelayCore
import RelayHarness
import RelaySQLite
import RelayThreads
import RelayTools
import Testing

/// Events that are sent again by the real binary.
@Suite struct ReplayTests {
  private func yaml(_ address: ListenAddress, routes: String = "[{ name: all, to: crm }]") -> String {
    """
    server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
    sources: { huggy: {} }
    destinations:
      crm: { url: "http://\(address)/crm" }
      bi: { url: "http://\(address)/bi" }
    routes: \(routes)
    """
  }

  /// An envelope of events of one type, with these numbers.
  private func numbered(_ numbers: Range<Int>) -> [UInt8] {
    let events = numbers.map { #"{"id":\#($0)}"# }
    return Array(#"{"messages":{"a":[\#(events.joined(separator: ","))]}}"#.utf8)
  }

  @Test func aReplayThatAKillCutsOffGoesOnAndLosesAndInventsNothing() async throws {
    let received = Received()
    // Slow enough to be killed in its midst.
    let sink = Sink(settings: SinkSettings(listen: anyPort(), delay: .milliseconds(5))) { received.note($0) }
    let setting = try Setting(yaml(try await sink.start()))
    var relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let count = 400
    for first in stride(from: 0, to: count, by: 50) {
      #expect(try post(numbered(first..<first + 50), to: url + "/huggy").status == 200)
    }
    #expect(received.wait { $0.count { $0.path == "/crm" } == count })
    var person = try #require(Operator(relay))
    let begun = try person.run("replay", "--all", "--to", "bi", "--yes")
    #expect(begun.status == 0 && begun.output.contains("replay 1 has begun: 400 deliveries"))
    for share in 1...2 {
      #expect(received.wait { $0.count { $0.path == "/bi" } >= share * count / 4 })
      relay.send(signal: SIGKILL)
      #expect(relay.waitForExit() == 128 + SIGKILL)
      relay = try setting.start()
      person = try #require(Operator(relay))
    }
    #expect(try person.run("replays", "1", "--wait").status == 0)
    let stored = Set(try StoreReader(path: setting.database).eventIDs().map(\.description))
    let replayed = received.all.filter { $0.path == "/bi" }
    #expect(Set(replayed.compactMap(\.webhookID)) == stored && stored.count == count)
    #expect(replayed.allSatisfy { $0.header("huggy-relay-replay") == "true" })
    #expect(received.all.allSatisfy { ($0.path == "/bi") == ($0.header("huggy-relay-replay") != nil) })
    let shown = try person.run("replays", "1")
    #expect(shown.output.contains("400 queued of 400: 400 delivered, 0 pending"), "\(shown.output)")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  @Test func itKeepsItsRate() async throws {
    let times = Locked<[ContinuousClock.Instant]>([])
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) {
      if $0.path == "/bi" { times.withLock { $0.append(.now) } }
      received.note($0)
    }
    let setting = try Setting(yaml(try await sink.start()))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    #expect(try post(numbered(0..<12), to: url + "/huggy").status == 200)
    #expect(received.wait { $0.count == 12 })
    let person = try #require(Operator(relay))
    #expect(try person.run("replay", "--all", "--to", "bi", "--rate", "20/s", "--yes").status == 0)
    #expect(received.wait { $0.count == 24 })
    let all = times.withLock { $0 }
    // Five at once, and a quarter of a second between: the last comes after two of these.
    #expect(all[0].duration(to: all[11]) >= .milliseconds(450))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  @Test func itIsCountedCancelledAndListedByCommands() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let setting = try Setting(yaml(try await sink.start()))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    #expect(try post(numbered(0..<3), to: url + "/huggy").status == 200)
    #expect(received.wait { $0.count == 3 })
    let person = try #require(Operator(relay))
    #expect(try person.run("pause", "bi").status == 0)
    let counted = try person.run("replay", "--all", "--to", "crm,bi", "--dry-run")
    #expect(counted.output.contains("3 deliveries would be sent: 3 to bi"), "\(counted.output)")
    #expect(try person.run("replay", "--to", "bi").status == 64, "never all by leaving something out")
    #expect(try person.run("replay", "--all", "--to", "bo").errors.contains("did you mean 'bi'"))
    #expect(try person.run("replays").output.contains("no replay yet"))
    #expect(try person.run("replay", "--all", "--to", "bi", "--reason", "a new one").status == 0)
    _ = try await eventually {
      try person.destination("bi")?.replaying
    } until: {
      $0 == 3
    }
    let cancelled = try person.run("replays", "1", "--cancel")
    #expect(
      cancelled.output.contains("cancelled") && cancelled.output.contains("3 discarded"),
      "\(cancelled.output)")
    #expect(cancelled.output.contains("a new one"))
    #expect(try person.destination("bi")?.pending == 0)
    let missing = try person.run("replay", "--all", "--to", "crm,bi", "--missing", "--yes", "--json")
    #expect(missing.output.contains(#"{"replay":2,"count":3}"#), "\(missing.output)")
    #expect(try person.run("resume", "bi").status == 0)
    #expect(received.wait { $0.count == 6 })
    let listed = try person.run("replays").output.split(separator: "\n")
    #expect(listed.count == 3 && listed[1].contains("2") && listed[2].contains("cancelled"))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }
}
