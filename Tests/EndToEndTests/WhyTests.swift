import Foundation
import RelayCore
import RelayHarness
import RelayTools
import Testing

/// "Why did this service not get this event?": each answer, asked of the running relay.
@Suite struct WhyTests {
  @Test func eventSaysForEachDestinationWhetherItGotItOrWhyNot() async throws {
    let (healthy, strict) = (Received(), Received())
    let healthySink = Sink(settings: SinkSettings(listen: anyPort())) { healthy.note($0) }
    let strictSink = Sink(settings: SinkSettings(listen: anyPort(), status: 422)) { strict.note($0) }
    let closed = Sink(settings: SinkSettings(listen: anyPort())) { _ in }
    let closedAddress = try await closed.start()
    await closed.stop()
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations:
        crm: { url: "http://\(try await healthySink.start())/" }
        strict: { url: "http://\(try await strictSink.start())/" }
        down: { url: "http://\(closedAddress)/", circuit: { failures: 1, probe_every: 1h } }
        asleep: { url: "http://\(closedAddress)/", paused: true }
        small: { url: "http://\(closedAddress)/", paused: true, max_backlog: 1KiB }
        ordered: { url: "http://\(closedAddress)/", order_by: destination, retry: { initial: 1h, max_delay: 1h } }
      routes:
        - { name: noise, match: { event: noise }, drop: true }
        - { name: sales, match: { event: sale }, to: [crm, strict] }
        - { name: outages, match: { event: outage }, to: down }
        - { name: sleepers, match: { event: sleeper }, to: asleep }
        - { name: smalls, match: { event: small }, to: small }
        - { name: ordered, match: { event: ordered }, to: ordered }
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    func send(_ type: String, _ number: Int = 1) throws -> String {
      let answer = try post(envelope((type, #""id":\#(number)"#)), to: url + "/huggy")
      #expect(answer.status == 200)
      return try #require(try eventIDs(answer).first)
    }
    func why(_ id: String) throws -> String {
      let said = try person.run("event", id)
      #expect(said.status == 0, "\(said.errors)")
      return said.output
    }

    #expect(try why(send("noise")).contains("dropped by the route noise"))
    #expect(try why(send("nobody")).contains("no route matched it"))

    let sale = try send("sale")
    #expect(healthy.wait { !$0.isEmpty })
    #expect(relay.waitForLine(containing: "dead letter", "strict") != nil)
    // The attempts have ended; what they came to is with the disk.
    let sold = try await eventually {
      try why(sale)
    } until: {
      $0.contains("delivered") && $0.contains("given up")
    }
    #expect(sold.contains("routes that matched: sales"))
    #expect(sold.contains("on attempt 1: status 200"))
    #expect(sold.contains("(permanent)"))
    #expect(sold.contains("attempt 1 at") && sold.contains("status 422"))

    let outage = try send("outage")
    #expect(relay.waitForLine(containing: "circuit open", "down") != nil)
    let failing = try await eventually {
      try why(outage)
    } until: {
      $0.contains("after 1 attempt")
    }
    #expect(failing.contains("down is failing since"))
    #expect(failing.contains("connection refused"))

    #expect(try why(send("sleeper")).contains("asleep is paused by"))
    _ = try send("small")
    #expect(try why(send("small", 2)).contains("small was over its max_backlog"))

    _ = try send("ordered")
    #expect(relay.waitForLine(containing: "attempt failed", "ordered") != nil)
    #expect(try why(send("ordered", 2)).contains("comes before it: ordered gets this order key in order"))

    let discarded = try person.run("discard", "--destination", "asleep", "--state", "pending")
    #expect(discarded.status == 0, "\(discarded.errors)")
    let sleeper = try #require(
      try person.get("/api/v1/deliveries?destination=asleep&state=discarded").firstMatch(of: /evt_[0-9a-f-]+/)
    )
    #expect(try why(String(sleeper.output)).contains("by a person"))

    let unknown = try person.run("event", "evt_00000000-0000-7000-8000-000000000000")
    #expect(unknown.status == 1)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await healthySink.stop()
    await strictSink.stop()
  }

  @Test func anOrphanedDeliveryIsKeptAndShownAndGoesOutWhenItsDestinationIsBack() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    func yaml(_ destinations: String, _ to: String, paused: Bool = false) -> String {
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { other: { url: "http://\(address)/" }\(destinations) }
      routes: [{ name: all, to: \(to) }]
      """
    }
    let setting = try Setting(yaml(#", crm: { url: "http://\#(address)/crm", paused: true }"#, "crm"))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    let id = try #require(
      try eventIDs(try post(envelope(("createdChat", #""id":1"#)), to: url + "/huggy")).first)
    try setting.rewrite(yaml("", "other"))
    #expect(try person.run("reload").status == 0)
    let orphan = try #require(try person.destination("crm"))
    #expect(orphan.orphaned)
    #expect(orphan.pending == 1)
    #expect(try person.run("event", id).output.contains("crm"))
    try setting.rewrite(yaml(#", crm: { url: "http://\#(address)/crm" }"#, "other"))
    #expect(try person.run("reload").status == 0)
    #expect(received.wait { $0.contains { $0.path == "/crm" && $0.webhookID == id } })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }
}

/// Asks again until the answer is the one that is waited for, for at most half a minute; then the last one.
func eventually<Value>(_ ask: () throws -> Value, until isEnough: (Value) -> Bool) async throws -> Value {
  let end = ContinuousClock.now.advanced(by: .seconds(30))
  while true {
    let value = try ask()
    if isEnough(value) || ContinuousClock.now > end { return value }
    await Task.yield()
  }
}
