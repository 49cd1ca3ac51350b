import RelayCore
import RelayStoring

/// One page under way: asks rows whether they fit, until there are enough or it has had its time. Confined to the thread of
/// its connection.
struct EventPageWork {
  /// Bodies are large: so much of them is looked at between two looks at the clock.
  private static let rowsBetweenLooks = 16
  /// Rows that are chosen are looked up one by one where they are fewer than one in so many; else the walk steps over the
  /// others.
  private static let sparse = 8

  private let request: EventPageRequest
  private let history: ClockHistory
  private let rows: EventRows
  private let names: EventNames
  private var matcher: EventMatcher
  private let asked: Asked
  private let clock = ContinuousClock()
  private let end: ContinuousClock.Instant
  private var rowsLeft: Int
  private var looked = 0
  /// Is given each event that fits, with its columns; says how many the page has by then.
  private let found: (EventRowID, Statement) throws(StoreError) -> Int
  private var count = 0
  /// The last place that has been looked at, with all before it.
  private(set) var place: EventCursor?

  init(
    _ request: EventPageRequest, _ history: ClockHistory, _ budget: LookupBudget, rows: EventRows,
    names: EventNames, found: @escaping (EventRowID, Statement) throws(StoreError) -> Int
  ) {
    self.request = request
    self.history = history
    self.found = found
    self.rows = rows
    self.names = names
    matcher = EventMatcher(request.filter)
    asked = Asked(request.filter)
    end = clock.now.advanced(by: budget.time)
    rowsLeft = budget.rows
    place = request.after
  }

  /// What of these rows no earlier page has looked at.
  func rest(of all: Range<Int64>) -> Range<Int64> { request.rest(of: all) }

  /// Something is looked at in every page, so that each comes further.
  private mutating func mayGoOn() -> Bool {
    guard looked > 0 else { return true }
    guard rowsLeft > 0, count < max(1, request.limit) else { return false }
    return looked % Self.rowsBetweenLooks != 0 || clock.now < end
  }

  // MARK: Looking

  /// - Parameter list: Rows that there are, rising.
  /// - Returns: Whether it has come to the end.
  mutating func look(at list: [Int64]) throws(StoreError) -> Bool {
    let isDescending = request.order == .newestFirst
    for row in isDescending ? list.reversed() : list where rest(of: row..<row + 1) == row..<row + 1 {
      guard mayGoOn() else { return false }
      try lookUp(row)
    }
    return true
  }

  mutating func look(along walk: consuming EventWalk) throws(StoreError) -> Bool {
    while true {
      // A part may hold nothing, and a store many such parts.
      guard mayGoOn() else { return false }
      guard let part = try walk.next() else { return true }
      guard try look(at: part) else { return false }
      let last = request.order == .newestFirst ? part.rows.lowerBound : part.rows.upperBound - 1
      place = EventCursor(rawValue: last)
      if part.chosen != nil { looked += 1 }
    }
  }

  private mutating func look(at part: EventWalk.Part) throws(StoreError) -> Bool {
    guard let chosen = part.chosen else { return try walk(part.rows, nil) }
    let range = part.rows.clamped(to: chosen.rows)
    let count = chosen.count(in: range)
    if count == 0 { return true }
    if count * Self.sparse > range.count { return try walk(range, chosen) }
    var rest = range
    while let row = request.order == .newestFirst ? chosen.last(in: rest) : chosen.first(in: rest) {
      guard mayGoOn() else { return false }
      try lookUp(row)
      rest = request.order == .newestFirst ? rest.lowerBound..<row : row + 1..<rest.upperBound
    }
    return true
  }

  private mutating func lookUp(_ row: Int64) throws(StoreError) {
    rows.rowAlone.bind(1, row)
    defer { rows.rowAlone.reset() }
    if try rows.rowAlone.step() { try take(rows.rowAlone) }
    place = EventCursor(rawValue: row)
    looked += 1
    rowsLeft -= 1
  }

  private mutating func walk(_ range: Range<Int64>, _ chosen: RowBits?) throws(StoreError) -> Bool {
    let query = request.order == .newestFirst ? rows.rowsBefore : rows.rowsFrom
    query.bind(1, range)
    defer { query.reset() }
    while try query.step() {
      guard mayGoOn() else { return false }
      let row = query.integer(0)
      if chosen?.contains(row) ?? true { try take(query) }
      place = EventCursor(rawValue: row)
      looked += 1
      rowsLeft -= 1
    }
    return true
  }

  // MARK: Whether it fits

  /// What is to be looked at of each row.
  private struct Asked {
    let traits: Bool
    let routes: Bool
    let envelope: Bool
    let deliveries: Bool
    let text: Bool

    init(_ filter: EventFilter) {
      traits =
        !(filter.ids.isEmpty && filter.types.isEmpty && filter.companies.isEmpty && filter.channels.isEmpty
        && filter.chats.isEmpty)
      routes = !filter.routes.isEmpty
      envelope = !filter.sources.isEmpty || filter.since != nil || filter.until != nil
      deliveries = filter.asksOfDeliveries
      text = filter.text != nil
    }
  }

  private mutating func take(_ query: Statement) throws(StoreError) {
    let row: EventRowID = query.row(0)
    if try holds(query, row) { count = try found(row, query) }
  }

  /// What costs least is asked first, and nothing that is not asked for is read.
  private mutating func holds(_ query: Statement, _ row: EventRowID) throws(StoreError) -> Bool {
    if asked.traits {
      guard holdsTraits(query, matcher.filter) else { return false }
    }
    if asked.routes {
      guard matcher.holds(routes: names.routes(query.text(6)!)) else { return false }
    }
    if asked.envelope {
      guard let envelope = try rows.envelope(query.integer(8)),
        matcher.holds(source: names.source(envelope.source)),
        matcher.holds(receivedAt: history.wall(at: envelope.received))
      else { return false }
    }
    if asked.deliveries {
      guard try holdsDeliveries(query, row) else { return false }
    }
    return !asked.text || query.withBytes(9) { matcher.holds(body: $0) }
  }

  private func holdsTraits(_ query: Statement, _ filter: EventFilter) -> Bool {
    if !filter.ids.isEmpty && !filter.ids.contains(query.eventID(1)) { return false }
    if !query.withBytes(2, { matcher.holds(typeBytes: $0) }) { return false }
    if !filter.companies.isEmpty && !matcher.holds(company: query.text(3)) { return false }
    if !filter.channels.isEmpty && !matcher.holds(channel: query.text(4)) { return false }
    if filter.chats.isEmpty { return true }
    return !query.isNull(5) && query.withBytes(5) { matcher.holds(chatBytes: $0) }
  }

  private mutating func holdsDeliveries(
    _ query: Statement, _ row: EventRowID
  ) throws(StoreError) -> Bool {
    rows.deliveries.bind(1, row)
    var found: [(destination: String, state: DeliveryState)] = []
    while try rows.deliveries.step() {
      guard let state = DeliveryState(stored: rows.deliveries.integer(1)) else { continue }
      found.append((names.destination(rows.deliveries.row(0)), state))
    }
    return matcher.holds(isDropped: query.integer(7) != 0, deliveries: found)
  }
}

@available(*, unavailable)
extension EventPageWork: Sendable {}
