import RelayCore
import RelayStoring

/// How much a page may look at.
struct LookupBudget {
  var rows: Int
  var time: Duration

  /// Others who ask get their turn after it.
  static let page = LookupBudget(rows: 20_000, time: .milliseconds(10))
}

/// Finds events, a page at a time. Confined to the thread of its connection.
///
/// `EventWalk` says which rows may fit; each is asked itself. A test asserts each statement's plan.
final class EventPages {
  private let records: RecordReader
  private let search: EventSearch
  private let names: EventNames
  private let bounds: EventBounds
  private let sources: EventWalk.Sources
  private let rows: EventRows
  /// The same with what replays look at.
  private let replayableRows: EventRows

  init(
    _ connection: Connection, records: RecordReader, search: EventSearch, shape: RunShape = .standard,
    fewest: Int
  ) throws(StoreError) {
    self.records = records
    self.search = search
    names = try EventNames(connection)
    bounds = try EventBounds(connection)
    sources = EventWalk.Sources(
      runs: try RunReader(connection, shape), listed: try ListedEvents(connection, fewest: fewest),
      replayed: try ReplayedEvents(connection))
    rows = try EventRows(connection)
    replayableRows = try EventRows(connection, withDeliveries: true)
  }

  /// To be asked within one transaction.
  func page(
    _ request: EventPageRequest, _ history: ClockHistory, _ budget: LookupBudget
  ) throws(StoreError) -> EventPage {
    let extent = RecordReader.Extent(body: request.withBodies, failures: false)
    var events: [EventRecord] = []
    let (next, reached) = try walk(request, history, budget, rows) { row, _ throws(StoreError) in
      if let record = try records.event(row, history, extent) { events.append(record) }
      return events.count
    }
    return EventPage(events: events, next: next, reached: reached)
  }

  /// The same with what a replay needs of each.
  func replayPage(
    _ request: EventPageRequest, _ history: ClockHistory, _ budget: LookupBudget, _ replays: ReplayReader
  ) throws(StoreError) -> ReplayPage {
    var events: [ReplayableEvent] = []
    var bytes = 0
    defer { replays.endPage() }
    let (next, _) = try walk(request, history, budget, replayableRows) { row, query throws(StoreError) in
      guard let envelope = try replayableRows.envelope(query.integer(8)) else { return events.count }
      let event = try replays.replayable(
        row, query, withBody: request.withBodies, source: names.source(envelope.source),
        receivedAt: history.wall(at: envelope.received), names)
      events.append(event)
      bytes += event.record.body.count
      return bytes < ReplayReader.pageBytes ? events.count : request.limit
    }
    return ReplayPage(events: events, next: next)
  }

  /// - Parameter found: Is given each event that fits, with its columns; says how many the page has by then.
  /// - Returns: The page's `next`, and what it has reached.
  private func walk(
    _ request: EventPageRequest, _ history: ClockHistory, _ budget: LookupBudget, _ rows: EventRows,
    found: (EventRowID, Statement) throws(StoreError) -> Int
  ) throws(StoreError) -> (next: EventCursor?, reached: Timestamp?) {
    try withoutActuallyEscaping(found) { found throws(StoreError) in
      var work = EventPageWork(request, history, budget, rows: rows, names: names, found: found)
      let conditions = EventConditions(request.filter, names: try names.all())
      let all = try bounds.allRows()
      guard !all.isEmpty, !conditions.isImpossible else { return (nil, nil) }
      let isOver =
        request.filter.ids.isEmpty
        ? try walk(request, conditions, history, in: all, &work) : try lookUp(request.filter.ids, &work)
      guard !isOver, let next = work.place else { return (nil, nil) }
      return (next, try bounds.received(from: next.rawValue).map(history.wall(at:)))
    }
  }

  /// - Returns: Whether it has come to the end.
  private func lookUp(_ ids: [EventID], _ work: inout EventPageWork) throws(StoreError) -> Bool {
    var found: Set<Int64> = []
    for id in Set(ids) {
      if let row = try search.row(of: id) { found.insert(row.rawValue) }
    }
    return try work.look(at: found.sorted())
  }

  private func walk(
    _ request: EventPageRequest, _ conditions: EventConditions, _ history: ClockHistory, in all: Range<Int64>,
    _ work: inout EventPageWork
  ) throws(StoreError) -> Bool {
    let listed = try conditions.listed.map { asked throws(StoreError) in
      try sources.listed.walk(asked, request.order)
    }
    if let listed, let few = try sources.listed.few(listed) { return try work.look(at: few.rows) }
    let filter = request.filter
    let within = try bounds.rows(since: filter.since, until: filter.until, history, in: all)
    let asksLate =
      listed != nil || conditions.conditions.contains { $0.grows } || filter.until != nil
    let late = asksLate ? try bounds.lateEvents() : SortedRows([])
    // What came in time and was stored later stands behind; too much of it is found by a walk through all.
    let end = late == nil ? all.upperBound : within.upperBound
    let behind = late.map { Array($0.rows(in: end..<max(end, all.upperBound))) } ?? []
    let rest = work.rest(of: within.lowerBound..<max(within.lowerBound, end))
    let walk = try EventWalk(
      rest, request, conditions, late: late, listed: listed, sources)
    switch request.order {
    case .newestFirst:
      guard try work.look(at: behind) else { return false }
      return try work.look(along: walk)
    case .oldestFirst:
      guard try work.look(along: walk) else { return false }
      return try work.look(at: behind)
    }
  }
}

@available(*, unavailable)
extension EventPages: Sendable {}

/// Reads events' rows for `EventPageWork`. Confined to the thread of its connection.
///
/// A test asserts each statement's plan.
final class EventRows {
  let rowsBefore: Statement
  let rowsFrom: Statement
  let rowAlone: Statement
  let deliveries: Statement
  private let envelope: Statement
  private var lastEnvelope: (row: Int64, source: SourceRowID, received: Timestamp)?

  /// - Parameter withDeliveries: Rows say where the deliveries stand that came with the event: from which, and how many.
  init(_ connection: Connection, withDeliveries: Bool = false) throws(StoreError) {
    let more = withDeliveries ? ", first_delivery, deliveries" : ""
    func rows(_ condition: String) throws(StoreError) -> Statement {
      try connection.prepare(
        """
        SELECT id, uuid, type, company, channel, chat, routes, dropped, envelope, body\(more) FROM event
        WHERE \(condition)
        """)
    }
    rowsBefore = try rows("id >= ?1 AND id < ?2 ORDER BY id DESC")
    rowsFrom = try rows("id >= ?1 AND id < ?2 ORDER BY id")
    rowAlone = try rows("id = ?1")
    deliveries = try connection.prepare(
      """
      SELECT d.destination, d.state FROM event e
      CROSS JOIN delivery d ON d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries WHERE e.id = ?1
      UNION ALL SELECT d.destination, d.state FROM replayed r CROSS JOIN delivery d ON d.id = r.delivery
      WHERE r.event = ?1
      """)
    envelope = try connection.prepare("SELECT source, received FROM envelope WHERE id = ?1")
  }

  /// Most events are alone in their envelopes, but some come together. An envelope's row never changes in what is read here.
  func envelope(_ row: Int64) throws(StoreError) -> (source: SourceRowID, received: Timestamp)? {
    if let last = lastEnvelope, last.row == row { return (last.source, last.received) }
    envelope.bind(1, row)
    defer { envelope.reset() }
    guard try envelope.step() else { return nil }
    let found = (row: row, source: envelope.row(0) as SourceRowID, received: envelope.time(1))
    lastEnvelope = found
    return (found.source, found.received)
  }
}

@available(*, unavailable)
extension EventRows: Sendable {}
