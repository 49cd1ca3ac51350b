import RelayCore

/// Whether what events are found by leads to them: whether each run can be read, and knows of each of its events what that has
/// had since it came.
///
/// A run may know more than that: of events that have gone.
final class RunCheck {
  private let shape: RunShape
  private let reader: RunReader
  private let pages: Statement
  private let events: Statement
  private let destinations: Statement
  private var check = StoreVerification.Check(
    "search",
    advice:
      "what is named may not be found by a filter, though its id finds it; nothing is lost: keep a copy of the store and report this"
  )
  /// Of the run that is looked at: by term the rows, as offsets from its first, rising.
  private var rows: [UInt64: [UInt32]] = [:]

  init(_ connection: Connection, _ shape: RunShape = .standard) throws(StoreError) {
    self.shape = shape
    reader = try RunReader(connection, shape)
    pages = try connection.prepare("SELECT body FROM run_page WHERE id > ?1 AND id < ?2 ORDER BY id")
    events = try connection.prepare(
      """
      SELECT e.id, e.type, e.company, e.channel, e.chat, v.source, e.uuid FROM event e JOIN envelope v ON v.id = e.envelope
      WHERE e.id >= ?1 AND e.id < ?2 ORDER BY e.id
      """)
    // What came later than its event is found in other ways.
    destinations = try connection.prepare(
      """
      SELECT e.id, d.destination, e.uuid FROM event e
      CROSS JOIN delivery d ON d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries
      WHERE e.id >= ?1 AND e.id < ?2 AND d.arrived IS NULL ORDER BY e.id
      """)
  }

  func run() throws(StoreError) -> StoreVerification.Check {
    let runs = try reader.runs()
    for run in runs { try look(at: run) }
    check.count = runs.count
    return check
  }

  private func look(at run: RunID) throws(StoreError) {
    let range = run.rows(shape)
    guard try read(run) else {
      return check.found(
        "what the events \(range.lowerBound) to \(range.upperBound - 1) are found by can't be read")
    }
    events.bind(1, range)
    while try events.step() {
      let row = UInt32(events.integer(0) - range.lowerBound)
      for (column, kind) in [(Int32(1), EventTerm.Kind.type), (2, .company), (3, .channel), (4, .chat)]
      where !events.isNull(column) {
        let term = events.withBytes(column) { EventTerm.of(kind, $0) }
        if !has(term, row) { miss(events, "\(kind)") }
      }
      if !has(EventTerm.of(.source, row: events.integer(5)), row) { miss(events, "source") }
    }
    destinations.bind(1, range)
    while try destinations.step() {
      let row = UInt32(destinations.integer(0) - range.lowerBound)
      if !has(EventTerm.of(.destination, row: destinations.integer(1)), row) {
        miss(destinations, "destination")
      }
    }
  }

  private func miss(_ query: Statement, _ kind: String) {
    let id = query.bytes(query === events ? 6 : 2).flatMap { $0.count == 16 ? EventID(bytes: $0) : nil }
    check.found("\(id.map { "\($0)" } ?? "event \(query.integer(0))") can't be found by its \(kind)")
  }

  /// - Returns: Whether it could be read whole.
  private func read(_ run: RunID) throws(StoreError) -> Bool {
    rows.removeAll(keepingCapacity: true)
    guard let contents = try reader.contents(of: run) else { return false }
    let span = run.rows(shape).count
    pages.bind(1, run.pages)
    defer { pages.reset() }
    var (count, last, isSound) = (0, UInt64?.none, true)
    while try pages.step() {
      guard count < contents.pageStarts.count else { return false }
      var isFirst = true
      let isWhole = pages.withBytes(0) { page in
        RunPages.forEach(on: page) { term, postings in
          if isFirst && term != contents.pageStarts[count] || last.map({ $0 >= term }) ?? false {
            isSound = false
          }
          (isFirst, last) = (false, term)
          if !RunPages.forEachRow(in: postings, span: span, { rows[term, default: []].append(UInt32($0)) }) {
            isSound = false
          }
          return isSound
        }
      }
      guard isWhole, isSound else { return false }
      count += 1
    }
    return count == contents.pageStarts.count
  }

  private func has(_ term: UInt64, _ row: UInt32) -> Bool {
    guard let found = rows[term] else { return false }
    var (low, high) = (0, found.count)
    while low < high {
      let middle = (low + high) / 2
      if found[middle] < row { low = middle + 1 } else { high = middle }
    }
    return low < found.count && found[low] == row
  }
}

@available(*, unavailable)
extension RunCheck: Sendable {}
