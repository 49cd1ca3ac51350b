import RelayCore

import Testing

extension StoreConformance {
  /// Events are found by what they are, and by what became of them.
  package static let searching = [
    StoreClaim("eventsAreFoundByEachOfTheirConditions") { bench in
      let found = try await Found(bench)
      var whatsapp = EventFilter(channels: [.text(WildcardPattern("WHATS*", ignoringCase: true))])
      #expect(try await found.places(whatsapp) == [3, 0])
      whatsapp.companies = [.text(WildcardPattern("15?91"))]
      #expect(try await found.places(whatsapp) == [0])
      #expect(try await found.places(EventFilter(channels: [.null])) == [2])
      #expect(try await found.places(EventFilter(companies: [.null])) == [2])
      #expect(
        try await found.places(EventFilter(types: [WildcardPattern("CLOSED*", ignoringCase: true)])) == [
          4, 1,
        ])
      #expect(try await found.places(EventFilter(chats: ["77", "78"])) == [3, 1, 0])
      #expect(try await found.places(EventFilter(chats: ["7*"])) == [])
      #expect(try await found.places(EventFilter(sources: [WildcardPattern("oth*")])) == [4])
      #expect(try await found.places(EventFilter(sources: [WildcardPattern("stranger")])) == [])
      #expect(try await found.places(EventFilter(routes: [WildcardPattern("noise")])) == [2])
      #expect(try await found.places(EventFilter(routes: [WildcardPattern("*")])) == [4, 2, 1, 0])
      #expect(try await found.places(EventFilter(since: .second(1), until: .second(3))) == [2, 1])
      #expect(try await found.places(EventFilter(ids: [found.ids[3], found.ids[0]])) == [3, 0])
      #expect(try await found.places(EventFilter()) == [4, 3, 2, 1, 0])
      #expect(try await found.places(EventFilter(), .oldestFirst) == [0, 1, 2, 3, 4])
    },
    StoreClaim("eventsAreFoundByWhatBecameOfThem") { bench in
      let found = try await Found(bench)
      let crm = [WildcardPattern("crm")]
      #expect(try await found.places(EventFilter(destinations: crm)) == [4, 1, 0])
      #expect(try await found.places(EventFilter(destinations: [WildcardPattern("b*")])) == [1])
      #expect(try await found.places(EventFilter(outcomes: [.delivered])) == [0])
      #expect(try await found.places(EventFilter(outcomes: [.dead])) == [1])
      #expect(try await found.places(EventFilter(destinations: crm, outcomes: [.pending])) == [4])
      #expect(try await found.places(EventFilter(outcomes: [.pending])) == [4, 1])
      #expect(try await found.places(EventFilter(outcomes: [.dropped])) == [2])
      #expect(try await found.places(EventFilter(outcomes: [.unrouted])) == [3])
      #expect(try await found.places(EventFilter(outcomes: [.unrouted, .dropped, .dead])) == [3, 2, 1])
      #expect(try await found.places(EventFilter(destinations: crm, outcomes: [.dropped])) == [])
      let page = try await found.page(EventFilter())
      #expect(
        page.events.map(\.outcomes) == [
          [.pending], [.unrouted], [.dropped], [.pending, .dead], [.delivered],
        ])
    },
    StoreClaim("eventsAreFoundByWhatTheirBodiesHold") { bench in
      let found = try await Found(bench)
      func places(_ text: String) async throws -> [Int] {
        try await found.places(EventFilter(text: BodyCondition(text)))
      }
      // Whether the sender escapes it or not; the key `name` does not count.
      #expect(try await places("CAÇÃO") == [1, 0])
      #expect(try await places("name") == [])
      #expect(try await places("5575") == [0])
      #expect(try await places("customer.mobile=55751") == [0])
      #expect(try await places("customer.mobile=557*") == [0])
      #expect(try await places("customer.mobile=5575") == [])
      #expect(try await places("customer.mobile=null") == [4, 3, 2, 1])
    },
    StoreClaim("pagesOfEventsGoOnWhereTheyEndedWhileEventsArrive") { bench in
      let found = try await Found(bench)
      let first = try await found.page(EventFilter(), limit: 2)
      #expect(first.events.map(\.id) == [found.ids[4], found.ids[3]])
      #expect(first.reached == .second(3))
      _ = try await found.store.stored(bench.make.envelope(at: .second(9)))
      let second = try await found.page(EventFilter(), after: first.next, limit: 2)
      #expect(second.events.map(\.id) == [found.ids[2], found.ids[1]])
      let last = try await found.page(EventFilter(), after: second.next, limit: 2)
      #expect(last.events.map(\.id) == [found.ids[0]])
      #expect(last.next == nil)
      let newer = try await found.page(
        EventFilter(), .oldestFirst, after: first.events.first?.place, limit: 9)
      #expect(newer.events.map(\.receivedAt) == [.second(9)])
      #expect(newer.next == nil)
    },
    StoreClaim("bodiesComeOnlyWhereTheyAreAskedFor") { bench in
      let found = try await Found(bench)
      let without = try await found.page(EventFilter(), limit: 1)
      #expect(without.events.map(\.body) == [[]])
      #expect(without.events.map(\.bodyBytes) == [2])
      let with = try await found.page(EventFilter(), limit: 1, withBodies: true)
      #expect(with.events.map(\.body) == [Array("{}".utf8)])
    },
  ]

  /// Five events, one a second.
  private struct Found {
    let store: any DeliveryStore
    let lookup: any DeliveryLookup
    let ids: [EventID]

    init(_ bench: StoreBench) async throws {
      var configuration = StoreConfiguration.test
      configuration.names.routes = ["all", "noise"]
      store = try await bench.open(configuration)
      lookup = bench.lookup(store)
      let make = { (second: Int, type: String, source: String, traits: [String?], body: String) in
        let context = EnvelopeContext(
          source: source, receivedAt: .second(second), time: nil, token: nil)
        let event = Event(
          id: bench.make.nextID(count: 1), envelope: context, type: type, rawType: Array(type.utf8),
          company: traits[0], channel: traits[1], chat: traits[2], body: Array(body.utf8))
        return (context, event)
      }
      let events = [
        make(
          0, "createdChat", "huggy", ["15691", "whatsapp", "77"],
          #"{"name":"ca\u00e7\u00e3o","customer":{"mobile":55751}}"#),
        make(1, "closedChat", "huggy", ["15691", "widget", "78"], #"{"name":["x","Fim da Cação"]}"#),
        make(2, "noise", "huggy", [nil, nil, nil], "{}"),
        make(3, "createdChat", "huggy", ["6618", "whatsappOfficial", "77"], "{}"),
        make(4, "ClosedChat", "other", ["6618", "", "79"], "{}"),
      ]
      ids = events.map(\.1.id)
      var held: [Delivery] = []
      for (place, (context, event)) in events.enumerated() {
        let destinations = [["crm"], ["crm", "bi"], [], [], ["crm"]][place]
        var envelope = bench.make.envelope(context, events: [event], to: destinations)
        envelope.events[0].isDropped = place == 2
        envelope.events[0].routes = [["all"], ["all"], ["noise"], [], ["all"]][place]
        held += try await store.stored(envelope)
      }
      await store.settle(held[0].settled(.delivered), held[1].settled(.dead(.permanent), status: 422))
    }

    func page(
      _ filter: EventFilter, _ order: EventPageRequest.Order = .newestFirst, after: EventCursor? = nil,
      limit: Int = 50, withBodies: Bool = false
    ) async throws -> EventPage {
      let request = EventPageRequest(
        filter: filter, order: order, after: after, limit: limit, withBodies: withBodies)
      let promise = Promise<Result<EventPage, StoreError>>("a page of events")
      lookup.events(request) { promise.keep($0) }
      return try await promise.value.get()
    }

    /// Through all pages: which of the five.
    func places(_ filter: EventFilter, _ order: EventPageRequest.Order = .newestFirst) async throws -> [Int] {
      var found: [Int] = []
      var after: EventCursor?
      repeat {
        let page = try await page(filter, order, after: after, limit: 2)
        found += page.events.map { event in ids.firstIndex(of: event.id)! }
        after = page.next
      } while after != nil
      return found
    }
  }
}
