import RelayCore

/// Which rows to look at, part by part: those that runs and the indexes of deliveries leave over, and all where they say
/// nothing. For one page. Confined to the thread of its connection.
struct EventWalk {
  /// Rows that stand together.
  struct Part {
    let rows: Range<Int64>
    /// Those that may fit; nil: all. What lies outside of their range does not.
    var chosen: RowBits?

    static func nothing(_ rows: Range<Int64>) -> Part { Part(rows: rows, chosen: RowBits(rows)) }
  }

  /// What it looks into.
  struct Sources {
    let runs: RunReader
    let listed: ListedEvents
    let replayed: ReplayedEvents
  }

  /// The run in which the walk is.
  private struct Current {
    let run: RunID
    let said: RunRows
    let contents: RunContents?
    /// Replays may have sent its events where they are looked for.
    let hasReplayed: Bool
  }

  private let order: EventPageRequest.Order
  private let filter: EventFilter
  private let conditions: EventConditions
  private let sources: Sources
  private let runs: [RunID]
  /// Events that have got something later than their run was made; nil: there are too many.
  private let late: SortedRows?
  private var listed: ListedEvents.Walk?
  /// Those that are still to be looked at.
  private(set) var rest: Range<Int64>
  private var current: Current?

  init(
    _ rows: Range<Int64>, _ request: EventPageRequest, _ conditions: EventConditions, late: SortedRows?,
    listed: ListedEvents.Walk?, _ sources: Sources
  ) throws(StoreError) {
    rest = rows
    order = request.order
    filter = request.filter
    self.conditions = conditions
    self.late = late
    self.listed = listed
    self.sources = sources
    // What is not asked for by anything that runs know is found as soon without them.
    runs = conditions.conditions.isEmpty && listed == nil ? [] : try sources.runs.runs()
  }

  private var shape: RunShape { sources.runs.shape }

  /// nil: there is nothing left.
  mutating func next() throws(StoreError) -> Part? {
    guard !rest.isEmpty else { return nil }
    let edge = order == .newestFirst ? rest.upperBound - 1 : rest.lowerBound
    let part: Part
    if let run = run(at: edge) {
      part = try self.part(of: run, at: edge)
    } else {
      part = Part(rows: gap(at: edge), chosen: nil)
    }
    switch order {
    case .newestFirst: rest = rest.lowerBound..<part.rows.lowerBound
    case .oldestFirst: rest = part.rows.upperBound..<rest.upperBound
    }
    return part
  }

  // MARK: Where runs are

  /// The first run that ends behind this row.
  private func place(of row: Int64) -> Int {
    var (low, high) = (0, runs.count)
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].rows(shape).upperBound <= row { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func run(at row: Int64) -> RunID? {
    let place = place(of: row)
    guard place < runs.count, runs[place].rows(shape).contains(row) else { return nil }
    return runs[place]
  }

  /// The rows around this one that are in no run.
  private func gap(at row: Int64) -> Range<Int64> {
    let place = place(of: row)
    let before = place > 0 ? runs[place - 1].rows(shape).upperBound : rest.lowerBound
    let after = place < runs.count ? runs[place].rows(shape).lowerBound : rest.upperBound
    return max(before, rest.lowerBound)..<min(after, rest.upperBound)
  }

  // MARK: What runs say

  private mutating func part(of run: RunID, at edge: Int64) throws(StoreError) -> Part {
    let current = try enter(run)
    let all = run.rows(shape).clamped(to: rest)
    var row = edge
    if let rows = current.said.rows, !current.hasReplayed {
      // Straight on to the next that may fit.
      guard let next = order == .newestFirst ? rows.last(in: all) : rows.first(in: all) else {
        return .nothing(all)
      }
      row = next
    }
    guard listed != nil || current.hasReplayed else { return Part(rows: all, chosen: current.said.rows) }
    // The indexes are asked of a small run's worth of rows at a time.
    let small = RunID(.small, of: row, shape).rows(shape).clamped(to: all)
    let rows = order == .newestFirst ? small.lowerBound..<edge + 1 : edge..<small.upperBound
    return Part(rows: rows, chosen: try chosen(small, current))
  }

  private mutating func enter(_ run: RunID) throws(StoreError) -> Current {
    if let current, current.run == run { return current }
    let entered = Current(
      run: run, said: try sources.runs.rows(run, conditions.conditions, late: late),
      contents: listed == nil ? nil : try sources.runs.contents(of: run),
      hasReplayed: conditions.destinations == nil ? false : try sources.replayed.exist(in: run.rows(shape)))
    current = entered
    return entered
  }

  /// Which of these rows, within one small run's, may fit; nil: all.
  private mutating func chosen(_ rows: Range<Int64>, _ current: Current) throws(StoreError) -> RowBits? {
    var chosen = current.said.rows?.restricted(to: rows)
    try narrow(&chosen, rows, current)
    guard current.hasReplayed, let destinations = conditions.destinations, chosen != nil else {
      return chosen
    }
    let replayed = try sources.replayed.events(in: rows, to: destinations, Set(filter.outcomes))
    guard let replayed else { return current.said.wherever }
    for row in replayed where current.said.wherever?.contains(row) ?? true { chosen!.insert(row) }
    return chosen
  }

  /// Leaves what has, or has not, a delivery in one of some states among those that came with it.
  private mutating func narrow(
    _ chosen: inout RowBits?, _ rows: Range<Int64>, _ current: Current
  ) throws(StoreError) {
    guard let asked = listed?.asked, let late, let contents = current.contents else { return }
    let first = RunID(.small, of: rows.lowerBound, shape).rows(shape).lowerBound
    let place = Int((first - current.run.rows(shape).lowerBound) >> Int64(shape.smallBits))
    guard contents.deliveries.indices.contains(place) else { return }
    var bits: RowBits
    switch try sources.listed.events(rows, deliveries: contents.deliveries[place], &listed!) {
    case .all: return
    case .rows(let found): bits = found
    case .none: bits = RowBits(rows)
    }
    if asked.isExcluded { bits = bits.inverted() }
    // Whoever has got a delivery later may have one that is asked for.
    for row in late.rows(in: rows) { bits.insert(row) }
    chosen?.formIntersection(bits)
    if chosen == nil { chosen = bits }
  }
}

@available(*, unavailable)
extension EventWalk: Sendable {}

/// Rows of events, in their order.
struct SortedRows: Equatable {
  /// Rising, each once.
  let rows: [Int64]

  init(_ rows: [Int64]) {
    self.rows = Set(rows).sorted()
  }

  func rows(in range: Range<Int64>) -> ArraySlice<Int64> {
    rows[place(of: range.lowerBound)..<place(of: range.upperBound)]
  }

  private func place(of row: Int64) -> Int {
    var (low, high) = (0, rows.count)
    while low < high {
      let middle = (low + high) / 2
      if rows[middle] < row { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
