import Testing

@testable import RelayCore

/// Whether an event fits a filter: each condition by itself, and all together.
struct EventMatcherTests {
  private static let id = EventID(high: 0x0190_A0B0_C0D0_7E0F, low: 0x8A0B_0C0D_0E0F_0A0B)
  private static let traits = EventMatcher.Traits(
    id: id, type: "closedChat", company: "15691", channel: "whatsapp", chat: "caf\u{E9}", source: "huggy",
    receivedAt: .tick(50))

  private static func pattern(_ text: String) -> WildcardPattern { WildcardPattern(text) }

  @Test(arguments: [
    (EventFilter(), true), (EventFilter(ids: [id]), true),
    (EventFilter(ids: [EventID(high: 1, low: 2)]), false),
    (EventFilter(types: [WildcardPattern("CLOSED*", ignoringCase: true)]), true),
    (EventFilter(types: [pattern("noise")]), false),
    (EventFilter(types: [pattern("noise"), pattern("*")]), true),
    (EventFilter(companies: [.text(pattern("156*"))]), true), (EventFilter(companies: [.null]), false),
    (EventFilter(channels: [.text(pattern("whats*"))]), true), (EventFilter(channels: [.null]), false),
    (EventFilter(chats: ["7", "caf\u{E9}"]), true), (EventFilter(chats: ["7"]), false),
    // The same to a reader, and another text.
    (EventFilter(chats: ["cafe\u{301}"]), false), (EventFilter(sources: [pattern("h*")]), true),
    (EventFilter(sources: [pattern("other")]), false), (EventFilter(since: .tick(50)), true),
    (EventFilter(since: .tick(51)), false), (EventFilter(until: .tick(51)), true),
    (EventFilter(until: .tick(50)), false),
    (EventFilter(chats: ["caf\u{E9}"], sources: [pattern("other")]), false),
  ])
  func eachConditionMustHold(filter: EventFilter, fits: Bool) {
    #expect(EventMatcher(filter).holds(Self.traits) == fits)
  }

  @Test func whatHasNoChatIsInNone() {
    var traits = Self.traits
    traits.chat = nil
    #expect(!EventMatcher(EventFilter(chats: [""])).holds(traits))
  }

  @Test func whatBecameOfItIsAskedOfItsDeliveriesThere() {
    func holds(_ filter: EventFilter, _ deliveries: [(String, DeliveryState)], isDropped: Bool = false)
      -> Bool
    {
      EventMatcher(filter).holds(
        isDropped: isDropped, deliveries: deliveries.map { (destination: $0.0, state: $0.1) })
    }
    let crm = [Self.pattern("crm")]
    let two: [(String, DeliveryState)] = [("crm", .delivered), ("bi", .dead)]
    #expect(holds(EventFilter(outcomes: [.dead]), two))
    #expect(!holds(EventFilter(destinations: crm, outcomes: [.dead]), two))
    #expect(
      holds(EventFilter(destinations: crm), two) && !holds(EventFilter(destinations: crm), [("bi", .dead)]))
    #expect(holds(EventFilter(outcomes: [.dropped]), [], isDropped: true))
    #expect(!holds(EventFilter(outcomes: [.dropped]), []) && holds(EventFilter(outcomes: [.unrouted]), []))
    #expect(!holds(EventFilter(outcomes: [.unrouted]), two))
    #expect(!holds(EventFilter(destinations: crm, outcomes: [.unrouted]), []))
    #expect(!holds(EventFilter(destinations: crm, outcomes: [.dropped]), [], isDropped: true))
  }

  @Test func oneMatcherLooksIntoManyBodies() {
    for text in ["needle", "a=needle"] {
      var matcher = EventMatcher(EventFilter(text: BodyCondition(text)))
      let answers = [#"{"a":"hay"}"#, #"{"a":"needle"}"#, #"{"a":"straw"}"#, #"{"a":"needle"}"#].map {
        matcher.holds(body: Array($0.utf8))
      }
      #expect(answers == [false, true, false, true], "\(text)")
    }
  }
}
