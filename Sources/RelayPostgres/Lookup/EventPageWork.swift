import RelayCore
import RelayStoring

/// One page of events under way: it asks rows whether they fit, until there are enough or it has had its time. Confined to the thread of its
/// connection.
struct EventPageWork {
  /// So much of bodies is looked at between two looks at the clock.
  private static let bodyBytes = 1 << 20
  /// What a page holds of bodies, before the last.
  private static let pageBytes = 4 << 20

  private let request: EventPageRequest
  private let conditions: EventConditions
  private let history: ClockHistory
  private let names: LookupNames
  private let statements: EventStatements
  private let connection: LookupConnection
  private var matcher: EventMatcher
  private var time: LookupTime
  private var rowsLeft: Int

  /// Those that fit, in the order of the page.
  private(set) var found: [EventID] = []
  private var foundBytes = 0
  /// The last that has been looked at, with all before it.
  private(set) var last: (place: EventCursor, received: Timestamp)?

  init(
    _ request: EventPageRequest, _ conditions: EventConditions, _ history: ClockHistory,
    _ budget: LookupBudget,
    names: LookupNames, _ statements: EventStatements, _ connection: LookupConnection
  ) {
    self.request = request
    self.conditions = conditions
    self.history = history
    self.names = names
    self.statements = statements
    self.connection = connection
    matcher = EventMatcher(request.filter)
    time = LookupTime(budget.time)
    rowsLeft = budget.rows
  }

  private var isNewestFirst: Bool { request.order == .newestFirst }
  private var isFull: Bool {
    found.count >= max(1, request.limit) || request.withBodies && foundBytes >= Self.pageBytes
  }
  /// Before each look. Something is looked at in every page, so that each comes further.
  private mutating func mayGoOn() -> Bool {
    let isOver = time.isOver(at: .now)
    return last == nil || !isFull && rowsLeft > 0 && !isOver
  }

  /// What of these numbers no earlier page has looked at.
  func rest(of all: Range<Int64>) -> Range<Int64> { request.rest(of: all) }

  // MARK: Looking

  /// Looks at the events of these ids that no earlier page has looked at.
  ///
  /// - Returns: Whether it has come to the end.
  mutating func look(at ids: [EventID], in all: Range<Int64>) throws(StoreError) -> Bool {
    let rest = self.rest(of: all)
    var parameters = Parameters(capacity: 24 * ids.count + 64)
    parameters.add(array: ids)
    parameters.add(rest.lowerBound)
    parameters.add(rest.upperBound)
    return try look(at: try connection.read(statements.byID, parameters).map(EventRow.init))
  }

  /// The same by their numbers, which may be many: rising.
  mutating func look(atNumbers numbers: [Int64]) throws(StoreError) -> Bool {
    let numbers = numbers.filter { self.rest(of: $0..<$0 + 1) == $0..<$0 + 1 }
    var rest = (isNewestFirst ? numbers.reversed() : numbers)[...]
    while !rest.isEmpty {
      guard mayGoOn() else { return false }
      var parameters = Parameters()
      parameters.add(array: rest.prefix(256))
      rest = rest.dropFirst(256)
      let rows = try connection.read(statements.byNumber, parameters).map(EventRow.init)
      guard try look(at: rows) else { return false }
    }
    return true
  }

  /// - Parameter rows: Rising.
  private mutating func look(at rows: [EventRow]) throws(StoreError) -> Bool {
    var rest = (isNewestFirst ? rows.reversed() : rows)[...]
    while !rest.isEmpty {
      guard mayGoOn() else { return false }
      let part = Array(rest.prefix(256))
      rest = rest.dropFirst(256)
      guard try take(part) else { return false }
    }
    return true
  }

  /// Looks at the events within these numbers that have a delivery on one of these shelves, and at those that have got one later.
  ///
  /// - Parameter late: Rising.
  mutating func look(
    along numbers: Range<Int64>, _ listed: EventConditions.Listed, late: [Int64]
  ) throws(StoreError) -> Bool {
    let places = listed.places
    let hasUnlisted = listed.outcomes.contains(.pending)
    var walk = ShelfWalk(numbers, request.order, shelves: places.count + (hasUnlisted ? 1 : 0))
    while let deliveries = walk.deliveries {
      guard mayGoOn() else { return false }
      var found = try onShelves(places, deliveries, limit: walk.page)
      if hasUnlisted { found.append(try unlisted(deliveries, limit: walk.page)) }
      switch walk.next(found) {
      case .all(let part):
        guard try look(along: part) else { return false }
      case .events(let events, let part):
        let rows = try self.rows(of: events, late.filter(part.contains), within: part)
        guard try look(at: rows) else { return false }
      }
    }
    return true
  }

  private func onShelves(
    _ places: [(destination: Int32, shelf: Int16)], _ deliveries: ClosedRange<Int64>, limit: Int
  ) throws(StoreError) -> [[ShelfWalk.Found]] {
    var parameters = Parameters(capacity: 24 * places.count + 128)
    parameters.add(array: places.lazy.map(\.destination))
    parameters.add(array: places.lazy.map(\.shelf))
    parameters.add(deliveries.lowerBound)
    parameters.add(deliveries.upperBound)
    parameters.add(Int64(limit))
    var found = [[ShelfWalk.Found]](repeating: [], count: places.count)
    let statement = isNewestFirst ? statements.shelvesBefore : statements.shelvesFrom
    for row in try connection.read(statement, parameters) {
      found[Int(row.integer(0)) - 1].append(
        ShelfWalk.Found(delivery: row.integer(1), event: row.eventID(2)))
    }
    return found
  }

  private func unlisted(
    _ deliveries: ClosedRange<Int64>, limit: Int
  ) throws(StoreError) -> [ShelfWalk.Found] {
    var parameters = Parameters()
    parameters.add(deliveries.lowerBound)
    parameters.add(deliveries.upperBound)
    parameters.add(Int64(limit))
    let statement = isNewestFirst ? statements.unlistedBefore : statements.unlistedFrom
    return try connection.read(statement, parameters).map {
      ShelfWalk.Found(delivery: $0.integer(0), event: $0.eventID(1))
    }
  }

  /// Rising, each once.
  private func rows(
    of events: Set<EventID>, _ numbers: [Int64], within part: Range<Int64>
  ) throws(StoreError) -> [EventRow] {
    var ids = Parameters(capacity: 24 * events.count + 64)
    ids.add(array: events)
    ids.add(part.lowerBound)
    ids.add(part.upperBound)
    var late = Parameters(capacity: 12 * numbers.count + 64)
    late.add(array: numbers)
    var pipeline = Pipeline()
    pipeline.add(statements.byID, ids)
    pipeline.add(statements.byNumber, late)
    var rows: [Int64: EventRow] = [:]
    for row in try connection.read(pipeline).joined().map(EventRow.init) { rows[row.number] = row }
    return rows.values.sorted { $0.number < $1.number }
  }

  /// Looks at all events within these numbers.
  mutating func look(along numbers: Range<Int64>) throws(StoreError) -> Bool {
    var rest = numbers
    var count = max(16, min(256, 2 * request.limit))
    while !rest.isEmpty {
      guard mayGoOn() else { return false }
      count = min(count, max(1, rowsLeft))
      var parameters = Parameters()
      parameters.add(rest.lowerBound)
      parameters.add(rest.upperBound)
      parameters.add(Int64(count))
      let read = try connection.read(isNewestFirst ? statements.before : statements.from, parameters)
      let rows = read.map(EventRow.init)
      guard let edge = rows.last?.number else { return true }
      guard try take(rows) else { return false }
      guard rows.count == count else { return true }
      rest = isNewestFirst ? rest.lowerBound..<edge : edge + 1..<rest.upperBound
      count = min(2 * count, 2_048)
    }
    return true
  }

  // MARK: Whether they fit

  /// What costs least is asked first, and nothing that is not asked for is read.
  ///
  /// - Parameter rows: In the order of the page.
  /// - Returns: false: the page ends here, with or before the last of them.
  private mutating func take(_ rows: [EventRow]) throws(StoreError) -> Bool {
    rowsLeft -= rows.count
    var fitting = rows.filter(holds)
    if request.filter.asksOfDeliveries, !fitting.isEmpty {
      let standings = try self.standings(of: fitting)
      fitting = fitting.filter { row in
        matcher.holds(
          isDropped: row.isDropped,
          deliveries: (standings[row.id] ?? []).map {
            (names.destinations.name(of: $0.destination), $0.state)
          })
      }
    }
    if request.filter.text != nil {
      guard try takeByText(fitting) else { return false }
    } else {
      for row in fitting {
        add(row)
        guard !isFull else { return false }
      }
    }
    if let row = rows.last { looked(at: row) }
    return true
  }

  private mutating func takeByText(_ rows: [EventRow]) throws(StoreError) -> Bool {
    var rest = rows[...]
    while !rest.isEmpty {
      guard mayGoOn() else { return false }
      var (group, bytes): ([EventRow], Int) = ([], 0)
      while let row = rest.first, group.isEmpty || bytes + row.bodyBytes <= Self.bodyBytes {
        group.append(rest.removeFirst())
        bytes += row.bodyBytes
      }
      var parameters = Parameters(capacity: 24 * group.count + 64)
      parameters.add(array: group.lazy.map(\.id))
      let bodies = try connection.read(statements.bodies, parameters)
      let places = Dictionary(bodies.map { ($0.eventID(0), $0) }) { first, _ in first }
      for row in group {
        let fits = places[row.id]?.withBytes(1) { matcher.holds(body: $0.bindMemory(to: UInt8.self)) }
        if fits ?? false { add(row) } else { looked(at: row) }
        guard !isFull else { return false }
      }
    }
    return true
  }

  private mutating func add(_ row: EventRow) {
    found.append(row.id)
    foundBytes += row.bodyBytes
    looked(at: row)
  }

  private mutating func looked(at row: EventRow) {
    last = (EventCursor(rawValue: row.number), row.received)
  }

  private func holds(_ row: EventRow) -> Bool {
    let filter = matcher.filter
    if !filter.ids.isEmpty && !filter.ids.contains(row.id) { return false }
    guard conditions.sources?.contains(row.source) ?? true else { return false }
    if let routes = conditions.routes, !row.routes.contains(where: routes.contains) { return false }
    return matcher.holds(type: row.type) && matcher.holds(company: row.company)
      && matcher.holds(channel: row.channel) && matcher.holds(chat: row.chat)
      && matcher.holds(receivedAt: history.wall(at: row.received))
  }

  private func standings(
    of rows: [EventRow]
  ) throws(StoreError) -> [EventID: [(destination: Int32, state: DeliveryState)]] {
    var parameters = Parameters(capacity: 24 * rows.count + 64)
    parameters.add(array: rows.lazy.map(\.id))
    var found: [EventID: [(destination: Int32, state: DeliveryState)]] = [:]
    for row in try connection.read(statements.standings, parameters) {
      guard let state = DeliveryState(rawValue: Int(row.integer(2))) else { continue }
      found[row.eventID(0), default: []].append((row.int32(1), state))
    }
    return found
  }
}

@available(*, unavailable)
extension EventPageWork: Sendable {}
