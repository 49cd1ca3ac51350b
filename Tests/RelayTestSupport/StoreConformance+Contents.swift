import RelayCore
import Testing

extension StoreConformance {
  /// What went in comes out, byte for byte.
  package static let contents = [
    StoreClaim("everyAttributeComesBackAfterAReopen") { bench in
      let store = try await bench.open()
      let events = difficultEvents(bench.make)
      let first = try await store.stored(bench.make.envelope(events[0].envelope, events: events))
      #expect(first.map { DeliveredContent($0.event) } == events.map(DeliveredContent.init))
      let again = try await bench.reopen(store).claim()
      #expect(again.deliveries.map { DeliveredContent($0.event) } == events.map(DeliveredContent.init))
      #expect(again.deliveries.map(\.since) == first.map(\.since))
      #expect(again.deliveries.allSatisfy { $0.destination == "crm" && $0.run == 0 && $0.attempts == 0 })
    },
    StoreClaim("absentAndEmptyAreToldApart") { bench in
      let store = try await bench.open()
      for time: [UInt8]? in [nil, []] {
        let context = EnvelopeContext(source: "huggy", receivedAt: .second(1), time: time, token: time)
        let event = Event(
          id: bench.make.nextID(count: 1), envelope: context, type: "", rawType: [],
          company: time.map { _ in "" }, channel: nil, chat: "", body: [])
        _ = try await store.stored(bench.make.envelope(context, events: [event]))
      }
      let events = try await bench.reopen(store).claim().deliveries.map(\.event)
      #expect(events.map(\.envelope.time) == [nil, []])
      #expect(events.map(\.envelope.token) == [nil, []])
      #expect(events.map(\.company) == [nil, ""])
      #expect(events.map(\.channel) == [nil, nil])
      #expect(events.map(\.chat) == ["", ""])
    },
    StoreClaim("aHugeBodyComesBack") { bench in
      let store = try await bench.open()
      let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
      _ = try await store.stored(bench.make.envelope(body: body))
      let again = try await bench.reopen(store).claim()
      // Not the bytes themselves: a failure would print them.
      #expect(again.deliveries.map { $0.event.body == body } == [true])
    },
    StoreClaim("eachEventKeepsItsOwnEnvelope") { bench in
      let store = try await bench.open()
      for second in 0..<3 {
        let source = second == 1 ? "other" : "huggy"
        _ = try await store.stored(
          bench.make.envelope(to: ["crm", "bi"], events: 2, source: source, at: .second(second)))
      }
      let again = try await bench.reopen(store).claim().deliveries
      #expect(again.map(\.event.envelope.receivedAt) == [0, 0, 1, 1, 2, 2].map(Timestamp.second))
      #expect(again.map(\.event.envelope.source) == ["huggy", "huggy", "other", "other", "huggy", "huggy"])
      #expect(again.map(\.since) == again.map(\.event.envelope.receivedAt))
    },
    StoreClaim("whereNoTraceCameTheOneOfTheFirstEventGoesOn") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(events: 3)
      _ = try await store.stored(envelope)
      let again = try await bench.reopen(store).claim().deliveries
      let made = TraceParent(madeFor: envelope.firstEventID)
      #expect(again.map(\.event.envelope.trace) == [made, made, made])
    },
    StoreClaim("anEventThatIsRoutedWhenItComesAgainKeepsItsFirstTrace") { bench in
      let first = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03"
      let second = "00-11111111111111111111111111111111-2222222222222222-01"
      var store = try await bench.open()
      for (bytes, restarts) in [(1, false), (2, true)] as [(UInt64, Bool)] {
        _ = try await store.append(Self.envelope(bench.make, first, bytes: bytes, to: []))
        if restarts { store = try await bench.reopen(store) }
        let rerouted = try await store.append(Self.envelope(bench.make, second, bytes: bytes, to: ["crm"]))
        #expect(rerouted.claimed.map { $0.event.envelope.trace.map { "\($0)" } } == [first])
      }
      let again = try await bench.reopen(store).claim().deliveries
      #expect(again.map { $0.event.envelope.trace.map { "\($0)" } } == [first, first])
    },
    StoreClaim("anEventWithoutDeliveriesIsStored") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [], bytes: 1)
      #expect(try await store.stored(envelope).isEmpty)
      let twin = try await store.append(bench.make.envelope(to: [], bytes: 1))
      guard case .duplicate(envelope.firstEventID, 1, _) = twin else {
        return #expect(Bool(false), "\(twin)")
      }
    },
  ]

  /// One event that came with a trace.
  private static func envelope(
    _ make: TestEnvelopes, _ trace: String, bytes: UInt64, to destinations: [String]
  ) -> NewEnvelope {
    let context = EnvelopeContext(
      source: "huggy", receivedAt: .second(0), time: nil, token: nil, trace: TraceParent(header: trace.utf8))
    let event = Event(
      id: make.nextID(count: 1), envelope: context, type: "a", rawType: Array("a".utf8), company: nil,
      channel: nil, chat: nil, body: Array("{}".utf8))
    return make.envelope(context, bytes: bytes, events: [event], to: destinations)
  }

  private static func difficultEvents(_ make: TestEnvelopes) -> [Event] {
    let context = EnvelopeContext(
      source: "huggy", receivedAt: Timestamp(microseconds: 1_767_323_045_678_901),
      time: Array("1.70e9 ".utf8), token: Array(#""a\u0000\"ção""#.utf8),
      trace: TraceParent(header: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03".utf8))
    let first = make.nextID(count: 4)
    func event(
      _ place: Int, _ type: String, raw: String, _ company: String?, _ channel: String?, _ chat: String?,
      _ body: [UInt8]
    ) -> Event {
      Event(
        id: first.advanced(by: place), envelope: context, type: type, rawType: Array(raw.utf8),
        company: company, channel: channel, chat: chat, body: body)
    }
    return [
      event(0, "createdChat", raw: #"created\u0043hat"#, nil, nil, nil, Array(#"{"a": 1E400 }"#.utf8)),
      event(1, "a\u{0}';--", raw: #"a\u0000';--"#, "15691", "w\u{0}a", "1\u{0}", [0, 0xFF, 0, 0x80]),
      event(2, "", raw: "", "", "", "", []),
      event(3, "\u{FFFD}🐙é", raw: #"\ud800🐙é"#, "e\u{301}", "é", "💬", Array(0...255)),
    ]
  }
}
