import Foundation
import RelayCore
import RelayHarness
import RelaySQLite
import RelayThreads
import RelayTools
import Testing

/// What an operator does to a running relay, and what survives a restart.
@Suite struct OperationTests {
  @Test func aPauseLastsOverARestartAndQueueingGoesOn() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(try await sink.start())/" } }
      routes: [{ name: all, to: crm }]
      """)
    var relay = try setting.start()
    #expect(try #require(Operator(relay)).run("pause", "crm").status == 0)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)

    relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    #expect(try person.destination("crm")?.paused == true)
    #expect(try post(envelope(("a", #""id":1"#)), to: url + "/huggy").status == 200)
    #expect(try person.destination("crm")?.pending == 1)
    #expect(try person.metric(#"huggy_relay_paused{destination="crm"}"#) == 1)
    #expect(received.all.isEmpty)
    #expect(try person.run("resume", "crm").status == 0)
    #expect(received.wait { $0.count == 1 })
    let unknown = try person.run("pause", "crn")
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("crm"))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  @Test func deadLettersSurviveAKillAndARetryDeliversThemWithTheAttemptCountedOn() async throws {
    let (refusing, taking) = (Received(), Received())
    let refusingSink = Sink(settings: SinkSettings(listen: anyPort(), status: 410)) { refusing.note($0) }
    let takingSink = Sink(settings: SinkSettings(listen: anyPort())) { taking.note($0) }
    func yaml(_ address: ListenAddress) -> String {
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(address)/" } }
      routes: [{ name: all, to: crm }]
      """
    }
    let setting = try Setting(yaml(try await refusingSink.start()))
    var relay = try setting.start()
    var person = try #require(Operator(relay))
    let url = try #require(relay.ingestURL())
    _ = try post(envelope(("a", #""id":1"#), ("b", #""id":2"#)), to: url + "/huggy")
    _ = try await eventually {
      try person.destination("crm")?.dead
    } until: {
      $0 == 2
    }
    relay.send(signal: SIGKILL)
    _ = relay.waitForExit()

    try setting.rewrite(yaml(try await takingSink.start()))
    relay = try setting.start()
    person = try #require(Operator(relay))
    #expect(try person.destination("crm")?.dead == 2)
    #expect(try person.run("deliveries", "--state", "dead").output.contains("permanent"))
    #expect(try person.run("retry").status == 64)
    let retried = try person.run("retry", "--destination", "crm", "--type", "a")
    #expect(retried.status == 0, "\(retried.errors)")
    #expect(taking.wait { $0.count == 1 })
    #expect(taking.all.first?.attempt == 2)
    #expect(taking.all.first?.eventType == "a")
    #expect(
      try await eventually {
        try person.destination("crm")?.delivered
      } until: {
        $0 == 1
      } == 1)
    #expect(try person.destination("crm")?.dead == 1)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await refusingSink.stop()
    await takingSink.stop()
  }

  @Test func anEventIsFoundByWhatItIsWhatItHoldsAndWhatBecameOfIt() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(try await sink.start())/" } }
      routes: [{ name: noise, match: { event: b }, drop: true }, { name: some, match: { event: a }, to: crm }]
      """)
    let relay = try setting.start()
    let person = try #require(Operator(relay))
    let url = try #require(relay.ingestURL())
    let answer = try post(
      envelope(
        ("a", #""customer":{"mobile":"5575999"},"name":"Jo\u00e3o""#), ("b", #""id":2"#), ("c", #""id":3"#)),
      to: url + "/huggy")
    let ids = try eventIDs(answer)
    #expect(received.wait { $0.count == 1 })
    func found(_ conditions: String...) throws -> [String] {
      let lines = try Setting.run(["events", "--jsonl", "--admin", person.admin] + conditions).output
      return ids.filter { lines.contains($0) }
    }
    #expect(try found() == ids)
    #expect(try found("--text", "joÃO") == [ids[0]])
    #expect(try found("--text", "customer.mobile=5575*") == [ids[0]])
    #expect(try found("--type", "B,c") == [ids[1], ids[2]])
    #expect(try found("--outcome", "dropped") == [ids[1]])
    #expect(try found("--outcome", "unrouted") == [ids[2]])
    #expect(try found("--destination", "crm", "--route", "s*") == [ids[0]])
    let list = try person.run("events", "--type", "b")
    #expect(list.output.contains("dropped by noise"))
    #expect(try person.run("events", ids[1]).output.contains("dropped by the route noise"))
    let counts = try person.run("events", "--count-by", "type").output
    #expect(counts.hasSuffix("3 events in all\n"), "\(counts)")
    let none = try person.run("events", "--chat", "77")
    #expect(none.status == 0 && none.output.isEmpty && none.errors.contains("no event matches"))
    #expect(try person.run("events", "--outcome", "ded").status == 64)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  @Test func eachChatArrivesInOrderThoughTheReceiverFailsAndTheRelayIsKilled() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort(), failRate: 0.3, seed: 3)) { received.note($0) }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      destinations:
        crm:
          url: "http://\(try await sink.start())/"
          format: event
          order_by: chat
          retry: { initial: 10ms, max_delay: 20ms }
          circuit: { probe_every: 100ms }
      routes: [{ name: all, to: crm }]
      """)
    let (chats, perChat) = (5, 20)
    for round in 0..<2 {
      let relay = try setting.start()
      let url = try #require(relay.ingestURL())
      for place in 0..<perChat / 2 {
        let number = round * perChat / 2 + place
        let events = (0..<chats).map { #"{"n":\#(number),"chat":{"id":\#($0)}}"# }.joined(separator: ",")
        #expect(
          try post(Array(#"{"messages":{"m":[\#(events)]}}"#.utf8), to: url + "/huggy").status == 200)
      }
      if round == 0 {
        relay.send(signal: SIGKILL)
      } else {
        #expect(
          received.wait { requests in
            Set(requests.filter { $0.answeredStatus == 200 }.map(\.webhookID)).count == chats * perChat
          })
        relay.send(signal: SIGTERM)
      }
      _ = relay.waitForExit()
    }
    // A killed relay may repeat what it had sent; but never go on to the next before.
    for chat in 0..<chats {
      let numbers = received.accepted.filter { $0.chat == "\(chat)" }.compactMap { Self.number(in: $0.body) }
      let firsts = numbers.reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
      #expect(firsts == Array(0..<perChat))
    }
    await sink.stop()
  }

  private static func number(in body: [UInt8]) -> Int? {
    String(decoding: body, as: UTF8.self).firstMatch(of: /"n":(\d+)/).flatMap { Int($0.1) }
  }

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

  @Test func aBackupOfARunningRelayIsRestoredAndItsPendingDeliveriesGoOut() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    func yaml(paused: Bool) -> String {
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(address)/", paused: \(paused) } }
      routes: [{ name: all, to: crm }]
      """
    }
    let setting = try Setting(yaml(paused: true))
    var relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    var accepted: [String] = []
    for number in 1...3 { accepted += try answer(to: envelope(("a", "\"id\":\(number)")), at: url).events }
    let file = setting.folder.path + "/copy.db"
    let others = try setting.folder.write("of another run", to: "copy.db.part")
    let made = try person.run("store", "backup", file)
    #expect(made.status == 0, "\(made.errors)")
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let again = try person.run("store", "backup", file)
    #expect(again.status == 1 && again.errors.contains("exists"))
    let told = try person.run("store", "backup", file, "--json")
    #expect(told.errors.hasPrefix(#"{"error":{"code":"file_exists","message":""#))
    #expect(try String(contentsOfFile: others, encoding: .utf8) == "of another run")
    // After the copy: not in it.
    _ = try answer(to: envelope(("a", #""id":4"#)), at: url)
    relay.send(signal: SIGKILL)
    _ = relay.waitForExit()

    // Beside the log that the killed one has left: refused, with the log's name.
    let store = setting.database
    try FileManager.default.removeItem(atPath: store)
    try FileManager.default.copyItem(atPath: file, toPath: store)
    relay = try setting.start()
    #expect(relay.waitForExit() == 1)
    #expect(relay.waitForLine(containing: "relay.db-wal", "restored") != nil)

    for suffix in ["-wal", "-shm"] { try FileManager.default.removeItem(atPath: store + suffix) }
    try setting.rewrite(yaml(paused: false))
    relay = try setting.start()
    #expect(received.wait { $0.count == 3 })
    #expect(Set(received.all.compactMap(\.webhookID)) == Set(accepted))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  /// A proxy's login page, as one may stand where the relay is thought to be.
  @Test func whatAnswersButIsNoRelayGivesNoBackup() async throws {
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { _ in }
    let address = try await sink.start()
    let folder = try TemporaryFolder()
    let file = folder.path + "/copy.db"
    for (json, start) in [
      (false, "http://\(address): what answered sent no copy"), (true, #"{"error":{"code""#),
    ] {
      let made = try Setting.run(
        ["store", "backup", file, "--admin", "http://\(address)"] + (json ? ["--json"] : []))
      #expect(made.status == 69 && made.output == "")
      #expect(made.errors.hasPrefix(start), "\(made.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    await sink.stop()
  }

  @Test func aRelayThatBeginsPausedQueuesUntilEachDestinationIsResumed() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(address)/crm" }, bi: { url: "http://\(address)/bi" } }
      routes: [{ name: all, to: [crm, bi] }]
      """)
    var relay = try setting.start("--paused")
    var person = try #require(Operator(relay))
    var url = try #require(relay.ingestURL())
    _ = try answer(to: envelope(("a", #""id":1"#)), at: url)
    #expect(try person.status().destinations.allSatisfy { $0.paused && $0.pending == 1 })
    #expect(try person.run("resume", "crm").status == 0)
    #expect(received.wait { $0.count == 1 })
    #expect(received.all.map(\.path) == ["/crm"])

    // A restart without it changes nothing of what is paused.
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    relay = try setting.start()
    person = try #require(Operator(relay))
    url = try #require(relay.ingestURL())
    _ = try answer(to: envelope(("a", #""id":2"#)), at: url)
    #expect(received.wait { $0.count == 2 })
    #expect(received.all.map(\.path) == ["/crm", "/crm"])
    #expect(try person.destination("bi")?.pending == 2)
    #expect(try person.run("resume", "bi").status == 0)
    #expect(received.wait { $0.count == 4 })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  private struct Receipt: Decodable {
    var accepted: Int
    var deliveries: Int
    var unrouted: Int
    var duplicate: Bool
    var events: [String]
    var rerouted: [String]?
  }

  private func answer(to body: [UInt8], at url: String) throws -> Receipt {
    let answer = try post(body, to: url + "/huggy")
    #expect(answer.status == 200)
    return try JSONDecoder().decode(Receipt.self, from: Data(answer.body))
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
