import RelayCore

/// Which tables of days there are, and in which ones a commit's rows go: so that nearly all commits address the tables of their day by their
/// names, which costs nothing. Confined to the store's thread.
///
/// The server's clock says in which day a commit's numbers are. What it was is known from the last commit, and how much time has passed since.
/// Near midnight, or where nothing is known, rows go by the whole table, which finds their day for each of them.
final class DayTables {
  private let connection: StoreConnection
  private let statements: DayTableStatements
  /// nil: not known any more.
  private var made: Set<Day>?
  /// What the server's clock has shown, and when; nil: not known any more.
  private var told: (tick: Int64, at: ContinuousClock.Instant)?

  /// So near to midnight the day is not sure.
  private static let doubt: Int64 = 60_000_000
  /// For so long the two clocks are taken to go alike.
  private static let trust = Duration.seconds(3_600)
  /// How often tables are tried to be made, each time for 200 ms at most.
  private static let attempts = 25

  init(_ tables: TableNames, _ connection: StoreConnection) {
    self.connection = connection
    statements = DayTableStatements(tables)
  }

  /// The day of the numbers of a commit; nil: not sure.
  ///
  /// - Parameter lowest: No tick of it is lower.
  func day(at now: ContinuousClock.Instant, lowest: Int64) -> Day? {
    let days = days(at: now, lowest: lowest)
    return days?.count == 1 ? days?[0] : nil
  }

  /// The days that they may be in, one or two.
  private func days(at now: ContinuousClock.Instant, lowest: Int64) -> [Day]? {
    guard let told, told.at <= now, now - told.at < Self.trust else { return nil }
    let tick = max(lowest, told.tick + (now - told.at).microseconds)
    let (first, last) = (Day(tick: tick - Self.doubt), Day(tick: tick + Self.doubt))
    return first == last ? [first] : [first, last]
  }

  /// Makes the tables of this day and the next: a store's first start finds none.
  func start(at now: ContinuousClock.Instant) throws(StoreError) {
    let tick = try connection.read(DayTableStatements.time)[0].integer(0)
    told = (tick, now)
    try make([Day(tick: tick), Day(tick: tick).advanced(by: 1)])
  }

  /// Makes the tables that a commit needs, where they are not there yet: the keeper has made them two days ahead, so this is for events that
  /// are older, or come from a clock that is ahead, and where a day has passed without a keeper.
  func prepare(
    for arrivals: Arrivals, at now: ContinuousClock.Instant, lowest: Int64
  ) throws(StoreError) {
    guard !arrivals.isEmpty else { return }
    if days(at: now, lowest: lowest) == nil {
      let tick = try connection.read(DayTableStatements.time)[0].integer(0)
      told = (tick, now)
    }
    var days = Set(days(at: now, lowest: lowest) ?? [])
    var last: Day?
    for row in arrivals.events {
      let day = Day(of: row.event.id)
      if day != last { days.insert(day) }
      last = day
    }
    if let made, days.isSubset(of: made) { return }
    try make(days)
  }

  private func make(_ days: Set<Day>) throws(StoreError) {
    let known: Set<Day>
    if let made { known = made } else { known = try statements.days(connection) }
    made = known
    for day in days.sorted() where !known.contains(day) {
      try make(day, attempts: Self.attempts)
      made?.insert(day)
    }
  }

  private func make(_ day: Day, attempts: Int) throws(StoreError) {
    do throws(StoreError) {
      _ = try connection.read(statements.make(day))
    } catch {
      // Somebody is changing the table as a whole, or another node makes one.
      guard attempts > 1, connection.failure == .lockNotAvailable else { throw error }
      try make(day, attempts: attempts - 1)
    }
  }

  /// - Parameter tick: By the server's clock, as a commit has told it.
  func committed(at now: ContinuousClock.Instant, tick: Int64) { told = (tick, now) }

  /// A commit has failed: what was taken for sure may be why.
  func forget() {
    made = nil
    told = nil
  }
}

@available(*, unavailable)
extension DayTables: Sendable {}
