import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct BacktestTallyTests {
  private static func configuration(_ routes: [Route]) -> Configuration {
    Configuration(
      destinations: ["x", "y", "z"].map { Destination(name: $0, url: Secret("http://\($0)/")) },
      routes: routes, hash: "h\(routes.count)")
  }

  private static func route(_ name: String, _ match: Match = Match(), to: String..., stop: Bool = false)
    -> Route
  {
    Route(name: name, match: match, action: .deliver(to: to), stop: stop)
  }

  private static func company(_ id: String) -> Match { Match(companies: [.text(WildcardPattern(id))]) }

  private func report(
    _ old: [Route], _ new: [Route], _ events: [EventRecord], examples: Int = 10
  ) -> BacktestReport {
    var tally = BacktestTally(
      running: Self.configuration(old), new: Self.configuration(new), examples: examples)
    for event in events { tally.add(event) }
    return tally.report
  }

  /// Each number is what a count by hand gives, for random rules and events.
  @Test func theNumbersAreThoseOfTheDecisions() throws {
    var random = RandomRouting(random: SplitMix64(seed: 3))
    for _ in 0..<40 {
      let (old, new) = (random.routes(), random.routes())
      let events = (1...20).map { number in
        let event = random.event()
        return EventRecord.made(number, type: event.type, body: event.body, company: event.company)
      }
      let report = report(old, new, events, examples: .max)
      let decided = events.map { event in
        (id: event.id, old: Self.targets(of: event, old), new: Self.targets(of: event, new))
      }
      #expect(report.counts.unchanged == decided.filter { Set($0.old) == Set($0.new) }.count)
      for destination in report.destinations {
        let name = destination.name
        #expect(destination.running == decided.filter { $0.old.contains(name) }.count)
        #expect(destination.new == decided.filter { $0.new.contains(name) }.count)
        let gained = decided.filter { $0.new.contains(name) && !$0.old.contains(name) }.map(\.id)
        let lost = decided.filter { $0.old.contains(name) && !$0.new.contains(name) }.map(\.id)
        #expect(destination.gained == gained.count && destination.lost == lost.count)
        #expect(
          gained == report.examples.filter { $0.kind == .gained && $0.destination == name }.map(\.event))
        #expect(lost == report.examples.filter { $0.kind == .lost && $0.destination == name }.map(\.event))
      }
    }
  }

  private static func targets(of event: EventRecord, _ routes: [Route]) -> [String] {
    var router = StoredEventRouter(RoutingTable(routes))
    return router.explain(event)?.decision.targets.map(\.destination) ?? []
  }

  @Test func eachExampleSaysWhatDecided() {
    let event = EventRecord.made(type: "createdChat", body: #"{"companyID":1}"#)
    func because(_ old: [Route], _ new: [Route]) -> [String] {
      report(old, new, [event]).examples.map {
        "\($0.kind) \($0.destination) by \($0.route): \($0.because)"
      }
    }
    #expect(
      because([Self.route("a", to: "x")], [Self.route("a", Self.company("2"), to: "x")])
        == ["lost x by a: no: wants company: 2; saw 1"])
    #expect(
      because([Self.route("a", Self.company("2"), to: "x")], [Self.route("a", to: "x")])
        == ["gained x by a: no: wants company: 2; saw 1"])
    #expect(
      because([Self.route("a", to: "x")], [Self.route("a", to: "y")])
        == ["lost x by a: it no longer sends to x", "gained y by a: it did not send to y"])
    #expect(
      because([Self.route("a", to: "x")], [Self.route("b", Self.company("2"), to: "x")])
        == ["lost x by a: this route is gone; b: no: wants company: 2; saw 1"])
    #expect(because([], [Self.route("b", to: "x")]) == ["gained x by b: this route is new"])
    let drop = Route(name: "d", action: .drop)
    #expect(
      because([Self.route("a", to: "x")], [drop, Self.route("a", to: "x")])
        == ["lost x by a: not reached: d ended the routing"])
  }

  @Test func whatWouldGoNowhereIsCounted() {
    let routed = [Self.route("a", to: "x")]
    let events = [EventRecord.made()]
    #expect(report(routed, [], events).counts.newlyUnrouted == 1)
    #expect(report(routed, [Route(name: "d", action: .drop)], events).counts.newlyDropped == 1)
    #expect(report([], routed, events).counts.newlyRouted == 1)
  }

  @Test func whereTheRunningRulesDifferFromWhatHappenedIsCounted() {
    var event = EventRecord.made()
    func delivery(_ destination: String, run: Int) -> DeliveryRecord {
      DeliveryRecord(
        id: DeliveryID(rawValue: 1), event: event.id, type: event.type, receivedAt: event.receivedAt,
        destination: destination, route: "a", configuration: "c", run: run, state: .delivered, attempts: 1)
    }
    event.deliveries = [delivery("x", run: 0), delivery("y", run: 1)]
    let routes = [Self.route("a", to: "x")]
    // A replay is nobody's routing.
    #expect(report(routes, routes, [event]).counts.otherwiseRouted == 0)
    event.deliveries = [delivery("y", run: 0)]
    let other = report(routes, routes, [event])
    #expect(other.counts.otherwiseRouted == 1)
    #expect(other.counts.unchanged == 1)
    #expect(other.destinations.map(\.sent) == [0, 1, 0])
  }

  @Test func examplesAreBoundedForEachDestinationAndDirection() {
    let events = (1...9).map { EventRecord.made($0) }
    let report = report([Self.route("a", to: "x")], [Self.route("a", to: "y")], events, examples: 2)
    #expect(report.examples.map(\.destination) == ["x", "y", "x", "y"])
    #expect(report.destinations.map(\.lost) == [9, 0, 0])
  }

  @Test func nothingIsSaidOfAnEventWithoutItsBody() {
    let report = report([Self.route("a", to: "x")], [], [EventRecord.made(body: "")])
    #expect(report.counts.withoutBody == 1 && report.counts.events == 1)
    #expect(report.destinations.allSatisfy { $0.lost == 0 })
  }
}
