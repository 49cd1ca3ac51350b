import RelayCore
import RelayThreads

/// Asks the store about events, and waits for its answer, on the keeper's thread.
struct EventLookup {
  private let lookup: any DeliveryLookup
  private let clock: any SteadyClock

  /// A disk that hangs must not hold the keeper for ever.
  private static let patience = Duration.seconds(10)

  init(_ lookup: any DeliveryLookup, clock: any SteadyClock) {
    self.lookup = lookup
    self.clock = clock
  }

  func standing(of event: EventID) throws(StoreError) -> EventStanding {
    let record = try answer { lookup.event(event, completion: $0) }
    return EventStanding(record, history: clock.history)
  }

  /// A page of events with their bodies, in the order of their arrival.
  ///
  /// - Parameter since: By the steady clock.
  func page(of sources: [String], since: Timestamp, after: EventCursor?) throws(StoreError) -> EventPage {
    let names = sources.sorted().map { WildcardPattern($0) }
    let filter = EventFilter(sources: names, since: clock.history.wall(at: since))
    let request = EventPageRequest(
      filter: filter, order: .oldestFirst, after: after, limit: 200, withBodies: true)
    return try answer { lookup.events(request, completion: $0) }
  }

  private func answer<Value: Sendable>(
    _ ask: (@escaping @Sendable (Result<Value, StoreError>) -> Void) -> Void
  ) throws(StoreError) -> Value {
    let monitor = Monitor<Result<Value, StoreError>?>(nil)
    ask { result in monitor.update { $0 = result } }
    guard let result = monitor.wait(timeout: Self.patience, until: { $0 }) else {
      throw StoreError(code: .hanging, message: "the store does not answer questions about events")
    }
    return try result.get()
  }
}

/// Looks through the store for events that may not have been recorded, a page at a time.
struct MissedSearch {
  private let store: EventLookup
  private var since: Timestamp?
  private var walk: (since: Timestamp, after: EventCursor?)?

  /// Events are committed a little after they were received.
  private static let margin = Duration.seconds(60)

  init(_ store: EventLookup) {
    self.store = store
  }

  /// Something is still to be looked at.
  var isUnderWay: Bool { since != nil || walk != nil }

  /// Those received since then may be missing.
  mutating func add(since time: Timestamp) {
    let time = time.advanced(by: .zero - Self.margin)
    // What the walk has yet to come to it finds by itself.
    since = min(since ?? time, time)
  }

  /// The next page. What fails is asked again.
  mutating func page(of sources: [String], _ now: Timestamp) throws(StoreError) -> [EventRecord] {
    guard !sources.isEmpty else {
      (since, walk) = (nil, nil)
      return []
    }
    let place = walk ?? (since ?? now, nil)
    if walk == nil { since = nil }
    walk = place
    let page = try store.page(of: sources, since: place.since, after: place.after)
    walk = page.next.map { (place.since, $0) }
    return page.events
  }
}
