import RelayCore
import RelayStoring

/// What a commit inserts, in order of arrival: collected in memory, and sent with a statement for each kind of row.
struct Arrivals {
  private(set) var envelopes: [AppendStatements.EnvelopeRow] = []
  private(set) var events: [AppendStatements.EventRow] = []
  private(set) var rerouted: [AppendStatements.EventRow] = []
  private(set) var deliveries: [AppendStatements.DeliveryRow] = []
  /// Events that are in `events`, by their ids: asked for one that comes again in the same commit.
  private var places: [EventID: Int]?
  /// Order keys of `deliveries` that are pending.
  private var keys: Set<OrderKey> = []

  var isEmpty: Bool { events.isEmpty && rerouted.isEmpty && deliveries.isEmpty && envelopes.isEmpty }
  var deliveryCount: Int { deliveries.count }
  var eventCount: Int { max(events.count, envelopes.count) }

  mutating func add(_ envelope: AppendStatements.EnvelopeRow) { envelopes.append(envelope) }

  /// Its deliveries are to be added right after it.
  mutating func add(_ event: AppendStatements.EventRow) {
    places?[event.event.id] = events.count
    events.append(event)
    if event.deliveries > 0 { events[events.count - 1].firstDelivery = Int32(deliveries.count) }
  }

  /// An event that is stored, or that comes with this commit, and has no delivery, gets some: they are to be added right after it.
  mutating func reroute(_ event: AppendStatements.EventRow) {
    var event = event
    event.firstDelivery = Int32(deliveries.count)
    if let place = place(of: event.event.id) { events[place] = event } else { rerouted.append(event) }
  }

  /// Whether the event has no delivery yet.
  ///
  /// - Parameter isStored: It is stored without one.
  mutating func lacksDelivery(_ event: EventID, isStoredWithout isStored: Bool) -> Bool {
    if isStored { return !rerouted.contains { $0.event.id == event } }
    return place(of: event).map { events[$0].deliveries == 0 } ?? false
  }

  private mutating func place(of event: EventID) -> Int? {
    if places == nil {
      places = Dictionary(
        events.enumerated().map { ($0.element.event.id, $0.offset) }, uniquingKeysWith: { $1 })
    }
    return places?[event]
  }

  /// - Parameter isServed: This node says whose turn it is. If not, one with an order key waits until the node that does has seen it.
  /// - Returns: Its place.
  mutating func add(
    _ delivery: AppendStatements.DeliveryRow, key: OrderKey?, isServed: Bool = true
  ) -> Int32 {
    var delivery = delivery
    delivery.place = Int32(deliveries.count)
    delivery.orderKey = key?.text
    if let key { delivery.follows = !keys.insert(key).inserted || !isServed }
    deliveries.append(delivery)
    return delivery.place
  }

  /// Adds its statements.
  ///
  /// - Parameters:
  ///   - statementsOf: Those of a day; nil: of all days.
  ///   - waiting: Given the ids of deliveries that others come before.
  func write(
    _ statementsOf: (Day?) -> AppendStatements, in commit: PendingCommit,
    waiting: @escaping ([DeliveryID]) -> Void
  ) {
    let statements = statementsOf(commit.day)
    for (day, rows) in events.byDay(of: { Day(of: $0.event.id) }) {
      statementsOf(day).insert(rows, into: commit)
    }
    if !rerouted.isEmpty { statements.reroute(rerouted, in: commit) }
    for run in runs {
      let ofRun = deliveries.filter { $0.run == run }
      let unordered = ofRun.filter { $0.orderKey == nil }
      if !unordered.isEmpty {
        statements.insert(unordered, run: run, settledAt: commit.now, into: commit)
      }
      let ordered = ofRun.filter { $0.orderKey != nil }
      if !ordered.isEmpty { statements.insertOrdered(ordered, run: run, into: commit, waiting: waiting) }
    }
    if !envelopes.isEmpty { statements.insert(envelopes, into: commit) }
  }

  private var runs: [Int32] { Set(deliveries.lazy.map(\.run)).sorted() }
}
