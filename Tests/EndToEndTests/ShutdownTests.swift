import Foundation
import RelayCore
import RelaySQLite
import RelayTools
import Testing

@Suite struct ShutdownTests {
  private func rules(listen: String, destination: ListenAddress) -> String {
    """
    server: { listen: "\(listen)", admin: off, drain: 1s }
    sources: { huggy: {} }
    destinations: { crm: { url: "http://\(destination)/", retry: { initial: 10ms, max_delay: 10ms } } }
    routes: [{ name: all, to: crm }]
    """
  }

  /// What it sent could not be recorded, and each start would send it again.
  @Test func aRelayThatCanNotListenSendsNothingAndSaysWhy() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    await sink.stop()
    let setting = try Setting(rules(listen: "127.0.0.1:0", destination: address))
    let first = try setting.start()
    let url = try #require(first.ingestURL())
    _ = try post(Fixtures.envelope("closed-chat.json"), to: url + "/huggy")
    first.send(signal: SIGKILL)
    #expect(first.waitForExit() == 128 + SIGKILL)

    // Now the destination is up, and stands on the very port that the relay is to listen on.
    try await sink.start()
    _ = try setting.folder.write(rules(listen: "\(address)", destination: address), to: "routes.yaml")
    let second = try setting.start()
    #expect(second.waitForExit() == 1)
    #expect(second.log.contains { $0.contains("can't listen") && $0.contains("\(address)") })
    #expect(received.all.isEmpty)
    #expect(try StoreReader(path: setting.database).pendingCount() == 1)
    await sink.stop()
  }

  @Test func anAttemptThatHangsHoldsAShutdownNoLongerThanTheDrainAndStaysPending() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort(), delay: .seconds(60))) { received.note($0) }
    let setting = try Setting(rules(listen: "127.0.0.1:0", destination: try await sink.start()))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    _ = try post(Fixtures.envelope("closed-chat.json"), to: url + "/huggy")
    #expect(received.wait { $0.count == 1 })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit(within: .seconds(20)) == 0)
    #expect(try StoreReader(path: setting.database).pendingCount() == 1)
    await sink.stop()
  }

  @Test func aHangupReadsTheConfigurationAgainAndDoesNotEndTheRelay() async throws {
    let setting = try Setting(
      rules(listen: "127.0.0.1:0", destination: ListenAddress(host: "127.0.0.1", port: 9)))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    relay.send(signal: SIGHUP)
    #expect(relay.waitForLine(containing: "reloaded: nothing has changed") != nil)
    #expect(try post(Array(#"{"messages":{}}"#.utf8), to: url + "/huggy").status == 200)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }
}
