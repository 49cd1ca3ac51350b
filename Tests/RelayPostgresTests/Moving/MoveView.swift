import RelayCore
import RelayTestSupport

@testable import RelayPostgres

/// All that people are told of a store, with places in their order instead of numbers: the same of two stores that hold the same.
struct MoveView: Equatable {
  var events: [EventRecord] = []
  var destinations: [StoredDestination]
  var tokens: [String: LearnedToken]
  var gaps: [Gap]
  var audit: [AuditRecord]
  /// Without their cursors.
  var replays: [Replay?] = []
  /// The events that a replay still comes to.
  var rest: [EventID] = []
  var waits: [String: PendingWaits]
  var oldestDue: [String: Timestamp]

  init(_ store: any DeliveryStore, _ lookup: any DeliveryLookup) async throws {
    destinations = try await store.destinations()
    tokens = try await store.allLearnedTokens()
    gaps = try await lookup.answer("the gaps") { lookup.gaps(since: nil, until: nil, completion: $0) }
    let page: AuditPage = try await lookup.answer("the audit") {
      lookup.audit(AuditFilter(), after: nil, limit: 100, completion: $0)
    }
    audit = page.records
    waits = try await lookup.waits(at: 0)
    oldestDue = try await lookup.oldestDue()
    for id in 1...3 {
      var replay: Replay? = try await lookup.answer("a replay") { lookup.replay(id, completion: $0) }
      if case .at(let cursor?)? = replay?.cursors.main, let place = Int64(cursor) {
        let request = EventPageRequest(
          order: .oldestFirst, after: EventCursor(rawValue: place), limit: 100)
        rest = try await lookup.page(request).events.map(\.id)
      }
      replay?.cursors = ReplayCursors()
      replays.append(replay)
    }
    for found in try await lookup.allEvents() {
      if let event = try await lookup.event(found.id) { events.append(event) }
    }
    leaveNumbersOut()
  }

  private mutating func leaveNumbersOut() {
    let ids = events.flatMap { $0.deliveries.map(\.id) }.sorted()
    func place(of id: DeliveryID) -> DeliveryID {
      DeliveryID(rawValue: Int64(ids.firstIndex(of: id) ?? -1))
    }
    for event in events.indices {
      events[event].place = EventCursor(rawValue: Int64(event))
      for delivery in events[event].deliveries.indices {
        let record = events[event].deliveries[delivery]
        events[event].deliveries[delivery].id = place(of: record.id)
        events[event].deliveries[delivery].waitsFor = record.waitsFor.map(place)
      }
    }
  }
}
