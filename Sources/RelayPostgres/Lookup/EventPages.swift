import RelayCore
import RelayStoring

/// Finds events, a page at a time. Confined to the thread of its connection.
///
/// What is in a state that few are in is found by the shelves of deliveries; all else by a walk in order of arrival, along the index of the
/// events' numbers. Each page says how far it has come.
final class EventPages {
  private let statements: EventStatements
  private let names: LookupNames
  private let bounds: TimeBounds
  private let records: RecordReader
  private let connection: LookupConnection
  /// How many events of deliveries in a state are looked up one by one, wherever they are.
  private let fewest: Int

  init(
    _ tables: TableNames, names: LookupNames, bounds: TimeBounds, records: RecordReader,
    _ connection: LookupConnection, fewest: Int = 1_000
  ) {
    statements = EventStatements(tables)
    self.names = names
    self.bounds = bounds
    self.records = records
    self.connection = connection
    self.fewest = fewest
  }

  /// Within a snapshot.
  func page(
    _ request: EventPageRequest, _ history: ClockHistory, _ budget: LookupBudget
  ) throws(StoreError) -> EventPage {
    let found = try find(request, history, budget)
    let events = try records.events(
      found.events, history, RecordReader.Extent(body: request.withBodies))
    return EventPage(
      events: events, next: found.next?.place, reached: found.next.map { history.wall(at: $0.received) })
  }

  /// The same with what a replay needs of each.
  func replayPage(
    _ request: EventPageRequest, _ history: ClockHistory, _ budget: LookupBudget
  ) throws(StoreError) -> ReplayPage {
    let found = try find(request, history, budget)
    let events = try records.events(
      found.events, history, RecordReader.Extent(body: request.withBodies, deliveries: false))
    let standings = try self.standings(of: found.events)
    return ReplayPage(
      events: events.map { event in
        var record = event
        (record.configuration, record.routes) = ("", [])
        return ReplayableEvent(record: record, standings: standings[event.id] ?? [])
      }, next: found.next?.place)
  }

  // MARK: Finding

  private struct Found {
    var events: [EventID] = []
    /// The last that was looked at; nil: there are no more.
    var next: (place: EventCursor, received: Timestamp)?
  }

  private func find(
    _ request: EventPageRequest, _ history: ClockHistory, _ budget: LookupBudget
  ) throws(StoreError) -> Found {
    let conditions = EventConditions(request.filter, names: names)
    let all = try bounds.allEvents()
    guard !all.isEmpty, !conditions.isImpossible else { return Found() }
    var work = EventPageWork(
      request, conditions, history, budget, names: names, statements, connection)
    let isOver =
      request.filter.ids.isEmpty
      ? try walk(request, conditions, history, in: all, &work)
      : try work.look(at: Array(Set(request.filter.ids)), in: all)
    return Found(events: work.found, next: isOver ? nil : work.last)
  }

  /// - Returns: Whether it has come to the end.
  private func walk(
    _ request: EventPageRequest, _ conditions: EventConditions, _ history: ClockHistory,
    in all: Range<Int64>, _ work: inout EventPageWork
  ) throws(StoreError) -> Bool {
    let filter = request.filter
    if let listed = conditions.listed, let few = try self.few(listed) {
      return try work.look(at: few, in: all)
    }
    let within = try bounds.events(since: filter.since, until: filter.until, history, in: all)
    let late =
      filter.until == nil ? nil : try late(from: within.upperBound, withReplays: false, request)
    guard let late else {
      // Too much was stored later than it came: that is found by a walk through all.
      return try look(
        along: within.lowerBound..<max(within.lowerBound, all.upperBound), conditions, request, &work)
    }
    // What came in time and was stored later stands behind.
    let behind = late.filter { $0 >= within.upperBound }
    switch request.order {
    case .newestFirst:
      guard try work.look(atNumbers: behind) else { return false }
      return try look(along: within, conditions, request, &work)
    case .oldestFirst:
      guard try look(along: within, conditions, request, &work) else { return false }
      return try work.look(atNumbers: behind)
    }
  }

  /// Looks at what may fit within these numbers: by shelves, where these tell, and it is few that came there later than their events.
  private func look(
    along numbers: Range<Int64>, _ conditions: EventConditions, _ request: EventPageRequest,
    _ work: inout EventPageWork
  ) throws(StoreError) -> Bool {
    let rest = work.rest(of: numbers)
    if let listed = conditions.listed,
      let late = try late(from: numbers.lowerBound, withReplays: true, request)
    {
      return try work.look(along: rest, listed, late: late)
    }
    return try work.look(along: rest)
  }

  /// The numbers of events from this one on, and of some before it, that have got deliveries later; nil: there are too many.
  private func late(
    from number: Int64, withReplays: Bool, _ request: EventPageRequest
  ) throws(StoreError) -> [Int64]? {
    try bounds.late.numbers(
      from: number - ShelfWalk.span, withReplays: withReplays, isFirstPage: request.after == nil)
  }

  /// The events of all that is in these states; nil: they are many.
  private func few(_ listed: EventConditions.Listed) throws(StoreError) -> [EventID]? {
    var pipeline = Pipeline()
    var shelves = Parameters(capacity: 8 * listed.destinations.count + 128)
    shelves.add(array: listed.destinations)
    shelves.add(array: listed.shelves)
    shelves.add(Int64(fewest) + 1)
    pipeline.add(statements.onShelves, shelves)
    if listed.outcomes.contains(.pending) {
      var parameters = Parameters()
      parameters.add(Int64(fewest) + 1)
      pipeline.add(statements.unlisted, parameters)
    }
    let rows = try connection.read(pipeline)
    var events = Set(rows[0].map { $0.eventID(0) })
    guard rows.allSatisfy({ $0.count <= fewest }) else { return nil }
    if rows.count > 1 {
      let destinations = Set(listed.destinations)
      for row in rows[1] where destinations.contains(row.int32(1)) { events.insert(row.eventID(0)) }
    }
    return events.count <= fewest ? Array(events) : nil
  }

  // MARK: Replays

  private func standings(
    of events: [EventID]
  ) throws(StoreError) -> [EventID: [ReplayableEvent.Standing]] {
    guard !events.isEmpty else { return [:] }
    var parameters = Parameters(capacity: 24 * events.count + 64)
    parameters.add(array: events)
    var found: [EventID: [ReplayableEvent.Standing]] = [:]
    for row in try connection.read(statements.standings, parameters) {
      // One that only a later version knows is one that it has.
      let state = DeliveryState(rawValue: Int(row.integer(2))) ?? .delivered
      let reason = row.optionalInteger(3).flatMap { DiscardReason(rawValue: Int($0)) }
      found[row.eventID(0), default: []].append(
        ReplayableEvent.Standing(
          destination: names.destinations.name(of: row.int32(1)),
          state: DeliveryFilter.State(state, discarded: reason)))
    }
    return found
  }
}

@available(*, unavailable)
extension EventPages: Sendable {}
