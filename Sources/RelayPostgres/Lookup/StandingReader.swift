import RelayCore

/// Reads how old what is pending is, and what it waits for. Confined to the thread of its connection.
final class StandingReader {
  private let statements: StandingStatements
  private let names: LookupNames
  private let connection: LookupConnection
  /// What of destinations' waits is counted with one statement: none counts much more than it may.
  private static let destinationsAtOnce: Int64 = 8

  init(_ tables: TableNames, names: LookupNames, _ connection: LookupConnection) {
    statements = StandingStatements(tables)
    self.names = names
    self.connection = connection
  }

  private struct Oldest {
    var id: Int64
    var received: Timestamp
    var arrived: Timestamp
  }

  /// Of each destination the one that arrived first.
  private func oldest(_ rows: [Rows]) -> [Int32: Oldest] {
    var oldest: [Int32: Oldest] = [:]
    for row in rows.joined() {
      let found = Oldest(id: row.integer(1), received: row.time(2), arrived: row.time(3))
      let destination = row.int32(0)
      if oldest[destination].map({ found.id < $0.id }) ?? true { oldest[destination] = found }
    }
    return oldest
  }

  /// When each destination's oldest pending delivery was received: the one that arrived first.
  func oldestPending() throws(StoreError) -> [String: Timestamp] {
    var pipeline = Pipeline()
    pipeline.add(statements.oldestListed)
    pipeline.add(statements.oldestUnlisted)
    return named(oldest(try connection.read(pipeline)).mapValues(\.received))
  }

  /// Since when the delivery of each destination that has been due for longest has been due, or will be.
  func oldestDue() throws(StoreError) -> [String: Timestamp] {
    var pipeline = Pipeline()
    pipeline.add(statements.oldestFresh)
    pipeline.add(statements.oldestUnlisted)
    pipeline.add(statements.firstRetries)
    let rows = try connection.read(pipeline)
    var due = oldest(Array(rows[..<2])).mapValues(\.arrived)
    for row in rows[2] { due[row.int32(0)] = min(due[row.int32(0)] ?? .distantFuture, row.time(1)) }
    return named(due)
  }

  func waits(at now: Timestamp) throws(StoreError) -> [String: PendingWaits] {
    var waits: [Int32: PendingWaits] = [:]
    var left = PendingWaits.maxCountedInAll
    var last: Int32 = 0
    while left > 0 {
      var parameters = Parameters()
      parameters.add(last)
      parameters.add(Self.destinationsAtOnce)
      parameters.add(Int64(PendingWaits.maxCounted) + 1)
      parameters.add(now)
      let rows = try connection.read(statements.waits, parameters)
      for row in rows where left > 0 {
        let found = PendingWaits(later: Int(row.integer(1)), ordered: Int(row.integer(2)))
        let isTooMany = max(found.later, found.ordered) > PendingWaits.maxCounted
        waits[row.int32(0)] = isTooMany ? nil : found
        left -= isTooMany ? PendingWaits.maxCounted : found.later + found.ordered
        last = row.int32(0)
      }
      guard rows.count == Int(Self.destinationsAtOnce) else { break }
    }
    return named(waits)
  }

  private func named<Value>(_ values: [Int32: Value]) -> [String: Value] {
    Dictionary(values.map { (names.destinations.name(of: $0.key), $0.value) }) { first, _ in first }
  }
}

@available(*, unavailable)
extension StandingReader: Sendable {}
