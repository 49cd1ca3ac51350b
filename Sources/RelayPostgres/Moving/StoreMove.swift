import RelayCore
import RelayStoring

/// A move that is under way: each step is a transaction that writes some rows, and how far that has come. Confined to one thread.
struct StoreMove {
  private let origin: any StoreOrigin
  private let ask: MoveConnection
  private let pages: StoreMover.Pages
  private var progress: MoveProgress
  /// How many events this run has moved.
  private(set) var eventCount = 0
  /// nil: they are not there yet, or were not read.
  private var names: MoveNames?
  /// Days whose tables are there.
  private var made: Set<Day> = []

  private let tables = TableNames()
  private let progressStatements: MoveProgressStatements
  private let arrivals: ArrivalMoveStatements
  private let state: StateMoveStatements
  private let moved: MovedStatements
  private let days: DayTableStatements

  /// How often the tables of a day are tried to be made, each time for 200 ms at most.
  private static let attempts = 25

  init(
    from origin: any StoreOrigin, _ ask: MoveConnection, _ progress: MoveProgress, _ pages: StoreMover.Pages
  ) {
    self.origin = origin
    self.ask = ask
    self.progress = progress
    self.pages = pages
    progressStatements = MoveProgressStatements(tables)
    arrivals = ArrivalMoveStatements(tables)
    state = StateMoveStatements(tables)
    moved = MovedStatements(tables)
    days = DayTableStatements(tables)
  }

  var step: MoveProgress.Step { progress.step }

  /// The next transaction.
  mutating func goOn() throws(StoreError) {
    var pipeline = Pipeline()
    var next = progress
    switch progress.step {
    case .state:
      state.insert(try origin.state(), into: &pipeline)
      next.goOn(to: .arrivals)
    case .arrivals: try addArrivals(&pipeline, &next)
    case .envelopes: try addEnvelopes(&pipeline, &next)
    case .audit: try addAudit(&pipeline, &next)
    case .replays:
      for replay in try origin.replays() { state.insert(try placed(replay), into: &pipeline) }
      next.goOn(to: .comparing)
    case .comparing, .done: return
    }
    progressStatements.write(next, in: &pipeline)
    try ask.run(pipeline)
    progress = next
  }

  // MARK: Steps

  private mutating func addArrivals(
    _ pipeline: inout Pipeline, _ next: inout MoveProgress
  ) throws(StoreError) {
    let page = try origin.arrivals(after: progress.place, limit: pages.rows, byteLimit: pages.bytes)
    guard !page.arrivals.isEmpty else { return next.goOn(to: .envelopes) }
    let numbered = NumberedPage(page, &next.numbering, from: progress.firstDay)
    try make(numbered.days)
    let names = try knownNames()
    try arrivals.insert(numbered, names, into: &pipeline)
    next.place = page.end
    eventCount += numbered.events.count
  }

  private mutating func addEnvelopes(
    _ pipeline: inout Pipeline, _ next: inout MoveProgress
  ) throws(StoreError) {
    let page = try origin.envelopes(
      after: progress.row, receivedFrom: progress.envelopesFrom, limit: pages.rows)
    guard !page.envelopes.isEmpty else { return next.goOn(to: .audit) }
    let ticks = page.envelopes.map { next.numbering.takeEnvelope($0.receivedAt) }
    try make(Set(ticks.map { Day(tick: $0) }))
    let names = try knownNames()
    try arrivals.insert(page.envelopes, at: ticks, names, into: &pipeline)
    next.row = page.end
  }

  private func addAudit(_ pipeline: inout Pipeline, _ next: inout MoveProgress) throws(StoreError) {
    let entries = try origin.audit(after: AuditID(rawValue: progress.row), limit: pages.rows)
    guard let last = entries.last else {
      state.endAudit(in: &pipeline)
      return next.goOn(to: .replays)
    }
    state.insert(entries, into: &pipeline)
    next.row = last.id.rawValue
  }

  /// With the places of this store in its cursors.
  private func placed(_ replay: Replay) throws(StoreError) -> Replay {
    try replay.moved { cursor throws(StoreError) in
      guard let event = EventID(cursor) else { return cursor }
      return try moved.cursor(of: event, ask)
    }
  }

  private mutating func knownNames() throws(StoreError) -> MoveNames {
    if let names { return names }
    let tables = tables
    let found = try ask.ask { (connection, limit) throws(PostgresError) in
      try MoveNames(tables, connection, within: limit)
    }
    names = found
    return found
  }

  /// Makes the tables of those days that have none.
  private mutating func make(_ wanted: Set<Day>) throws(StoreError) {
    for day in wanted.subtracting(made).sorted() {
      let statement = days.make(day)
      let attempts = Self.attempts
      try ask.ask { (connection, limit) throws(PostgresError) in
        for _ in 1..<attempts {
          do throws(PostgresError) {
            _ = try connection.run(statement, within: limit)
            return
          } catch {
            // The server itself is at the table.
            guard error.state == "55P03" else { throw error }
          }
        }
        _ = try connection.run(statement, within: limit)
      }
      made.insert(day)
    }
  }

  // MARK: The end

  /// Reads both as wholes, and compares them; then a relay may take the store.
  ///
  /// - Throws: `failing`, where they are not the same.
  mutating func compareAndEnd() throws(StoreError) -> MovedCounts {
    let names = try knownNames()
    let comparison = MoveComparison(
      origin: origin, ask: ask, names: names, envelopesFrom: progress.envelopesFrom, pages: pages)
    let counts = try comparison.compare()
    var pipeline = Pipeline()
    state.end(progress.numbering, in: &pipeline)
    progress.goOn(to: .done)
    progressStatements.write(progress, in: &pipeline)
    try ask.run(pipeline)
    return counts
  }
}

@available(*, unavailable)
extension StoreMove: Sendable {}
