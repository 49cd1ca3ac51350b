import RelayCore

/// Finds in runs which events may fit. Confined to the thread of its connection.
///
/// A test asserts each statement's plan.
final class RunReader {
  /// Contents that are kept: a store of 60 million events has so many runs.
  private static let maxKept = 256

  let shape: RunShape
  private let allRuns: Statement
  private let page: Statement
  private let replayedEvents: Statement
  /// What a run has never changes. (A small one goes when it has become part of a large one, and none of its number comes
  /// again.)
  private var kept: [RunID: RunContents] = [:]

  init(_ connection: Connection, _ shape: RunShape = .standard) throws(StoreError) {
    self.shape = shape
    allRuns = try connection.prepare("SELECT id FROM event_run ORDER BY id")
    page = try connection.prepare("SELECT body FROM run_page WHERE id = ?1")
    replayedEvents = try connection.prepare(
      "SELECT event FROM replayed WHERE event >= ?1 AND event < ?2 LIMIT 1")
  }

  /// In order of their rows; none covers a row that another covers.
  func runs() throws(StoreError) -> [RunID] {
    var found: [RunID] = []
    while try allRuns.step() { found.append(RunID(rawValue: allRuns.integer(0))) }
    let large = Set(found.filter { $0.size == .large })
    return
      found
      .filter {
        $0.size == .large || !large.contains(RunID(.large, of: $0.rows(shape).lowerBound, shape))
      }
      .sorted { $0.rows(shape).lowerBound < $1.rows(shape).lowerBound }
  }

  /// nil: they can't be read.
  func contents(of run: RunID) throws(StoreError) -> RunContents? {
    if let contents = kept[run] { return contents }
    page.bind(1, run.pages.lowerBound)
    defer { page.reset() }
    guard try page.step(), let contents = RunContents(page.bytes(0) ?? []) else { return nil }
    if kept.count >= Self.maxKept { kept.removeAll() }
    kept[run] = contents
    return contents
  }

  /// The rows that may fit; nil: the run does not tell.
  ///
  /// - Parameter late: Events that have got something later than their run was made; nil: there are too many.
  func rows(
    _ run: RunID, _ conditions: [EventConditions.Condition], late: LateEvents?
  ) throws(StoreError) -> RowBits? {
    guard let contents = try contents(of: run) else { return nil }
    let range = run.rows(shape)
    var rows: RowBits?
    for condition in conditions {
      if condition.grows && late == nil { continue }
      // A replay may have sent any of them there: each is asked itself.
      if condition.kind == .destination, try hasReplayed(in: range) { continue }
      guard var found = try self.rows(run, contents, condition) else { continue }
      if condition.grows, let late { for row in late.rows(in: range) { found.insert(row) } }
      if rows?.formIntersection(found) == nil { rows = found }
      if rows?.isEmpty ?? false { break }
    }
    return rows
  }

  /// Whether an event of these rows has been replayed: its deliveries are then more than those that its run knows.
  func hasReplayed(in rows: Range<Int64>) throws(StoreError) -> Bool {
    replayedEvents.bind(1, rows.lowerBound)
    replayedEvents.bind(2, rows.upperBound)
    return try replayedEvents.firstInteger() != nil
  }

  /// nil: it does not tell.
  private func rows(
    _ run: RunID, _ contents: RunContents, _ condition: EventConditions.Condition
  ) throws(StoreError) -> RowBits? {
    var rows = RowBits(run.rows(shape))
    for alternative in condition.alternatives {
      switch alternative {
      case .term(let term): guard try add(term, run, contents, to: &rows) else { return nil }
      case .pattern(let pattern):
        guard let names = contents.names(of: condition.kind) else { return nil }
        for name in names where name.withUnsafeBufferPointer({ pattern.matches($0) }) {
          let term = name.withUnsafeBufferPointer { EventTerm.of(condition.kind, $0) }
          guard try add(term, run, contents, to: &rows) else { return nil }
        }
      }
    }
    return rows
  }

  /// - Returns: Whether it could be read.
  private func add(
    _ term: UInt64, _ run: RunID, _ contents: RunContents, to rows: inout RowBits
  ) throws(StoreError) -> Bool {
    guard let place = contents.page(of: term) else { return true }
    page.bind(1, run.pages.lowerBound + 1 + Int64(place))
    defer { page.reset() }
    guard try page.step() else { return false }
    return page.withBytes(0) { RunPages.add(term, on: $0, to: &rows) }
  }
}

@available(*, unavailable)
extension RunReader: Sendable {}
