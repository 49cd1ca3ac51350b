import RelayCore

/// Finds by the indexes of deliveries which events may have one that is pending or dead. Confined to the thread of its
/// connection.
///
/// A test asserts each statement's plan.
final class PendingEvents {
  /// Where more stand, an event is sooner asked itself.
  private static let maxInPart = 2_048

  /// A destination's deliveries in a state, by the index.
  struct Lane {
    fileprivate let destination: DestinationRowID
    fileprivate let queries: Queries
    /// The last that was found from where the walk has come to, in its direction; nil: none is left. Before the first look
    /// it is not known.
    fileprivate var nearest: Int64??
  }

  struct Queries {
    let nearestBefore: Statement
    let nearestFrom: Statement
    let eventsOf: Statement
  }

  /// What is found in a part.
  enum Found {
    case all
    case rows(RowBits)
    case none
  }

  let dead: Queries
  let pending: [Queries]
  private let unlistedFrom: Statement

  init(_ connection: Connection) throws(StoreError) {
    func queries(_ state: Int) throws(StoreError) -> Queries {
      let condition = "delivery INDEXED BY delivery_listed WHERE destination = ?1 AND state = \(state)"
      return Queries(
        nearestBefore: try connection.prepare("SELECT max(id) FROM \(condition) AND id < ?2"),
        nearestFrom: try connection.prepare("SELECT min(id) FROM \(condition) AND id >= ?2"),
        eventsOf: try connection.prepare(
          "SELECT event FROM \(condition) AND id >= ?2 AND id < ?3 ORDER BY id LIMIT ?4"))
    }
    dead = try queries(4)
    pending = [try queries(0), try queries(1), try queries(2)]
    unlistedFrom = try connection.prepare("SELECT first FROM unlisted")
  }

  /// A page's walk along the indexes, in one direction.
  struct Walk {
    fileprivate var lanes: [Lane]
    fileprivate let order: EventPageRequest.Order
    /// What is pending from here on may be in no index.
    fileprivate let unlistedFrom: Int64
  }

  func walk(
    _ pending: EventConditions.Pending, _ order: EventPageRequest.Order
  ) throws(StoreError) -> Walk {
    var lanes: [Lane] = []
    for destination in pending.destinations {
      let queries =
        (pending.outcomes.contains(.dead) ? [dead] : [])
        + (pending.outcomes.contains(.pending) ? self.pending : [])
      lanes += queries.map { Lane(destination: destination, queries: $0) }
    }
    let first = pending.outcomes.contains(.pending) ? try unlistedFrom.firstInteger() : nil
    return Walk(lanes: lanes, order: order, unlistedFrom: first ?? .max)
  }

  /// The events of these rows that have such a delivery among those that came with them.
  ///
  /// - Parameter deliveries: Those lie in this range.
  func events(
    _ rows: Range<Int64>, deliveries: Range<Int64>, _ walk: inout Walk
  ) throws(StoreError) -> Found {
    guard !deliveries.isEmpty else { return .none }
    if deliveries.upperBound > walk.unlistedFrom { return .all }
    var found: RowBits?
    for lane in walk.lanes.indices {
      guard try walk.lanes[lane].mayHold(deliveries, walk.order) else { continue }
      var bits = found ?? RowBits(rows)
      guard try add(walk.lanes[lane], deliveries, to: &bits) else { return .all }
      found = bits
    }
    return found.map { .rows($0) } ?? .none
  }

  /// - Returns: false: there are too many.
  private func add(
    _ lane: Lane, _ deliveries: Range<Int64>, to bits: inout RowBits
  ) throws(StoreError) -> Bool {
    let query = lane.queries.eventsOf
    query.bind(1, lane.destination)
    query.bind(2, deliveries.lowerBound)
    query.bind(3, deliveries.upperBound)
    query.bind(4, Self.maxInPart + 1)
    defer { query.reset() }
    var count = 0
    while try query.step() {
      count += 1
      guard count <= Self.maxInPart else { return false }
      let row = query.integer(0)
      if bits.rows.contains(row) { bits.insert(row) }
    }
    return true
  }
}

@available(*, unavailable)
extension PendingEvents: Sendable {}

extension PendingEvents.Lane {
  /// Whether there is one in this range. One look is enough for all the ranges up to the next that there is.
  fileprivate mutating func mayHold(
    _ deliveries: Range<Int64>, _ order: EventPageRequest.Order
  ) throws(StoreError) -> Bool {
    switch order {
    case .newestFirst:
      if case .some(let nearest) = nearest, nearest.map({ $0 < deliveries.upperBound }) ?? true {
        return nearest.map { $0 >= deliveries.lowerBound } ?? false
      }
      nearest = .some(try look(queries.nearestBefore, deliveries.upperBound))
    case .oldestFirst:
      if case .some(let nearest) = nearest, nearest.map({ $0 >= deliveries.lowerBound }) ?? true {
        return nearest.map { $0 < deliveries.upperBound } ?? false
      }
      nearest = .some(try look(queries.nearestFrom, deliveries.lowerBound))
    }
    return nearest.flatMap { $0 }.map { deliveries.contains($0) } ?? false
  }

  private func look(_ query: Statement, _ place: Int64) throws(StoreError) -> Int64? {
    query.bind(1, destination)
    query.bind(2, place)
    return try query.firstInteger()
  }
}
