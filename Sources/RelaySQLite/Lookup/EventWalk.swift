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

  private let order: EventPageRequest.Order
  private let conditions: EventConditions
  private let reader: RunReader
  private let pendingEvents: PendingEvents
  private let runs: [RunID]
  /// Events that have got something later than their run was made; nil: there are too many.
  private let late: LateEvents?
  private var pending: PendingEvents.Walk?
  /// Those that are still to be looked at.
  private(set) var rest: Range<Int64>
  /// What the run in which the walk is says; nil: nothing.
  private var current: (run: RunID, rows: RowBits?)?

  init(
    _ rows: Range<Int64>, _ order: EventPageRequest.Order, _ conditions: EventConditions, late: LateEvents?,
    reader: RunReader, pendingEvents: PendingEvents
  ) throws(StoreError) {
    rest = rows
    self.order = order
    self.conditions = conditions
    self.late = late
    self.reader = reader
    self.pendingEvents = pendingEvents
    pending = try conditions.pending.map { pending throws(StoreError) in
      try pendingEvents.walk(pending, order)
    }
    // What is not asked for by anything that runs know is found as soon without them.
    runs = conditions.conditions.isEmpty && conditions.pending == nil ? [] : try reader.runs()
  }

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
      if runs[middle].rows(reader.shape).upperBound <= row { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func run(at row: Int64) -> RunID? {
    let place = place(of: row)
    guard place < runs.count, runs[place].rows(reader.shape).contains(row) else { return nil }
    return runs[place]
  }

  /// The rows around this one that are in no run.
  private func gap(at row: Int64) -> Range<Int64> {
    let place = place(of: row)
    let before = place > 0 ? runs[place - 1].rows(reader.shape).upperBound : rest.lowerBound
    let after = place < runs.count ? runs[place].rows(reader.shape).lowerBound : rest.upperBound
    return max(before, rest.lowerBound)..<min(after, rest.upperBound)
  }

  // MARK: What runs say

  private mutating func part(of run: RunID, at edge: Int64) throws(StoreError) -> Part {
    if current?.run != run {
      current = (run, try reader.rows(run, conditions.conditions, late: late))
    }
    let all = run.rows(reader.shape).clamped(to: rest)
    guard let rows = current?.rows else { return try narrowed(Part(rows: all), run, at: edge, from: edge) }
    // Straight on to the next that may fit.
    let next = order == .newestFirst ? rows.last(in: all) : rows.first(in: all)
    guard let next else { return .nothing(all) }
    return try narrowed(Part(rows: all, chosen: rows), run, at: next, from: edge)
  }

  /// Where it is asked for, leaves only what has a delivery in one of some states, of a small run's worth of rows at a time.
  ///
  /// - Parameter edge: Where the walk is: from there to `row` nothing is chosen.
  private mutating func narrowed(
    _ part: Part, _ run: RunID, at row: Int64, from edge: Int64
  ) throws(StoreError) -> Part {
    guard pending != nil, let contents = try reader.contents(of: run) else { return part }
    let small = RunID(.small, of: row, reader.shape).rows(reader.shape)
    let place = Int((small.lowerBound - run.rows(reader.shape).lowerBound) >> Int64(reader.shape.smallBits))
    guard contents.deliveries.indices.contains(place) else { return part }
    let within = small.clamped(to: part.rows)
    let rows = order == .newestFirst ? within.lowerBound..<edge + 1 : edge..<within.upperBound
    // Whoever has got a delivery later may have one that is asked for.
    let hasReplayed = try reader.hasReplayed(in: within)
    guard !hasReplayed, let late = late?.rows(in: within) else {
      return Part(rows: rows, chosen: part.chosen)
    }
    var bits: RowBits
    switch try pendingEvents.events(within, deliveries: contents.deliveries[place], &pending!) {
    case .all: return Part(rows: rows, chosen: part.chosen)
    case .rows(let found): bits = found
    case .none: bits = RowBits(within)
    }
    for row in late { bits.insert(row) }
    return Part(rows: rows, chosen: part.chosen.map { bits.intersected(with: $0) } ?? bits)
  }
}

@available(*, unavailable)
extension EventWalk: Sendable {}

/// Events that have got something later than they came: another route's, a delivery. Their runs may not know of it.
struct LateEvents {
  /// Rising.
  let rows: [Int64]

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

extension RowBits {
  /// - Parameter other: Of a range that holds this one's.
  fileprivate func intersected(with other: RowBits) -> RowBits {
    var both = RowBits(rows)
    var from = rows.lowerBound
    while let row = first(in: from..<rows.upperBound) {
      if other.contains(row) { both.insert(row) }
      from = row + 1
    }
    return both
  }
}
