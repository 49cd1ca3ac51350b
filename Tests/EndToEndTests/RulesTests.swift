import Foundation
import RelayHarness
import RelayTools
import Testing

/// New rules, tried on a running relay before they are switched on.
@Suite struct RulesTests {
  private static func yaml(_ address: String, routes: String, more: String = "") -> String {
    """
    server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0"\(more) }
    sources: { huggy: { company: "7" } }
    destinations:
      crm: { url: "http://\(address)/crm", auth: { bearer: t0psecret } }
      bi: { url: "http://\(address)/bi" }
    routes:
    \(routes)
    """
  }

  private struct Backtest: Decodable {
    struct Destination: Decodable {
      var name: String
      var gained: Int
      var lost: Int
    }

    struct Example: Decodable {
      var change: String
      var destination: String
      var event: String
      var because: String
    }

    var events: Int
    var destinations: [Destination]
    var examples: [Example]
  }

  @Test func aBacktestSaysWhatAReloadThenDoes() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = "\(try await sink.start())"
    let old = "  - { name: chats, match: { event: \"*Chat\" }, to: crm }"
    let new = "  - { name: chats, match: { event: \"*Chat\", company: [\"8\"] }, to: [crm, bi] }"
    let setting = try Setting(Self.yaml(address, routes: old))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    let body = envelope(("createdChat", #""id":1"#), ("closedChat", #""companyID":8"#), ("other", #""id":3"#))
    let ids = try eventIDs(try post(body, to: url + "/huggy"))
    #expect(received.wait { $0.count == 2 })

    let other = try setting.folder.write(Self.yaml(address, routes: new, more: ", drain: 5s"), to: "new.yaml")
    let tried = try person.run("backtest", "--config", other, "--json", "--fail-on-loss")
    #expect(tried.status == 1, "\(tried.errors)")
    let answer = try Self.decode(tried.output)
    #expect(answer.events == 3)
    #expect(answer.destinations.map { "\($0.name) +\($0.gained) -\($0.lost)" } == ["crm +0 -1", "bi +1 -0"])
    let lost = try #require(answer.examples.first { $0.change == "lost" })
    #expect(lost.event == ids[0] && lost.because.contains("wants company: 8; saw 7"))
    #expect(answer.examples.first { $0.change == "gained" }?.event == ids[1])

    let text = try person.run("backtest", "--config", other, "--type", "closedChat", "--fail-on-loss")
    #expect(text.status == 0 && text.output.contains("1 event looked at"), "\(text.output)\(text.errors)")

    let difference = try person.run("config", "diff", other)
    #expect(difference.output.contains("~ server.drain: 20s → 5s (after a restart)"), "\(difference.output)")
    #expect(difference.output.contains("+ routes.chats.match.company: \"8\""), "\(difference.output)")

    // The relay's own file, as a reload would take it.
    try setting.rewrite(Self.yaml(address, routes: new))
    #expect(try Self.decode(person.run("backtest", "--json").output).destinations.map(\.gained) == [0, 1])
    let before = try person.run("explain", ids[0])
    #expect(before.output.contains("✓ chats") && before.output.contains("→ crm"), "\(before.output)")
    let after = try person.run("explain", ids[0], "--config", other)
    #expect(after.output.contains("no: wants company: 8; saw 7"), "\(after.output)")
    #expect(after.output.contains("not as when it came"), "\(after.output)")

    #expect(try person.run("reload").status == 0)
    #expect(
      try Self.decode(person.run("backtest", "--json").output).destinations.allSatisfy {
        $0.gained + $0.lost == 0
      })
    let again = try eventIDs(try post(body + Array(" ".utf8), to: url + "/huggy"))
    #expect(again.count == 3)
    #expect(received.wait { $0.count == 4 })
    #expect(Set(received.all.suffix(2).map(\.path)) == ["/crm", "/bi"])
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  private static func decode(_ text: String) throws -> Backtest {
    try JSONDecoder().decode(Backtest.self, from: Data(text.utf8))
  }

  /// Broken by a command that shows the first answer alone.
  @Test func aBacktestOfMoreEventsThanAnAnswerLooksAtIsAddedUp() throws {
    let setting = try Setting(Self.yaml("127.0.0.1:9", routes: "  []"))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    for part in 1...3 {
      let events = (0..<7_500).map { #"{"id":\#(part * 10_000 + $0)}"# }.joined(separator: ",")
      let answer = try post(Array(#"{"messages":{"other":[\#(events)]}}"#.utf8), to: url + "/huggy")
      #expect(answer.status == 200)
    }
    #expect(try Self.decode(person.run("backtest", "--json").output).events == 22_500)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func aWrongConfigurationIsToldWithItsLinesAndNothingIsTried() throws {
    let setting = try Setting(Self.yaml("127.0.0.1:9", routes: "  []"))
    let wrong = try setting.folder.write("sources: { huggy: { tokn: x } }", to: "wrong.yaml")
    for command in [["backtest", "--config", wrong], ["config", "diff", wrong]] {
      let refused = try Setting.run(command + ["--admin", "http://127.0.0.1:9"])
      #expect(refused.status == 78)
      #expect(refused.errors.hasPrefix("\(wrong):1:"), "\(refused.errors)")
    }
  }

  @Test func whatIsHandedInReadsNeitherTheEnvironmentNorFiles() throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://127.0.0.1:9/", auth: { bearer: one } } }
      routes: [{ name: all, to: crm }]
      """)
    let relay = try setting.start()
    let person = try #require(Operator(relay))
    let handed = try setting.folder.write(
      """
      sources: { huggy: {} }
      destinations: { crm: { url: "http://127.0.0.1:9/", auth: { bearer: "${file:/etc/hostname}" } } }
      routes: [{ name: all, to: crm, match: { company: "${HOME}" } }]
      """, to: "handed.yaml")
    let difference = try person.run("config", "diff", handed)
    #expect(
      difference.status == 0 && difference.output.contains("destinations.crm.auth.bearer"), "\(difference)")
    #expect(difference.output.contains(#"${HOME}"#))
    let refused = try person.run("backtest", "--config", handed)
    #expect(refused.status == 78 && refused.errors.contains("routes.all.match.company: holds a reference"))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func aConfigurationIsShownWholeAndWithoutSecrets() throws {
    let setting = try Setting(Self.yaml("127.0.0.1:9", routes: "  []"))
    let shown = try Setting.run(["config", "show", "--config", setting.configuration])
    #expect(shown.status == 0)
    #expect(shown.output.contains("timeout: 10s # default") && !shown.output.contains("t0psecret"))
    let again = try setting.folder.write(shown.output, to: "again.yaml")
    #expect(try Setting.run(["check", again]).status == 0)
    let wrong = try setting.folder.write(
      "server: { drain: 3s, max_body: 5 }\nsources: { huggy: {} }", to: "w.yaml")
    let partly = try Setting.run(["config", "show", "--config", wrong])
    #expect(partly.status == 78 && partly.output.contains("drain: 3s"), "\(partly)")
    #expect(partly.errors.contains("server.max_body"))
    #expect(try Setting.run(["config", "schema"]).output.contains("2020-12/schema"))
  }
}
