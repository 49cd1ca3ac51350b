import Foundation
import RelayCore
import RelayHarness
import RelayThreads
import RelayTools
import Testing

/// A running relay takes another configuration.
@Suite struct ReloadTests {
  @Test func aReloadUnderLoadLosesNothingAndAWrongFileChangesNothing() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    func yaml(_ number: Int) -> String {
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(address)/\(number)", concurrency: \(number + 1) } }
      routes: [{ name: all-\(number), to: crm }]
      """
    }
    let setting = try Setting(yaml(0))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    let simulator = Simulator(
      settings: SimulatorSettings(
        url: url + "/huggy", ratePerSecond: .infinity, count: 300, seed: 5, concurrency: 2,
        timeout: .seconds(30)))
    let report = Monitor<SimulatorReport?>(nil)
    let load = WorkerThread(name: "load") {
      let finished = simulator.run()
      report.update { $0 = finished }
    }
    for number in 1...6 {
      let before = try person.status().config.hash
      let isWrong = number % 2 == 0
      try setting.rewrite(yaml(number) + (isWrong ? "\nnonsense: 1\n" : ""))
      let said = try person.run("reload")
      #expect(said.status == (isWrong ? 78 : 0))
      #expect(said.errors.contains("nonsense") == isWrong)
      #expect((try person.status().config.hash == before) == isWrong)
      #expect(try person.metric("huggy_relay_config_last_reload_successful") == (isWrong ? 0 : 1))
    }
    load.join()
    let sent = try #require(report.update { $0 })
    #expect(sent.accepted == sent.sent)
    relay.send(signal: SIGHUP)
    #expect(relay.waitForLine(containing: "reload failed", "nonsense") != nil)
    let accepted = sent.acceptedEvents
    #expect(received.wait { Set($0.compactMap(\.webhookID)).count == accepted })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  @Test func whatDoesNotLookAtCertificatesIsWarnedOfAtTheStartAndAtEachReload() throws {
    let yaml = """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: { token: t } }
      defaults: { tls: { verify: false } }
      destinations: { crm: { url: "https://127.0.0.1:9/" } }
      """
    let setting = try Setting(yaml)
    let relay = try setting.start()
    let person = try #require(Operator(relay))
    let message = "defaults.tls.verify: whoever answers is believed to be the destination"
    #expect(relay.waitForLine(containing: "routes.yaml:3:28", message, #""level":"warning""#) != nil)
    for line in 4...5 {
      // Another line each time, so that it is known which one is meant.
      try setting.rewrite(String(repeating: "\n", count: line - 3) + yaml)
      let said = try person.run("reload")
      #expect(said.status == 0 && said.errors.contains(message))
      #expect(relay.waitForLine(containing: "routes.yaml:\(line):28", message, #""level":"warning""#) != nil)
    }
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func anEnvelopeThatWentNowhereGoesOutWhenItComesAgainAfterItsRulesWereMended() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    func yaml(_ event: String) -> String {
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(address)/" } }
      routes: [{ name: some, match: { event: [first, \(event)] }, to: crm }]
      """
    }
    let setting = try Setting(yaml("nothing"))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    let body = envelope(("first", #""id":1"#), ("second", #""id":2"#))
    let accepted = try answer(to: body, at: url)
    #expect(accepted.deliveries == 1 && accepted.unrouted == 1 && accepted.rerouted == nil)
    try setting.rewrite(yaml("second"))
    #expect(try person.run("reload").status == 0)
    let again = try answer(to: body, at: url)
    #expect(again.duplicate && again.accepted == 0 && again.deliveries == 1)
    #expect(again.events == accepted.events)
    #expect(again.rerouted == [accepted.events[1]])
    #expect(received.wait { $0.count == 2 })
    #expect(received.all.compactMap(\.webhookID) == accepted.events)
    let last = try answer(to: body, at: url)
    #expect(last.duplicate && last.deliveries == 0 && last.rerouted == nil)
    // It was told once of the first event, and once of the second.
    #expect(try person.metric(#"huggy_relay_route_matches_total{route="some"}"#) == 2)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  @Test func anotherListenAddressIsListenedOnWithoutARestart() async throws {
    let first = Sink(settings: SinkSettings(listen: anyPortOfOwnHost())) { _ in }
    // A port that is free now.
    let free = try await first.start()
    await first.stop()
    let setting = try Setting(
      """
      server: { listen: "\(anyPortOfOwnHost())", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      """)
    let relay = try setting.start()
    let old = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    try setting.rewrite(
      """
      server: { listen: "\(free)", admin: "127.0.0.1:0", drain: 5s }
      sources: { huggy: {}, second: {} }
      """)
    let said = try person.run("reload")
    #expect(said.status == 0, "\(said.errors)")
    #expect((said.output + said.errors).contains("server.drain"))
    #expect(try post(envelope(("a", #""id":1"#)), to: "http://\(free)/second").status == 200)
    #expect(throws: (any Error).self) { try post(envelope(("a", #""id":2"#)), to: old + "/huggy") }
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }
}
