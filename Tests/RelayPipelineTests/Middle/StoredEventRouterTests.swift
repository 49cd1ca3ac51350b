import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// An event that is asked about later goes where it went when it came.
@Suite(.timeLimit(.minutes(15))) struct StoredEventRouterTests {
  /// Types as they are spelled in JSON: each tells something else about how a type is kept.
  private static let oddTypes = [
    #"received\u004dessage"#, #"a\u0000b"#, #"\ud800"#, #"clo\"sedChat"#, "token", "", "messages",
    "e\u{301}Chat",
    "\u{E9}Chat",
  ]
  /// Bodies that a second reading could take otherwise than the first: as deep as the grammar allows, a key that stands
  /// twice, escapes in keys and values, numbers of any size, no company and another.
  private static let oddBodies = [
    "{\"f\":\(String(repeating: "[", count: 1_020))\(String(repeating: "]", count: 1_020))}",
    #"{"f":1,"f":"2"}"#, #"{"f":{"g":1},"f":{"g":2}}"#, #"{"\u0066":"\u0031"}"#,
    #"{"f":1e400,"companyID":12}"#,
    #"{ "companyID" : "" , "channel":{"source":false,"name":"Widget"} }"#, #"{"chat":{"id":"\ud83d"}}"#, "{}",
  ]
  private static let companies: [String?] = [nil, "1", "12", "true", "a b"]

  private static func configuration(_ routes: [Route]) -> Configuration {
    Configuration(
      sources: RandomRouting.sources.map { name in
        Source(
          name: name,
          tokens: companies.map { Source.Token(value: Secret("t-\($0 ?? "none")"), company: $0) })
      },
      destinations: ["x", "y", "z"].map { Destination(name: $0, url: Secret("http://\($0)/")) },
      routes: routes, hash: "c1")
  }

  /// Broken by whatever the receiver knows of an event and the store does not keep.
  @Test func whatIsStoredMeetsTheRoutesAsItDidWhenItCame() async throws {
    var random = RandomRouting(random: SplitMix64(seed: 12))
    var (routed, unrouted, dropped) = (0, 0, 0)
    for _ in 0..<25 {
      let routes = random.routes()
      let middle = try await Middle(Self.configuration(routes))
      var ids: [EventID] = []
      for _ in 0..<4 { ids += try await post(envelope(&random), to: middle) }
      var router = StoredEventRouter(RoutingTable(routes))
      for id in ids {
        let event = try await event(id, of: middle)
        let (decided, explained) = (router.decide(event), router.explain(event))
        let decision = try #require(decided)
        try #require(
          Stored(event) == Stored(decision, routes),
          "\(String(decoding: event.body, as: UTF8.self)) \(routes)")
        try #require(explained?.decision == decision)
        if event.isDropped { dropped += 1 }
        if event.deliveries.isEmpty { unrouted += 1 } else { routed += 1 }
      }
    }
    // The vocabulary is such that all of it happens.
    #expect(routed > 100 && unrouted > 100 && dropped > 20, "\(routed) \(unrouted) \(dropped)")
  }

  @Test(arguments: try Fixtures.all())
  func huggysOwnExamplesMeetTheRoutesAsTheyDidWhenTheyCame(_ fixture: Fixtures.Fixture) async throws {
    let middle = try await Middle(Fixtures.configuration)
    var router = StoredEventRouter(RoutingTable(Fixtures.configuration.routes))
    let ids = try await post((path: "/huggy", text: fixture.text), to: middle)
    try #require(!ids.isEmpty)
    for id in ids {
      let event = try await event(id, of: middle)
      let decision = router.decide(event)
      #expect(Stored(event) == Stored(try #require(decision), Fixtures.configuration.routes))
    }
  }

  /// Broken by an answer that is made up where the event's bytes are gone.
  @Test func anEventWithoutItsBodyMeetsNoRoutes() throws {
    var router = StoredEventRouter(RoutingTable([Route(name: "all", action: .deliver(to: ["crm"]))]))
    var event = EventRecord.made(body: "{}")
    let whole = router.decide(event)
    #expect(whole?.matched == [0])
    event.body = []
    let (decided, explained) = (router.decide(event), router.explain(event))
    #expect(decided == nil && explained == nil)
  }

  // MARK: Posting and reading back

  private func envelope(_ random: inout RandomRouting) -> (path: String, text: String) {
    let first = random.event()
    let token = "t-\(random.random.pick(Self.companies) ?? "none")"
    let events = (0..<5).map { _ in
      let event = random.event()
      let type = random.random.chance(15) ? random.random.pick(Self.oddTypes) : event.type
      let body = random.random.chance(15) ? random.random.pick(Self.oddBodies) : event.body
      // A lone object stands less deep than one in an array.
      return "\"\(type)\":\(random.random.chance(50) ? "[\(body)]" : body)"
    }
    return ("/\(first.source)", #"{"messages":{\#(events.joined(separator: ","))},"token":"\#(token)"}"#)
  }

  private func post(_ envelope: (path: String, text: String), to middle: Middle) async throws -> [EventID] {
    let reply = await middle.post(envelope.text, to: envelope.path).value
    try #require(reply.status == 200, "\(envelope.text)")
    let answer = try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any]
    return try #require(answer?["events"] as? [String]).compactMap { EventID($0) }
  }

  private func event(_ id: EventID, of middle: Middle) async throws -> EventRecord {
    let found = Promise<EventRecord?>("the event", otherwise: nil)
    middle.lookup.event(id) { found.keep((try? $0.get()) ?? nil) }
    return try #require(await found.value)
  }
}

/// What routing made of an event, whether the store or the router says it.
private struct Stored: Equatable {
  var routes: [String]
  var isDropped: Bool
  var deliveries: [String]

  init(_ event: EventRecord) {
    routes = event.routes
    isDropped = event.isDropped
    deliveries = event.deliveries.map { "\($0.destination) by \($0.route)" }
  }

  init(_ decision: RoutingDecision, _ routes: [Route]) {
    self.routes = decision.matched.map { routes[$0].name }
    isDropped = decision.isDropped
    deliveries = decision.targets.map { "\($0.destination) by \(routes[$0.route].name)" }
  }
}

extension EventRecord {
  /// An event that nothing was made of.
  static func made(
    _ number: Int = 1, type: String = "createdChat", body: String = "{}", company: String? = nil
  ) -> EventRecord {
    EventRecord(
      id: EventID(high: 0x019B_7C11_0000_7000, low: 0x8000_0000_0000_0000 + UInt64(number)),
      place: EventCursor(rawValue: Int64(number)), type: type,
      source: "huggy", company: company, channel: nil, chat: nil, receivedAt: .second(number),
      configuration: "c1", routes: [], isDropped: false, body: Array(body.utf8), deliveries: [])
  }
}
