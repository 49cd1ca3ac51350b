import RelayCore

/// The lookup's calls for tests, which wait for the answer.
extension DeliveryLookup {
  package func event(_ id: EventID) async throws -> EventRecord? {
    try await answer("an event") { event(id, completion: $0) }
  }

  package func page(_ request: EventPageRequest) async throws -> EventPage {
    try await answer("a page of events") { events(request, completion: $0) }
  }

  /// Of all pages.
  package func allEvents(
    _ filter: EventFilter = EventFilter(), _ order: EventPageRequest.Order = .oldestFirst, limit: Int = 500
  ) async throws -> [EventRecord] {
    var found: [EventRecord] = []
    var after: EventCursor?
    repeat {
      let page = try await page(
        EventPageRequest(filter: filter, order: order, after: after, limit: limit))
      found += page.events
      after = page.next
    } while after != nil
    return found
  }

  package func page(
    _ filter: DeliveryFilter, after: DeliveryID? = nil, limit: Int
  ) async throws -> DeliveryPage {
    try await answer("a page of deliveries") {
      deliveries(filter, after: after, limit: limit, completion: $0)
    }
  }

  /// Of all pages, newest first.
  package func allDeliveries(
    _ filter: DeliveryFilter = DeliveryFilter(), limit: Int = 500
  ) async throws -> [DeliveryRecord] {
    var found: [DeliveryRecord] = []
    var after: DeliveryID?
    repeat {
      let page = try await page(filter, after: after, limit: limit)
      found += page.deliveries
      after = page.next
    } while after != nil
    return found
  }

  package func allCounts(_ filter: DeliveryFilter) async throws -> DeliveryCounts {
    var counts = DeliveryCounts()
    var after: DeliveryID?
    repeat {
      let page = try await answer("counts") { count(filter, after: after, completion: $0) }
      counts.add(page.counts)
      after = page.next
    } while after != nil
    return counts
  }

  package func allGroups(_ filter: DeliveryFilter) async throws -> DeliveryGroups {
    var found = DeliveryGroups()
    var after: DeliveryID?
    repeat {
      let page = try await answer("groups") { groups(filter, after: after, completion: $0) }
      found.add(page.groups)
      after = page.next
    } while after != nil
    return found
  }

  package func allPlaces(_ ids: [DeliveryID]) async throws -> [DeliveryPlace] {
    try await answer("places") { places(of: ids, completion: $0) }
  }

  package func oldestPending() async throws -> [String: Timestamp] {
    try await answer("the oldest pending ones") { oldestPending(completion: $0) }
  }

  package func oldestDue() async throws -> [String: Timestamp] {
    try await answer("what has been due for longest") { oldestDue(completion: $0) }
  }

  package func waits(at second: Int) async throws -> [String: PendingWaits] {
    try await answer("what waits") { pendingWaits(at: .second(second), completion: $0) }
  }

  package func look() async throws { try await answer("a look") { look(completion: $0) } }

  /// - Parameter what: Is asked for.
  package func answer<Answer: Sendable>(
    _ what: String, _ ask: (@escaping @Sendable (Result<Answer, StoreError>) -> Void) -> Void
  ) async throws -> Answer {
    let promise = Promise<Result<Answer, StoreError>>(what)
    ask { promise.keep($0) }
    return try await promise.value.get()
  }
}
