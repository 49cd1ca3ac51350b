import RelayCore
import RelayThreads

/// Makes envelopes whose event ids differ, also between several makers' runs over one store.
package final class TestEnvelopes: Sendable {
  private let made = Locked(UInt64(0))

  package init() {}

  /// - Parameters:
  ///   - destinations: Each event goes to all of them.
  ///   - bytes: Stands for the envelope's bytes: equal numbers are equal hashes; nil: without a fingerprint.
  ///   - since: What came later than this counts for telling a duplicate; `wallSince`: by the wall clock, too.
  package func envelope(
    to destinations: [String] = ["crm"], events: Int = 1, bytes: UInt64? = nil, source: String = "huggy",
    at time: Timestamp = .second(0), since: Timestamp = .epoch, wallSince: Timestamp? = nil,
    type: String = "createdChat",
    chat: String? = nil,
    body: [UInt8] = Array("{}".utf8)
  ) -> NewEnvelope {
    let first = nextID(count: events)
    let context = EnvelopeContext(
      source: source, receivedAt: time, time: nil, token: nil, trace: TraceParent(madeFor: first))
    return envelope(
      context, bytes: bytes, since: since, wallSince: wallSince,
      events: (0..<events).map { place in
        Event(
          id: first.advanced(by: place), envelope: context, type: type, rawType: Array(type.utf8),
          company: nil,
          channel: nil, chat: chat, body: body)
      }, to: destinations)
  }

  package func envelope(
    _ context: EnvelopeContext, bytes: UInt64? = nil, since: Timestamp = .epoch,
    wallSince: Timestamp? = nil, events: [Event],
    to destinations: [String] = ["crm"]
  ) -> NewEnvelope {
    NewEnvelope(
      context: context, configuration: "c1", firstEventID: events.first?.id ?? nextID(count: 1),
      acceptedCount: events.count,
      fingerprint: bytes.map {
        NewEnvelope.Fingerprint(hash: Self.hash($0), since: since, wallSince: wallSince)
      },
      events: events.map { event in
        NewEnvelope.NewEvent(
          event: event, routes: ["all"], isDropped: false,
          deliveries: destinations.map { NewEnvelope.NewDelivery(destination: $0, route: "all") })
      })
  }

  package func nextID(count: Int) -> EventID {
    made.withLock { made in
      defer { made += UInt64(count) }
      return EventID(high: 0x019B_7C11_0000_7000, low: 0x8000_0000_0000_0000 + made)
    }
  }

  private static func hash(_ number: UInt64) -> [UInt8] {
    (0..<4).flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: (number &* 0x9E37_79B9_7F4A_7C15 &+ word) >> UInt64($0 * 8)) }
    }
  }
}

extension StoreNames {
  /// What the envelopes of tests use.
  package static let test = StoreNames(
    sources: ["huggy", "other"], destinations: ["crm", "bi", "audit"], routes: ["all"], configuration: "c1")
}

extension StoreConfiguration {
  package static let test = StoreConfiguration(names: .test)
}

extension Delivery {
  /// What comes of its next attempt.
  package func settled(
    _ outcome: Settlement.Outcome, status: Int? = nil, attempts: Int? = nil, countedAttempts: Int? = nil,
    probedAt: Timestamp? = nil
  ) -> Settlement {
    let code = status ?? (outcome == .delivered ? 200 : 500)
    let attempt = AttemptResult(
      startedAt: .second(0), duration: .milliseconds(7),
      response: .status(code, body: Array("answer".utf8), retryAfter: nil))
    return Settlement(
      delivery: id, in: queue, attempts: attempts ?? self.attempts + 1,
      countedAttempts: countedAttempts ?? self.countedAttempts + 1, attempt: attempt, outcome: outcome,
      probedAt: probedAt)
  }

  package func retried(at second: Int) -> Settlement { settled(.retry(at: .second(second))) }
}

/// All that is to come back as it went in, comparable.
package struct DeliveredContent: Equatable, Sendable {
  package var id: EventID
  package var source: String
  package var receivedAt: Timestamp
  package var time: [UInt8]?
  package var token: [UInt8]?
  package var trace: TraceParent?
  package var type: String
  package var rawType: [UInt8]
  package var attributes: [String?]
  package var body: [UInt8]

  package init(_ event: Event) {
    id = event.id
    source = event.envelope.source
    receivedAt = event.envelope.receivedAt
    time = event.envelope.time
    token = event.envelope.token
    trace = event.envelope.trace
    type = event.type
    rawType = event.rawType
    attributes = [event.company, event.channel, event.chat]
    body = event.body
  }
}
