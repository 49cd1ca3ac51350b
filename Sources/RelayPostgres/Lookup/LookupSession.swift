import RelayCore
import RelayStoring

/// What a connection that looks can be asked. Confined to its thread.
///
/// Each answer tells things as they stood at one time: between two readings a delivery may pass from one shelf to another. Each is soon over.
final class LookupSession {
  /// Rows that a page looks at, at most.
  static let pageRows = 5_000
  /// Deliveries that are asked together whether they fit, at least: each time is a round trip.
  private static let askedTogether = 512

  private let connection: LookupConnection
  private let clock: any SteadyClock
  private let names: LookupNames
  private let records: RecordReader
  private let bounds: TimeBounds
  private let walks: WalkStatements
  private let eventPages: EventPages
  private let standing: StandingReader
  private let replayReader: ReplayReader
  private let people: PeopleReader
  /// Which connection's answers are kept.
  private var generation = 0

  /// - Parameters:
  ///   - clock: Knows what the wall clock showed.
  ///   - fewest: How many events of deliveries in a state are looked up one by one, wherever they are.
  init(
    _ connection: LookupConnection, clock: any SteadyClock, tables: TableNames = TableNames(),
    fewest: Int = 1_000
  ) {
    self.connection = connection
    self.clock = clock
    names = LookupNames(tables)
    records = RecordReader(tables, names: names, connection)
    bounds = TimeBounds(tables, connection)
    walks = WalkStatements(tables)
    eventPages = EventPages(
      tables, names: names, bounds: bounds, records: records, connection, fewest: fewest)
    standing = StandingReader(tables, names: names, connection)
    replayReader = ReplayReader(tables, connection)
    people = PeopleReader(tables, connection)
  }

  func close() { connection.close() }

  /// Reads everything as it stands at one time, and knows all names by then.
  private func snapshot<Value>(
    _ body: (ClockHistory) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    try connection.snapshot({ firstQuestions() }) { rows throws(StoreError) in
      names.add(rows)
      return try body(clock.history)
    }
  }

  /// What is kept of another connection's answers is forgotten.
  private func firstQuestions() -> Pipeline {
    if connection.generation != generation {
      generation = connection.generation
      names.forget()
      bounds.forget()
    }
    return names.pipeline
  }

  /// Whether the store can be read.
  func look() throws(StoreError) {
    try connection.snapshot { _ throws(StoreError) in _ = try connection.read(SchemaStatements.mark) }
  }

  // MARK: Events

  /// The event with all its deliveries, which are few: as many as there are destinations.
  func event(_ id: EventID) throws(StoreError) -> EventRecord? {
    try snapshot { history throws(StoreError) in try records.events([id], history, .whole).first }
  }

  /// - Parameter budget: How much a page may look at.
  func events(
    _ request: EventPageRequest, budget: LookupBudget = .page
  ) throws(StoreError) -> EventPage {
    try snapshot { history throws(StoreError) in try eventPages.page(request, history, budget) }
  }

  func replayable(
    _ request: EventPageRequest, budget: LookupBudget = .page
  ) throws(StoreError) -> ReplayPage {
    try snapshot { history throws(StoreError) in try eventPages.replayPage(request, history, budget) }
  }

  // MARK: Deliveries

  func deliveries(
    _ filter: DeliveryFilter, after: DeliveryID?, limit: Int
  ) throws(StoreError) -> DeliveryPage {
    let limit = max(1, limit)
    return try snapshot { history throws(StoreError) in
      var found: [DeliveryRecord] = []
      let atOnce = max(limit + 1, Self.askedTogether)
      let next = try steps(filter, after: after, history, atOnce: atOnce) { steps throws(StoreError) in
        // Few of them may fit, and all that there is to tell is read of those alone. One more than asked for: there is a next page.
        let fitting = try records.places(steps).filter { filter.holds($0, history) }
        found += try records.deliveries(fitting.prefix(limit + 1 - found.count).map(\.id), history)
        return found.count <= limit
      }
      guard found.count > limit else { return DeliveryPage(deliveries: found, next: next) }
      found.removeLast()
      return DeliveryPage(deliveries: found, next: found.last?.id)
    }
  }

  func count(_ filter: DeliveryFilter, after: DeliveryID?) throws(StoreError) -> DeliveryCountPage {
    try snapshot { history throws(StoreError) in
      var counts = DeliveryCounts()
      let next = try places(filter, after: after, history) { row in
        if row.isErased { counts.erased += 1 } else { counts.add(of: row.destination, row.place.state) }
      }
      return DeliveryCountPage(counts: counts, next: next)
    }
  }

  func groups(_ filter: DeliveryFilter, after: DeliveryID?) throws(StoreError) -> DeliveryGroupPage {
    try snapshot { history throws(StoreError) in
      var groups = DeliveryGroups()
      let next = try places(filter, after: after, history) { row in
        groups.add(row.kind, receivedAt: history.wall(at: row.received), error: row.lastError)
      }
      return DeliveryGroupPage(groups: groups, next: next)
    }
  }

  /// What of these there is.
  func places(of ids: [DeliveryID]) throws(StoreError) -> [DeliveryPlace] {
    try snapshot { _ throws(StoreError) in try records.places(ids).map(\.place) }
  }

  /// What fits among the next rows.
  ///
  /// - Returns: Where the next page begins; nil: there are no more.
  private func places(
    _ filter: DeliveryFilter, after: DeliveryID?, _ history: ClockHistory, _ body: (PlaceRow) -> Void
  ) throws(StoreError) -> DeliveryID? {
    try steps(filter, after: after, history, atOnce: 1_024) { steps throws(StoreError) in
      for row in try records.places(steps) where filter.holds(row, history) { body(row) }
      return true
    }
  }

  /// The next deliveries that may fit, newest first.
  ///
  /// - Parameters:
  ///   - count: So many are handed over at a time.
  ///   - body: Says whether to go on.
  /// - Returns: The last that was looked at; nil: there are no more.
  private func steps(
    _ filter: DeliveryFilter, after: DeliveryID?, _ history: ClockHistory, atOnce count: Int,
    _ body: ([DeliveryID]) throws(StoreError) -> Bool
  ) throws(StoreError) -> DeliveryID? {
    var destination: Int32?
    if let name = filter.destination {
      guard let known = names.destinations.all.first(where: { $0.name == name }) else { return nil }
      destination = known.row
    }
    let all = try lanes(filter, destination, history)
    var walk = MergedWalk(lanes: all.count, before: after ?? DeliveryID(rawValue: .max))
    var (looked, last): (Int, DeliveryID?) = (0, nil)
    var fitting: [DeliveryID] = []
    while looked < Self.pageRows {
      switch walk.next() {
      case .read(let lanes, let before):
        try walks.read(
          lanes, of: all, for: &walk, before: before, filter.state, destination, connection)
      case .step(let step):
        if step.fits { fitting.append(step.delivery) }
        (looked, last) = (looked + 1, step.delivery)
        guard fitting.count >= count else { continue }
        guard try body(fitting) else { return last }
        fitting = []
      case .end:
        _ = try body(fitting)
        return nil
      }
    }
    _ = try body(fitting)
    return last
  }

  /// Where all stands that may fit.
  private func lanes(
    _ filter: DeliveryFilter, _ destination: Int32?, _ history: ClockHistory
  ) throws(StoreError) -> [DeliveryLane] {
    // Where the wall clock was set back, more than fits lies between the two: each delivery is asked itself, too.
    let slack = TimeBounds.longestCommit
    let first = try filter.since.map { time throws(StoreError) in
      try bounds.firstDelivery(receivedFrom: history.firstMoment(from: time).advanced(by: .zero - slack))
    }
    let end = try filter.until.map { time throws(StoreError) in
      try bounds.firstDelivery(receivedFrom: history.lastMoment(before: time).advanced(by: slack))
    }
    let start = first ?? DeliveryID(rawValue: 0)
    let shelves: [Int16]
    var others: [DeliveryLane.Source] = []
    switch filter.state {
    case .dead: shelves = [4]
    case .pending: (shelves, others) = ([0, 1, 2, -4, -3, -2], [.unlisted])
    // Which of the discarded ones are overflowed is asked of each.
    case .discarded, .overflowed: shelves = [5]
    case .delivered, nil: (shelves, others) = ([], [.all])
    }
    let rows = destination.map { [$0] } ?? names.destinations.all.map(\.row)
    let sources = others + rows.flatMap { row in shelves.map { .shelf($0, destination: row) } }
    let lanes = sources.map { DeliveryLane($0, from: start, before: end ?? DeliveryID(rawValue: .max)) }
    guard let end else { return lanes }
    // What was received before that time, and routed anew or replayed after it, stands there.
    return lanes + [.rerouted, .replayed].map { DeliveryLane($0, from: max(start, end)) }
  }

  func oldestPending() throws(StoreError) -> [String: Timestamp] {
    try snapshot { _ throws(StoreError) in try standing.oldestPending() }
  }

  func oldestDue() throws(StoreError) -> [String: Timestamp] {
    try snapshot { _ throws(StoreError) in try standing.oldestDue() }
  }

  func pendingWaits(at now: Timestamp) throws(StoreError) -> [String: PendingWaits] {
    try snapshot { _ throws(StoreError) in try standing.waits(at: now) }
  }

  // MARK: People and replays

  func audit(_ filter: AuditFilter, after: AuditID?, limit: Int) throws(StoreError) -> AuditPage {
    try connection.snapshot { _ throws(StoreError) in try people.audit(filter, after: after, limit: limit) }
  }

  func gaps(since: Timestamp?, until: Timestamp?) throws(StoreError) -> [Gap] {
    let history = clock.history
    return try connection.snapshot { _ throws(StoreError) in
      try people.gaps(since: since, until: until, by: history)
    }
  }

  /// Newest first.
  func replays(before: Int?, limit: Int) throws(StoreError) -> [Replay] {
    let history = clock.history
    return try connection.snapshot { _ throws(StoreError) in
      try replayReader.replays(before: before, limit: min(limit, Self.pageRows), history)
    }
  }

  func replay(_ id: Int) throws(StoreError) -> Replay? {
    let history = clock.history
    return try connection.snapshot { _ throws(StoreError) in try replayReader.replay(id, history) }
  }

  /// By the store's own times: whoever goes on with them needs these.
  func unfinishedReplays() throws(StoreError) -> [Replay] {
    try connection.snapshot { _ throws(StoreError) in try replayReader.unfinished() }
  }
}

@available(*, unavailable)
extension LookupSession: Sendable {}
