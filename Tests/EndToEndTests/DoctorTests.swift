import Foundation
import RelayAdmin
import RelayCore
import RelayHarness
import RelayTools
import Testing

@testable import huggy_relay

/// What `doctor` says of a running relay and of its service.
@Suite struct DoctorTests {
  private func found(_ findings: [Finding], _ subject: String) -> [String] {
    findings.filter { $0.subject == subject }.map { "\($0.level) \($0.message)" }
  }

  /// The answer of a real relay, and what it would be in all kinds of trouble.
  @Test func whateverARelaySaysThatNeedsSomebodyIsFound() throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: { token: learn } }
      destinations: { crm: { url: "http://127.0.0.1:9/" } }
      notify: { ops: { url: "http://127.0.0.1:9/" } }
      routes: [{ name: all, to: crm }]
      """)
    let relay = try setting.start()
    let json = try #require(Operator(relay)).get("/api/v1/status")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    let well = try AnswerDecoder.decode(StatusAnswer.self, from: Array(json.utf8))
    var configuration = Configuration()
    configuration.hash = well.config.hash
    func findings(_ change: (inout StatusAnswer) -> Void) -> [Finding] {
      var status = well
      change(&status)
      return RelayHealth.findings(status, configuration: configuration)
    }
    let healthy = findings { _ in }
    #expect(healthy.filter { $0.level != .ok }.map(\.subject) == ["source huggy"])
    #expect(found(healthy, "source huggy") == ["warn it knows no token yet: everybody is refused"])
    for (offset, text) in [(31.0, "ahead of"), (-31.0, "behind")] {
      let late = found(findings { $0.clockOffsetSeconds = offset }, "clock")
      #expect(late == ["warn it is 31 s \(text) the destinations'"])
    }
    #expect(found(findings { $0.clockOffsetSeconds = 30 }, "clock") == [])
    #expect(found(findings { $0.config.hash = "another" }, "reload").first?.hasPrefix("warn ") == true)
    #expect(
      found(findings { $0.config.reloadErrors = ["routes.yaml:3: no"] }, "reload")
        == ["fail the last one changed nothing: routes.yaml:3: no"])
    #expect(
      found(findings { $0.store.refusal = "the disk is full" }, "store")
        == ["fail no envelopes are taken: the disk is full"])
    func queue(_ change: (inout DestinationAnswer) -> Void) -> [String] {
      found(findings { change(&$0.destinations[0]) }, "queue of crm")
    }
    #expect(
      queue { ($0.circuit, $0.pending) = ("open", 3) } == ["warn failing: no attempt succeeds; 3 pending"])
    #expect(queue { $0.dead = 2 } == ["warn 2 dead"])
    #expect(queue { $0.paused = true } == ["warn paused; 0 pending"])
    #expect(queue { $0.orphaned = true } == ["warn no longer configured, and still owed something"])
    #expect(queue { $0.pending = 5 } == [], "it works on it")
    func nodes(_ unserved: String, differ: Bool) throws -> [String] {
      let json = #"{"shared":true,"nodes":[],"unserved":[\#(unserved)],"configurations_differ":\#(differ)}"#
      let answer = try AnswerDecoder.decode(NodesAnswer.self, from: Array(json.utf8))
      return found(findings { $0.nodes = answer }, "nodes")
    }
    #expect(try nodes("", differ: false) == ["ok 0 relays share the store"])
    #expect(try nodes(#""crm""#, differ: false) == ["warn 0 relays share the store, and none serves crm"])
    #expect(
      try nodes("", differ: true)
        == ["fail 0 relays share the store, and they have different configurations"])
    let since = Timestamp(microseconds: 1_700_000_000_000_000)
    let failing = findings {
      ($0.notify[0].failingSince, $0.notify[0].lastFailure) = (since, "status 404")
      $0.notify[0].waiting = 2
    }
    #expect(
      found(failing, "notify ops")
        == ["warn it has taken nothing since \(since): status 404; 2 waiting"])
    #expect(
      found(findings { $0.version = "0.0.1" }, "version").first?.hasPrefix("warn the relay is 0.0.1") == true)
  }

  @Test func aServiceThatIsNotRestartedOrNotWatchedIsWarnedOf() {
    let unit = "huggy-relay.service"
    let good = ["LoadState": "loaded", "ActiveState": "active", "WatchdogUSec": "30s", "Restart": "always"]
    func levels(_ change: (inout [String: String]) -> Void) -> [Finding.Level] {
      var properties = good
      change(&properties)
      return ServiceCheck.findings(properties, unit: unit).map(\.level)
    }
    #expect(levels { _ in } == [.ok])
    #expect(levels { $0["Restart"] = "no" } == [.ok, .warn])
    #expect(levels { $0["WatchdogUSec"] = "0" } == [.ok, .warn])
    #expect(levels { $0["WatchdogUSec"] = nil } == [.ok, .warn])
    #expect(levels { $0["ActiveState"] = "failed" } == [.warn])
    #expect(levels { $0["LoadState"] = "not-found" } == [.ok], "there is none")
  }
}
