import Foundation
import RelayCore
import RelayHarness
import RelayTools
import Testing

/// "Why did this service not get this event?": each answer, asked of the running relay.
@Suite struct WhyTests {
  /// A running relay, and the person who asks it. `event X` goes where the routes say.
  private struct Bench {
    let setting: Setting
    let relay: RelayProcess
    let url: String
    let person: Operator

    init(destinations: String = "", routes: String) throws {
      setting = try Setting(
        """
        server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
        sources: { huggy: {} }
        destinations: { \(destinations) }
        routes: [\(routes)]
        """)
      relay = try setting.start()
      url = try #require(relay.ingestURL())
      person = try #require(Operator(relay))
    }

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

    func stop() {
      relay.send(signal: SIGTERM)
      #expect(relay.waitForExit() == 0)
    }
  }

  /// Where nothing listens.
  private func closedAddress() async throws -> ListenAddress {
    let closed = Sink(settings: SinkSettings(listen: anyPortOfOwnHost())) { _ in }
    let address = try await closed.start()
    await closed.stop()
    return address
  }

  @Test func whatWentNowhereSaysWhichRouteDroppedItOrThatNoneMatched() throws {
    let bench = try Bench(routes: "{ name: noise, match: { event: noise }, drop: true }")
    #expect(try bench.why(bench.send("noise")).contains("dropped by the route noise"))
    #expect(try bench.why(bench.send("nobody")).contains("no route matched it"))
    bench.stop()
  }

  @Test func whatEndedSaysOnWhichAttemptAndWithWhatAnswer() async throws {
    let (healthy, strict) = (Received(), Received())
    let healthySink = Sink(settings: SinkSettings(listen: anyPort())) { healthy.note($0) }
    let strictSink = Sink(settings: SinkSettings(listen: anyPort(), status: 422)) { strict.note($0) }
    let (crm, other) = (try await healthySink.start(), try await strictSink.start())
    let bench = try Bench(
      destinations: #"crm: { url: "http://\#(crm)/" }, strict: { url: "http://\#(other)/" }"#,
      routes: "{ name: sales, match: { event: sale }, to: [crm, strict] }")
    let sale = try bench.send("sale")
    #expect(healthy.wait { !$0.isEmpty })
    #expect(bench.relay.waitForLine(containing: "dead letter", "strict") != nil)
    // The attempts have ended; what they came to is with the disk.
    let sold = try await eventually {
      try bench.why(sale)
    } until: {
      $0.contains("delivered") && $0.contains("given up")
    }
    #expect(sold.contains("routes that matched: sales"))
    #expect(sold.contains("on attempt 1: status 200"))
    #expect(sold.contains("(permanent)"))
    #expect(sold.contains("attempt 1 at") && sold.contains("status 422"))
    bench.stop()
    await healthySink.stop()
    await strictSink.stop()
  }

  @Test func aDestinationThatFailsIsNamedWithWhatItFailsBy() async throws {
    let bench = try Bench(
      destinations:
        #"down: { url: "http://\#(try await closedAddress())/", circuit: { failures: 1, probe_every: 1h } }"#,
      routes: "{ name: outages, to: down }")
    let outage = try bench.send("outage")
    #expect(bench.relay.waitForLine(containing: "circuit open", "down") != nil)
    let failing = try await eventually {
      try bench.why(outage)
    } until: {
      $0.contains("after 1 attempt")
    }
    #expect(failing.contains("down is failing since"))
    #expect(failing.contains("connection refused"))
    bench.stop()
  }

  @Test func aPausedDestinationIsNamedAndWhoDiscardedToo() async throws {
    let bench = try Bench(
      destinations: #"asleep: { url: "http://\#(try await closedAddress())/", paused: true }"#,
      routes: "{ name: sleepers, to: asleep }")
    let sleeper = try bench.send("sleeper")
    #expect(try bench.why(sleeper).contains("asleep is paused by"))
    let discarded = try bench.person.run("discard", "--destination", "asleep", "--state", "pending")
    #expect(discarded.status == 0, "\(discarded.errors)")
    #expect(try bench.why(sleeper).contains("by a person"))
    #expect(
      try bench.person.get("/api/v1/deliveries?destination=asleep&state=discarded").contains(sleeper))
    bench.stop()
  }

  @Test func whatCameOverTheBacklogSaysSo() async throws {
    let bench = try Bench(
      destinations:
        #"small: { url: "http://\#(try await closedAddress())/", paused: true, max_backlog: 1KiB }"#,
      routes: "{ name: smalls, to: small }")
    _ = try bench.send("small")
    #expect(try bench.why(bench.send("small", 2)).contains("small was over its max_backlog"))
    bench.stop()
  }

  @Test func whatWaitsForItsOrderSaysSo() async throws {
    let address = try await closedAddress()
    let bench = try Bench(
      destinations: #"""
        ordered: { url: "http://\#(address)/", order_by: destination, retry: { initial: 1h, max_delay: 1h } }
        """#,
      routes: "{ name: ordered, to: ordered }")
    _ = try bench.send("ordered")
    #expect(bench.relay.waitForLine(containing: "attempt failed", "ordered") != nil)
    #expect(
      try bench.why(bench.send("ordered", 2)).contains(
        "comes before it: ordered gets this order key in order"))
    bench.stop()
  }

  @Test func anEventThatTheStoreDoesNotHaveIsAnError() throws {
    let bench = try Bench(routes: "{ name: noise, drop: true }")
    let unknown = try bench.person.run("event", "evt_00000000-0000-7000-8000-000000000000")
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("the store has no event"))
    bench.stop()
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
