import RelayCore

/// What the store keeps of the clock, so that the next run goes on from there. Confined to the store's thread.
///
/// docs/decisions/0020-a-time-that-nobody-sets.md says why.
final class ClockTable {
  private let connection: Connection
  private let insertClock: Statement
  private let insertStep: Statement
  /// When it was last written, and the newest step by then: on disk, and in the transaction under way.
  private var committed: (at: Timestamp, step: Timestamp)?
  private var written: (at: Timestamp, step: Timestamp)?

  init(_ connection: Connection) throws(StoreError) {
    self.connection = connection
    insertClock = try connection.prepare("INSERT INTO clock (boot, since_boot, steady) VALUES (?1, ?2, ?3)")
    insertStep = try connection.prepare("INSERT OR REPLACE INTO clock_step (steady, offset) VALUES (?1, ?2)")
  }

  /// nil: no run has left any.
  func read() throws(StoreError) -> KeptClock? {
    let clock = try connection.prepare("SELECT boot, since_boot, steady FROM clock")
    guard try clock.step() else { return nil }
    defer { clock.reset() }
    var steps: [ClockHistory.Step] = []
    let query = try connection.prepare("SELECT steady, offset FROM clock_step ORDER BY steady")
    while try query.step() {
      steps.append(ClockHistory.Step(from: query.time(0), offset: .microseconds(query.integer(1))))
    }
    return KeptClock(
      boot: clock.text(0), sinceBoot: .microseconds(clock.integer(1)), steady: clock.time(2),
      history: ClockHistory(steps))
  }

  /// Within a transaction. Rarely has anything to do: a page more in each commit would be dear.
  ///
  /// - Parameters:
  ///   - now: What it shows, where that has been read.
  ///   - isLast: However short a time ago it was done.
  func write(_ clock: any SteadyClock, at now: Timestamp? = nil, isLast: Bool = false) throws(StoreError) {
    let now = now ?? clock.now()
    if let committed, !isLast, now < committed.at.advanced(by: SteadyTime.keepingInterval) { return }
    let kept = clock.kept()
    try connection.execute("DELETE FROM clock")
    insertClock.bind(1, kept.boot)
    insertClock.bind(2, kept.sinceBoot)
    insertClock.bind(3, kept.steady)
    try insertClock.run()
    try write(kept.history)
    written = (now, kept.history.steps.last?.from ?? .epoch)
  }

  private func write(_ history: ClockHistory) throws(StoreError) {
    guard let first = history.steps.first, let last = history.steps.last, committed?.step != last.from else {
      return
    }
    for step in history.steps where committed.map({ step.from > $0.step }) ?? true {
      insertStep.bind(1, step.from)
      insertStep.bind(2, step.offset)
      try insertStep.run()
    }
    try connection.execute("DELETE FROM clock_step WHERE steady < \(first.from.microseconds)")
  }

  /// The transaction is on disk.
  func commit() { committed = written }

  /// It has failed, and changed nothing.
  func rollback() { written = committed }
}

@available(*, unavailable)
extension ClockTable: Sendable {}
