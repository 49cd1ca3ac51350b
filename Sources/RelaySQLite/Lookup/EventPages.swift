import RelayCore

/// How much a page may look at.
struct LookupBudget {
  var rows: Int
  var time: Duration

  /// Others who ask get their turn after it.
  static let page = LookupBudget(rows: 20_000, time: .milliseconds(10))
}

/// Finds events: goes along their rows, and asks each whether it fits. Confined to the thread of its connection.
///
/// A test asserts each statement's plan.
final class EventPages {
  /// Bodies are large: so much of them is looked at between two looks at the clock.
  private static let rowsBetweenLooks = 16

  private let records: RecordReader
  private let search: EventSearch
  private let names: EventNames
  private let rowsBefore: Statement
  private let rowsAfter: Statement
  private let deliveries: Statement
  private let clock = ContinuousClock()

  init(_ connection: Connection, records: RecordReader, search: EventSearch) throws(StoreError) {
    self.records = records
    self.search = search
    names = try EventNames(connection)
    func rows(_ condition: String) throws(StoreError) -> Statement {
      try connection.prepare(
        """
        SELECT e.id, e.uuid, e.type, e.company, e.channel, e.chat, e.routes, e.dropped, v.source, v.received, e.body
        FROM event e CROSS JOIN envelope v ON v.id = e.envelope WHERE \(condition)
        """)
    }
    rowsBefore = try rows("e.id < ?1 ORDER BY e.id DESC")
    rowsAfter = try rows("e.id > ?1 ORDER BY e.id")
    deliveries = try connection.prepare(
      """
      SELECT d.destination, d.state FROM event e
      CROSS JOIN delivery d ON d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries WHERE e.id = ?1
      ORDER BY d.id
      """)
  }

  /// To be asked within one transaction.
  func page(
    _ request: EventPageRequest, _ history: ClockHistory, _ budget: LookupBudget
  ) throws(StoreError) -> EventPage {
    let end = clock.now.advanced(by: budget.time)
    var question = try EventQuestion(request.filter, names)
    var page = EventPage(events: [], next: nil, reached: nil)
    let limit = max(1, request.limit)
    let rows: Statement
    switch request.order {
    case .newestFirst:
      rows = rowsBefore
      rows.bind(1, request.after?.rawValue ?? .max)
    case .oldestFirst:
      rows = rowsAfter
      rows.bind(1, request.after?.rawValue ?? 0)
    }
    defer { rows.reset() }
    var looked = 0
    while try rows.step() {
      // One more than may be looked at, or than was asked for: there is a next page.
      let isOver = looked % Self.rowsBetweenLooks == 0 && looked > 0 && clock.now >= end
      guard looked < budget.rows, !isOver, page.events.count < limit else { return page }
      looked += 1
      let row: EventRowID = rows.row(0)
      let received = history.wall(at: rows.time(9))
      let fits = try question.holds(rows, received: received)
      if fits, try holds(row, rows, &question) {
        let extent = RecordReader.Extent(body: request.withBodies, failures: false)
        if let record = try records.event(row, history, extent) { page.events.append(record) }
      }
      page.next = EventCursor(rawValue: row.rawValue)
      page.reached = received
    }
    page.next = nil
    return page
  }

  /// What takes more than the row.
  private func holds(
    _ row: EventRowID, _ rows: Statement, _ question: inout EventQuestion
  ) throws(StoreError) -> Bool {
    if question.matcher.filter.asksOfDeliveries {
      deliveries.bind(1, row)
      var found: [(destination: String, state: DeliveryState)] = []
      while try deliveries.step() {
        guard let state = DeliveryState(stored: deliveries.integer(1)) else { continue }
        found.append((try names.destination(deliveries.row(0)), state))
      }
      guard question.matcher.holds(isDropped: rows.integer(7) != 0, deliveries: found) else { return false }
    }
    return rows.withBytes(10) { question.matcher.holds(body: $0) }
  }
}

@available(*, unavailable)
extension EventPages: Sendable {}

/// A filter, and what it means in this store. For one page: names may be added later.
struct EventQuestion {
  var matcher: EventMatcher
  private let names: EventNames

  init(_ filter: EventFilter, _ names: EventNames) throws(StoreError) {
    matcher = EventMatcher(filter)
    self.names = names
  }

  /// What the row itself tells.
  func holds(_ rows: Statement, received: Timestamp) throws(StoreError) -> Bool {
    let traits = EventMatcher.Traits(
      id: rows.eventID(1), type: rows.text(2)!, company: rows.text(3), channel: rows.text(4),
      chat: rows.text(5), source: try names.source(rows.row(8)), receivedAt: received)
    guard matcher.holds(traits) else { return false }
    if matcher.filter.routes.isEmpty { return true }
    return matcher.holds(routes: try names.routes(rows.text(6)!))
  }
}

@available(*, unavailable)
extension EventQuestion: Sendable {}

/// The names that numbers in events' rows stand for. They never change, so each is read once. Confined to the thread of its
/// connection.
final class EventNames {
  private let sourceName: Statement
  private let routeName: Statement
  private let destinationName: Statement
  private var sources: [SourceRowID: String] = [:]
  private var routes: [Substring: String] = [:]
  private var destinations: [DestinationRowID: String] = [:]

  init(_ connection: Connection) throws(StoreError) {
    sourceName = try connection.prepare("SELECT name FROM source WHERE id = ?1")
    routeName = try connection.prepare("SELECT name FROM route WHERE id = ?1")
    destinationName = try connection.prepare("SELECT name FROM destination WHERE id = ?1")
  }

  func source(_ row: SourceRowID) throws(StoreError) -> String {
    if let name = sources[row] { return name }
    sourceName.bind(1, row)
    let name = try name(sourceName) ?? "#\(row)"
    sources[row] = name
    return name
  }

  func destination(_ row: DestinationRowID) throws(StoreError) -> String {
    if let name = destinations[row] { return name }
    destinationName.bind(1, row)
    let name = try name(destinationName) ?? "#\(row)"
    destinations[row] = name
    return name
  }

  /// - Parameter numbers: Separated by spaces.
  func routes(_ numbers: String) throws(StoreError) -> [String] {
    var names: [String] = []
    for number in numbers.split(separator: " ") {
      if let name = routes[number] {
        names.append(name)
        continue
      }
      routeName.bind(1, Int64(number))
      let name = try name(routeName) ?? "#\(number)"
      // Its own memory: the text that it is cut from goes.
      routes[Substring(String(number))] = name
      names.append(name)
    }
    return names
  }

  private func name(_ query: Statement) throws(StoreError) -> String? {
    defer { query.reset() }
    return try query.step() ? query.text(0) : nil
  }
}

@available(*, unavailable)
extension EventNames: Sendable {}
