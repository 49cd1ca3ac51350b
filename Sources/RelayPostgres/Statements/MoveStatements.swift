import RelayCore

/// How what is pending or dead is moved out of its day before that goes, with its event and all that is of it.
///
/// Nobody is waited for: what somebody else has locked is left for another time. Who comes to a row that is being moved waits for these
/// milliseconds, finds it gone (40001), and finds it at its new place once it looks again.
struct MoveStatements: Sendable {
  /// What is pending or dead, of a delivery that is called `d`.
  static let isOpen = "(d.state < 3 OR d.state = 4)"
  /// When it came.
  static let came = "coalesce(d.arrived, d.received)"

  private let lockEvents: Statement
  private let lockDeliveries: Statement
  private let lockRest: Statement
  private let moveEvents: Statement
  private let moveDeliveries: Statement
  private let moveFailures: Statement
  private let names: TableNames

  init(_ names: TableNames) {
    self.names = names
    lockEvents = Statement(
      name: "lock_events_to_keep",
      sql: """
        SELECT e.id, e.first_delivery, e.deliveries FROM unnest($1::uuid[]) AS u(id) JOIN \(names.eventDays) e ON e.id = u.id
        WHERE e.id >= $2 AND e.id <= $3 FOR UPDATE OF e SKIP LOCKED
        """,
      types: [.uuidArray, .uuid, .uuid])
    lockDeliveries = Statement(
      name: "lock_deliveries_to_keep",
      sql: """
        SELECT d.id FROM unnest($1::int8[]) AS u(id) JOIN \(names.deliveryDays) d ON d.id = u.id
        WHERE d.id >= $2 AND d.id <= $3 AND d.id < $4 FOR UPDATE OF d SKIP LOCKED
        """,
      types: [.int8Array, .int8, .int8, .int8])
    lockRest = Statement(
      name: "lock_deliveries_of_events",
      sql: """
        SELECT d.id FROM unnest($1::uuid[], $2::int8[], $3::int4[]) AS u(id, first, count)
        JOIN \(names.deliveryDays) d ON d.id >= u.first AND d.id < u.first + (u.count::int8 << \(CommitBase.slotBits))
          AND d.event = u.id AND d.id < $4
        FOR UPDATE OF d SKIP LOCKED
        """,
      types: [.uuidArray, .int8Array, .int4Array, .int8])
    func move(_ whole: String, _ column: String, _ type: ColumnType) -> Statement {
      Statement(
        name: "keep_\(whole)",
        sql: """
          UPDATE \(whole) t SET kept = true FROM unnest($1::\(type == .uuid ? "uuid" : "int8")[]) AS u(id)
          WHERE t.\(column) = u.id AND NOT t.kept AND t.\(column) >= $2 AND t.\(column) <= $3
          """,
        types: [type.array, type, type])
    }
    moveEvents = move(names.event, "id", .uuid)
    moveDeliveries = move(names.delivery, "id", .int8)
    moveFailures = move(names.failure, "delivery", .int8)
  }

  // MARK: Finding

  /// Something that is to be kept.
  struct Found {
    var delivery: DeliveryID?
    var event: EventID
  }

  /// Where a walk along the deliveries of a day stands: behind this one.
  struct Place {
    var destination: Int32 = .min
    var shelf: Int16 = .min
    var id: Int64 = .min
  }

  /// What is pending or dead of a day, and came by that time, along the shelves.
  ///
  /// - Returns: With the place behind the last; nil: that was all.
  func onShelves(
    _ day: Day, cameBy cutoff: Timestamp, after place: Place, limit: Int, _ session: KeeperSession
  ) throws(PostgresError) -> (found: [Found], next: Place?) {
    let table = names.of(day).delivery
    let statement = Statement(
      name: "shelves_of_\(table)",
      sql: """
        SELECT d.id, d.event, d.destination, d.shelf FROM \(table) d
        WHERE d.shelf IS NOT NULL AND (d.destination, d.shelf, d.id) > ($1, $2, $3) AND d.shelf <> 5 AND \(Self.came) <= $4
        ORDER BY d.destination, d.shelf, d.id LIMIT $5
        """,
      types: [.int4, .int2, .int8, .int8, .int8])
    var parameters = Parameters()
    parameters.add(place.destination)
    parameters.add(place.shelf)
    parameters.add(place.id)
    parameters.add(cutoff)
    parameters.add(Int64(limit))
    let rows = try session.run(statement, parameters)
    let found = rows.map { Found(delivery: DeliveryID(rawValue: $0.integer(0)), event: $0.eventID(1)) }
    guard found.count == limit else { return (found, nil) }
    let last = rows[rows.count - 1]
    return (found, Place(destination: last.int32(2), shelf: Int16(last.integer(3)), id: last.integer(0)))
  }

  /// The same of those that are on no shelf, since their lanes have them.
  func unlisted(
    _ day: Day, cameBy cutoff: Timestamp, limit: Int, _ session: KeeperSession
  ) throws(PostgresError) -> [Found] {
    let table = names.of(day).delivery
    let statement = Statement(
      name: "unlisted_of_\(table)",
      sql: """
        SELECT d.id, d.event FROM \(table) d
        WHERE d.id >= \(UnlistedRead.first(names)) AND d.state = 0 AND d.shelf IS NULL AND \(Self.came) <= $1
        ORDER BY d.id LIMIT $2
        """,
      types: [.int8, .int8])
    var parameters = Parameters()
    parameters.add(cutoff)
    parameters.add(Int64(limit))
    return try session.run(statement, parameters).map {
      Found(delivery: DeliveryID(rawValue: $0.integer(0)), event: $0.eventID(1))
    }
  }

  /// Events of a day of which something is pending or dead that came later than they: in whichever day, or kept.
  func late(_ day: Day, limit: Int, _ session: KeeperSession) throws(PostgresError) -> [Found] {
    let statement = Statement(
      name: "late_of_\(names.of(day).event)",
      sql: """
        SELECT DISTINCT l.event FROM (\(Self.late(names, day, Self.isOpen))) l JOIN \(names.of(day).event) e ON e.id = l.event
        LIMIT $1
        """,
      types: [.int8])
    var parameters = Parameters()
    parameters.add(Int64(limit))
    return try session.run(statement, parameters).map { Found(delivery: nil, event: $0.eventID(0)) }
  }

  /// Of events of a day, what replays and new rules have made of them later and fits: as a query.
  static func late(_ names: TableNames, _ day: Day, _ condition: String) -> String {
    let (first, end) = (day.firstEvent, day.advanced(by: 1).firstEvent)
    return """
      SELECT r.event FROM \(names.replayed) r JOIN \(names.delivery) d ON d.id = r.delivery
      WHERE r.event >= '\(first)' AND r.event < '\(end)' AND \(condition)
      UNION ALL
      SELECT d.event FROM \(names.delivery) d
      WHERE d.arrived IS NOT NULL AND d.run = 0 AND d.event >= '\(first)' AND d.event < '\(end)' AND \(condition)
      """
  }

  /// What is pending or dead of a day's beginning, of events of the day before.
  ///
  /// - Parameter last: No delivery of these events is above it.
  func ofDayBefore(
    _ events: Day, in day: Day, upTo last: Int64, limit: Int, _ session: KeeperSession
  ) throws(PostgresError) -> [Found] {
    let table = names.of(day).delivery
    let statement = Statement(
      name: "beginning_of_\(table)",
      sql: """
        SELECT d.id, d.event FROM \(table) d
        WHERE d.id <= $1 AND d.event < '\(events.advanced(by: 1).firstEvent)' AND \(Self.isOpen) ORDER BY d.id LIMIT $2
        """,
      types: [.int8, .int8])
    var parameters = Parameters()
    parameters.add(last)
    parameters.add(Int64(limit))
    return try session.run(statement, parameters).map {
      Found(delivery: DeliveryID(rawValue: $0.integer(0)), event: $0.eventID(1))
    }
  }

  // MARK: Moving

  /// Moves these, within a transaction: events with all deliveries that came with them, and what was kept of their attempts.
  ///
  /// - Parameter today: What is of this day stays where it is: commits go by its tables alone.
  /// - Returns: How many events and deliveries were moved.
  func move(_ found: [Found], today: Day, _ session: KeeperSession) throws(PostgresError) -> Int {
    let events = try lock(found.map(\.event), session)
    var deliveries = Set(try lock(found.compactMap(\.delivery), before: today, session))
    if !events.isEmpty {
      var parameters = Parameters(capacity: 64 * events.count + 128)
      parameters.add(array: events.lazy.map(\.id))
      parameters.add(array: events.lazy.map(\.first))
      parameters.add(array: events.lazy.map(\.count))
      parameters.add(today.firstNumber)
      for row in try session.run(lockRest, parameters) { deliveries.insert(row.integer(0)) }
      var moved = Parameters(capacity: 24 * events.count + 128)
      moved.add(array: events.lazy.map(\.id))
      moved.add(boundsOf: events.lazy.map(\.id))
      _ = try session.run(moveEvents, moved)
    }
    if !deliveries.isEmpty {
      let ids = deliveries.sorted()
      var moved = Parameters(capacity: 16 * ids.count + 128)
      moved.add(array: ids)
      moved.add(boundsOf: ids)
      _ = try session.run(moveDeliveries, moved)
      _ = try session.run(moveFailures, moved)
    }
    return events.count + deliveries.count
  }

  private func lock(
    _ events: [EventID], _ session: KeeperSession
  ) throws(PostgresError) -> [(id: EventID, first: Int64?, count: Int32)] {
    var parameters = Parameters(capacity: 24 * events.count + 128)
    parameters.add(array: Set(events).sorted())
    parameters.add(boundsOf: events)
    return try session.run(lockEvents, parameters).map { ($0.eventID(0), $0.optionalInteger(1), $0.int32(2)) }
  }

  private func lock(
    _ deliveries: [DeliveryID], before today: Day, _ session: KeeperSession
  ) throws(PostgresError) -> [Int64] {
    var parameters = Parameters(capacity: 16 * deliveries.count + 128)
    parameters.add(array: deliveries.lazy.map(\.rawValue).sorted())
    parameters.add(boundsOf: deliveries.lazy.map(\.rawValue))
    parameters.add(today.firstNumber)
    return try session.run(lockDeliveries, parameters).map { $0.integer(0) }
  }
}
