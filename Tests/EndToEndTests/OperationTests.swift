import Foundation
import RelayCore
import RelayHarness
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
}
