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
  /// What a run has never changes. (A small one goes when it has become part of a large one, and none of its number comes
  /// again.)
  private var kept: [RunID: RunContents] = [:]
  /// What runs said last: whoever goes through a run page by page asks for the same again and again.
  private var said: [Said] = []
  /// Walks that go side by side.
  private static let maxSaid = 8

  private struct Said {
    let run: RunID
    let conditions: [EventConditions.Condition]
    let late: SortedRows?
    let rows: RunRows
  }

  init(_ connection: Connection, _ shape: RunShape = .standard) throws(StoreError) {
    self.shape = shape
    allRuns = try connection.prepare("SELECT id FROM event_run ORDER BY id")
    page = try connection.prepare("SELECT body FROM run_page WHERE id = ?1")
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

  /// The rows that may fit, as far as the run tells.
  ///
  /// - Parameter late: Events that have got something later than their run was made; nil: there are too many.
  func rows(
    _ run: RunID, _ conditions: [EventConditions.Condition], late: SortedRows?
  ) throws(StoreError) -> RunRows {
    let before = said.first { $0.run == run && $0.conditions == conditions && $0.late == late }
    if let before { return before.rows }
    let rows = try read(run, conditions, late: late)
    if said.count >= Self.maxSaid { said.removeFirst() }
    said.append(Said(run: run, conditions: conditions, late: late, rows: rows))
    return rows
  }

  private func read(
    _ run: RunID, _ conditions: [EventConditions.Condition], late: SortedRows?
  ) throws(StoreError) -> RunRows {
    guard let contents = try contents(of: run) else { return RunRows() }
    let range = run.rows(shape)
    var said = RunRows()
    let wherever = conditions.filter { $0.kind != .destination }
    for condition in wherever + conditions.filter({ $0.kind == .destination }) {
      if condition.grows && late == nil { continue }
      guard var found = try self.rows(run, contents, condition) else { continue }
      if condition.grows, let late { for row in late.rows(in: range) { found.insert(row) } }
      if said.rows?.formIntersection(found) == nil { said.rows = found }
      if condition.kind != .destination { said.wherever = said.rows }
      if said.rows?.isEmpty ?? false { break }
    }
    return said
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

/// What a run says of its rows.
struct RunRows {
  /// Those that may fit; nil: all.
  var rows: RowBits?
  /// Those that may, wherever they were sent; nil: all. A replay may have sent an event where its run does not know of.
  var wherever: RowBits?
}
