import RelayCore
import RelayStoring

/// Finds by the indexes of deliveries which events have one in a state that few are in: pending, dead or discarded. Confined to
/// the thread of its connection.
///
/// A test asserts each statement's plan.
final class ListedEvents {
  /// Where more stand, an event is sooner asked itself.
  private static let maxInPart = 2_048
  /// More indexes are not looked into for what is few.
  private static let maxLanesForFew = 64

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
    let newest: Statement
  }

  /// What is found in a part.
  enum Found {
    case all
    case rows(RowBits)
    case none
  }

  let dead: Queries
  let discarded: Queries
  let pending: [Queries]
  let replaying: [Statement]
  private let firstUnlisted: Statement
  private let unlistedBetween: Statement
  /// Fewer are looked up one by one, wherever they are.
  private let fewest: Int

  init(_ connection: Connection, fewest: Int) throws(StoreError) {
    self.fewest = fewest
    func condition(_ state: Int) -> String {
      "delivery INDEXED BY delivery_listed WHERE destination = ?1 AND state = \(state)"
    }
    func newest(_ condition: String) throws(StoreError) -> Statement {
      try connection.prepare("SELECT event FROM \(condition) ORDER BY id DESC LIMIT ?2")
    }
    func queries(_ state: Int) throws(StoreError) -> Queries {
      let condition = condition(state)
      return Queries(
        nearestBefore: try connection.prepare("SELECT max(id) FROM \(condition) AND id < ?2"),
        nearestFrom: try connection.prepare("SELECT min(id) FROM \(condition) AND id >= ?2"),
        eventsOf: try connection.prepare(
          "SELECT event FROM \(condition) AND id >= ?2 AND id < ?3 ORDER BY id LIMIT ?4"),
        newest: try newest(condition))
    }
    dead = try queries(4)
    discarded = try queries(5)
    pending = [try queries(0), try queries(1), try queries(2)]
    replaying = [try newest(condition(-4)), try newest(condition(-3)), try newest(condition(-2))]
    firstUnlisted = try connection.prepare("SELECT first FROM unlisted")
    unlistedBetween = try connection.prepare(
      "SELECT event, destination FROM delivery WHERE id >= ?1 AND id < ?2 AND state = -1")
  }

  /// A page's walk along the indexes, in one direction.
  struct Walk {
    let asked: EventConditions.Listed
    fileprivate var lanes: [Lane]
    fileprivate let order: EventPageRequest.Order
    /// What is pending from here on may be in no index: of some 35,000 deliveries, nearly all of which are settled.
    fileprivate let unlistedFrom: Int64
    fileprivate let destinations: Set<DestinationRowID>
  }

  func walk(
    _ asked: EventConditions.Listed, _ order: EventPageRequest.Order
  ) throws(StoreError) -> Walk {
    var lanes: [Lane] = []
    for destination in asked.destinations {
      lanes += queries(asked.outcomes).map { Lane(destination: destination, queries: $0) }
    }
    let first = asked.outcomes.contains(.pending) ? try firstUnlisted.firstInteger() : nil
    return Walk(
      asked: asked, lanes: lanes, order: order, unlistedFrom: first ?? .max,
      destinations: Set(asked.destinations))
  }

  private func queries(_ outcomes: Set<EventOutcome>) -> [Queries] {
    (outcomes.contains(.dead) ? [dead] : []) + (outcomes.contains(.discarded) ? [discarded] : [])
      + (outcomes.contains(.pending) ? pending : [])
  }

  /// Of deliveries in this range.
  private func unlistedEvents(_ deliveries: Range<Int64>, _ walk: Walk) throws(StoreError) -> [Int64] {
    let range = max(deliveries.lowerBound, walk.unlistedFrom)..<deliveries.upperBound
    unlistedBetween.bind(1, range)
    defer { unlistedBetween.reset() }
    var rows: [Int64] = []
    while try unlistedBetween.step() {
      if walk.destinations.contains(unlistedBetween.row(1)) { rows.append(unlistedBetween.integer(0)) }
    }
    return rows
  }

  // MARK: Few

  /// The events of all that is in the states that are asked for, whenever it came there; nil: they are many.
  func few(_ walk: Walk) throws(StoreError) -> SortedRows? {
    let asked = walk.asked
    let lanes = asked.destinations.count * (asked.outcomes.count + pending.count + replaying.count)
    guard !asked.isExcluded, lanes <= Self.maxLanesForFew else { return nil }
    var rows: [Int64] = []
    for destination in asked.destinations {
      let queries =
        queries(asked.outcomes).map(\.newest) + (asked.outcomes.contains(.pending) ? replaying : [])
      for query in queries {
        query.bind(1, destination)
        query.bind(2, fewest + 1 - rows.count)
        defer { query.reset() }
        while try query.step() { rows.append(query.integer(0)) }
        guard rows.count <= fewest else { return nil }
      }
    }
    if walk.unlistedFrom < .max { rows += try unlistedEvents(walk.unlistedFrom..<Int64.max, walk) }
    return rows.count <= fewest ? SortedRows(rows) : nil
  }

  // MARK: Part by part

  /// The events of these rows that have such a delivery among those that came with them.
  ///
  /// - Parameter deliveries: Those lie in this range.
  func events(
    _ rows: Range<Int64>, deliveries: Range<Int64>, _ walk: inout Walk
  ) throws(StoreError) -> Found {
    guard !deliveries.isEmpty else { return .none }
    var found: RowBits?
    for lane in walk.lanes.indices {
      guard try walk.lanes[lane].mayHold(deliveries, walk.order) else { continue }
      var bits = found ?? RowBits(rows)
      guard try add(walk.lanes[lane], deliveries, to: &bits) else { return .all }
      found = bits
    }
    guard deliveries.upperBound > walk.unlistedFrom else { return found.map { .rows($0) } ?? .none }
    var bits = found ?? RowBits(rows)
    for row in try unlistedEvents(deliveries, walk) where rows.contains(row) { bits.insert(row) }
    return .rows(bits)
  }

  /// - Returns: false: there are too many.
  private func add(
    _ lane: Lane, _ deliveries: Range<Int64>, to bits: inout RowBits
  ) throws(StoreError) -> Bool {
    let query = lane.queries.eventsOf
    query.bind(1, lane.destination)
    query.bind(2, deliveries)
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
extension ListedEvents: Sendable {}

extension ListedEvents.Lane {
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
