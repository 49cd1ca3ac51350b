import RelayCore

/// Between which rows stand the events, and the deliveries, that were received in a time. Confined to the thread of its connection.
///
/// Rows are in order of their commits, by the server's clock, and times are the relay's steady ones.
final class TimeBounds {
  /// No event was received longer before its commit than this, but for what came again and is stored later than it came.
  static let longestCommit = Duration.seconds(10)

  private struct Asked: Hashable {
    var statement: String
    var time: Timestamp
    var unknownIsBefore: Bool
  }

  private let statements: BoundStatements
  private let connection: LookupConnection
  let late: LateEvents
  /// What was found lately. Where a row stands that came later than a time, all that comes stands behind it.
  private var known: [Asked: Int64] = [:]
  private static let maxKnown = 64

  init(_ names: TableNames, _ connection: LookupConnection) {
    statements = BoundStatements(names)
    self.connection = connection
    late = LateEvents(statements, connection)
  }

  /// What was found in another server does not count in this one.
  func forget() {
    known = [:]
    late.forget()
  }

  // MARK: Deliveries

  /// A row before which all deliveries arrived before that steady time.
  func firstDelivery(receivedFrom time: Timestamp) throws(StoreError) -> DeliveryID {
    let rows = try extent(statements.deliveryExtent)
    return DeliveryID(
      rawValue: try search(rows, statements.deliveriesFrom, before: time, unknownIsBefore: false) ?? 0)
  }

  // MARK: Events

  /// The numbers that there are.
  func allEvents() throws(StoreError) -> Range<Int64> { try extent(statements.eventExtent) }

  /// The numbers within which all events stand that were received in that time; but for those that were stored later than they came, which
  /// stand anywhere behind. Where the wall clock was set back, more than fits lies within.
  ///
  /// - Parameter all: Those that there are.
  func events(
    since: Timestamp?, until: Timestamp?, _ history: ClockHistory, in all: Range<Int64>
  ) throws(StoreError) -> Range<Int64> {
    let slack = Self.longestCommit
    let first = try since.flatMap { time throws(StoreError) in
      try search(
        all, statements.eventsFrom, before: history.firstMoment(from: time).advanced(by: .zero - slack),
        unknownIsBefore: false)
    }
    let end = try until.flatMap { time throws(StoreError) in
      try search(
        all, statements.eventsFrom, before: history.lastMoment(before: time).advanced(by: slack),
        unknownIsBefore: true)
    }
    let start = first ?? all.lowerBound
    return start..<max(start, end ?? all.upperBound)
  }

  // MARK: Searching

  private func extent(_ statement: Statement) throws(StoreError) -> Range<Int64> {
    let row = try connection.read(statement)[0]
    guard let first = row.optionalInteger(0), let last = row.optionalInteger(1) else { return 0..<0 }
    return first..<last + 1
  }

  /// nil: there are no rows.
  ///
  /// - Parameter unknownIsBefore: Where a place tells nothing, of which side it counts.
  private func search(
    _ rows: Range<Int64>, _ statement: Statement, before time: Timestamp, unknownIsBefore: Bool
  ) throws(StoreError) -> Int64? {
    guard !rows.isEmpty else { return nil }
    let asked = Asked(statement: statement.name, time: time, unknownIsBefore: unknownIsBefore)
    if let found = known[asked] { return found }
    var search = TimeSearch(in: rows)
    while !search.isOver {
      let places = search.places
      var parameters = Parameters(capacity: 12 * places.count + 64)
      parameters.add(array: places)
      let found = try connection.read(statement, parameters)
      search.narrow(
        zip(places, found).map { place, row in
          guard let number = row.optionalInteger(0) else {
            return unknownIsBefore ? .row(place, isBefore: true) : .nothing
          }
          return .row(number, isBefore: row.time(1) < time)
        })
    }
    if search.result < rows.upperBound {
      if known.count >= Self.maxKnown { known = [:] }
      known[asked] = search.result
    }
    return search.result
  }
}

@available(*, unavailable)
extension TimeBounds: Sendable {}
