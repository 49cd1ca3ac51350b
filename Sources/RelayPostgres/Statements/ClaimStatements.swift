import RelayCore
import RelayStoring

/// What finds the deliveries that can be claimed, and what lists those that are in no index.
struct ClaimStatements: Sendable {
  private let freshDeliveries: Statement
  private let retryingDeliveries: Statement
  private let retriesToCome: Statement
  private let deliveriesByID: Statement
  private let followers: Statement
  private let events: Statement
  private let bringIn: Statement
  private let list: Statement
  private let listRange: Statement
  private let setUnlisted: Statement
  private let unlistedDeliveries: Statement

  init(_ names: TableNames) {
    freshDeliveries = Statement(
      name: "fresh_deliveries",
      sql: """
        SELECT \(DeliveryRead.columns) FROM \(names.delivery) d
        WHERE \(ShelfRead.rows("$1", "$2", from: "$3")) ORDER BY \(ShelfRead.order) LIMIT $4
        """,
      types: [.int4, .int2, .int8, .int8])
    retryingDeliveries = Statement(
      name: "retrying_deliveries",
      sql: """
        SELECT \(DeliveryRead.columns) FROM \(names.delivery) d
        WHERE \(ShelfRead.due("$1", "$2", after: ("$4", "$5"), by: "$3"))
        ORDER BY \(ShelfRead.orderOfDue) LIMIT $6
        """,
      types: [.int4, .int2, .int8, .int8, .int8, .int8])
    retriesToCome = Statement(
      name: "retries_to_come",
      sql: """
        SELECT d.due, d.id FROM \(names.delivery) d
        WHERE \(ShelfRead.due("$1", "$2", after: ("$3", "$4"))) ORDER BY \(ShelfRead.orderOfDue) LIMIT $5
        """,
      types: [.int4, .int2, .int8, .int8, .int8])
    deliveriesByID = Statement(
      name: "deliveries_by_id",
      sql: """
        SELECT \(DeliveryRead.columns) FROM unnest($1::int8[]) WITH ORDINALITY AS u(id, place)
        JOIN \(names.delivery) d ON d.id = u.id WHERE d.id >= $2 AND d.id <= $3 ORDER BY u.place
        """,
      types: [.int8Array, .int8, .int8])
    followers = Statement(
      name: "followers",
      sql: """
        SELECT k.place, \(DeliveryRead.columns)
        FROM unnest($1::int4[], $2::text[], $3::int8[]) WITH ORDINALITY AS k(destination, order_key, after, place)
        CROSS JOIN LATERAL (
          SELECT * FROM \(names.delivery) e WHERE \(KeyRead.rows("k.destination", "k.order_key", from: "k.after + 1"))
          ORDER BY \(KeyRead.order) LIMIT $4) d
        ORDER BY k.place, d.id
        """,
      types: [.int4Array, .textArray, .int8Array, .int8])
    events = Statement(
      name: "events_by_id",
      sql: """
        SELECT \(EventRead.columns) FROM unnest($1::uuid[]) AS u(id) JOIN \(names.event) e ON e.id = u.id
        WHERE e.id >= $2 AND e.id <= $3
        """,
      types: [.uuidArray, .uuid, .uuid])
    bringIn = Statement(
      name: "bring_in",
      sql: """
        UPDATE \(names.delivery) d SET due = $3 FROM (
          SELECT d.id FROM \(names.delivery) d WHERE \(ShelfRead.due("$1", "$2", after: ("$3", "\(Int64.max)")))
          ORDER BY \(ShelfRead.orderOfDue) LIMIT $4) u
        WHERE d.id = u.id
        """,
      types: [.int4, .int2, .int8, .int8])
    list = Statement(
      name: "list",
      sql: """
        UPDATE \(names.delivery) d SET shelf = 0 FROM unnest($1::int8[]) AS u(id)
        WHERE d.id = u.id AND d.state = 0 AND d.shelf IS NULL AND d.id >= $2 AND d.id <= $3
        """,
      types: [.int8Array, .int8, .int8])
    listRange = Statement(
      name: "list_range",
      sql: """
        UPDATE \(names.delivery) d SET shelf = 0
        WHERE d.id >= $1 AND d.id < $2 AND d.slot = $3 AND d.state = 0 AND d.shelf IS NULL RETURNING d.id
        """,
      types: [.int8, .int8, .int2])
    setUnlisted = Statement(
      name: "set_unlisted",
      sql: """
        INSERT INTO \(names.unlisted) (slot, first) VALUES ($1, $2) ON CONFLICT (slot) DO UPDATE SET first = excluded.first
        """,
      types: [.int2, .int8])
    unlistedDeliveries = Statement(
      name: "unlisted_deliveries",
      sql: """
        SELECT d.id, d.destination, d.bytes FROM \(names.delivery) d
        WHERE d.id >= (SELECT first FROM \(names.unlisted) WHERE slot = $1) AND d.slot = $1 AND d.state = 0 AND d.shelf IS NULL
        ORDER BY d.id
        """,
      types: [.int2])
  }

  // MARK: Reading

  /// In order of arrival.
  func fresh(
    of destination: DestinationRowID, _ queue: DeliveryQueue, from first: DeliveryID, limit: Int,
    _ connection: StoreConnection
  ) throws(StoreError) -> [DeliveryRead] {
    var parameters = Parameters()
    parameters.add(Int32(destination.rawValue))
    parameters.add(DeliveryState.fresh.shelf(in: queue))
    parameters.add(first.rawValue)
    parameters.add(Int64(limit))
    return Self.deliveries(try connection.read(freshDeliveries, parameters))
  }

  /// Where a walk along retries stands: behind this one.
  struct RetryCursor {
    var due = Timestamp(microseconds: .min)
    var id = DeliveryID(rawValue: .min)
  }

  /// Those that are due by `now`, in order of due time, and what comes after that time.
  func retrying(
    of destination: DestinationRowID, _ queue: DeliveryQueue, dueBy now: Timestamp, after cursor: RetryCursor,
    limit: Int, _ connection: StoreConnection
  ) throws(StoreError) -> (due: [DeliveryRead], toCome: [(due: Timestamp, id: DeliveryID)]) {
    var parameters = Parameters()
    parameters.add(Int32(destination.rawValue))
    parameters.add(DeliveryState.retrying.shelf(in: queue))
    parameters.add(now)
    parameters.add(cursor.due)
    parameters.add(cursor.id.rawValue)
    parameters.add(Int64(limit))
    var pipeline = Pipeline()
    pipeline.add(retryingDeliveries, parameters)
    let behind = RetryCursor(due: now, id: DeliveryID(rawValue: .max))
    pipeline.add(retriesToCome, Self.toCome(destination, queue, after: behind))
    let rows = try connection.read(pipeline)
    return (Self.deliveries(rows[0]), Self.times(rows[1]))
  }

  /// How many of the retries to come are read at a time: of all but a few nobody holds any.
  static let pageToCome = 16

  func toCome(
    of destination: DestinationRowID, _ queue: DeliveryQueue, after cursor: RetryCursor,
    _ connection: StoreConnection
  ) throws(StoreError) -> [(due: Timestamp, id: DeliveryID)] {
    Self.times(try connection.read(retriesToCome, Self.toCome(destination, queue, after: cursor)))
  }

  private static func toCome(
    _ destination: DestinationRowID, _ queue: DeliveryQueue, after cursor: RetryCursor
  ) -> Parameters {
    var parameters = Parameters()
    parameters.add(Int32(destination.rawValue))
    parameters.add(DeliveryState.retrying.shelf(in: queue))
    parameters.add(cursor.due)
    parameters.add(cursor.id.rawValue)
    parameters.add(Int64(pageToCome))
    return parameters
  }

  /// In the order of the ids; those that there are.
  func deliveries(
    _ ids: some Collection<DeliveryID>, _ connection: StoreConnection
  ) throws(StoreError) -> [DeliveryRead] {
    var parameters = Parameters(capacity: 12 * ids.count + 64)
    parameters.add(array: ids.lazy.map(\.rawValue))
    parameters.add(boundsOf: ids.lazy.map(\.rawValue))
    return Self.deliveries(try connection.read(deliveriesByID, parameters))
  }

  /// What comes after deliveries in their order keys, at most so many of each: by their places among these.
  func followers(
    of firsts: [DeliveryRead], limit: Int, _ connection: StoreConnection
  ) throws(StoreError) -> [[DeliveryRead]] {
    var parameters = Parameters(capacity: 64 * firsts.count + 256)
    parameters.add(array: firsts.lazy.map(\.destination))
    parameters.add(array: firsts.lazy.map { StoredText.written($0.orderKey ?? "") })
    parameters.add(array: firsts.lazy.map(\.id.rawValue))
    parameters.add(Int64(limit))
    let rows = try connection.read(followers, parameters)
    var found = [[DeliveryRead]](repeating: [], count: firsts.count)
    for place in 0..<rows.count {
      found[Int(rows[place].integer(0)) - 1].append(DeliveryRead(rows[place], from: 1))
    }
    return found
  }

  /// - Returns: Each with the number of its deliveries.
  func events(
    _ ids: [EventID], source: (Int32) -> String, _ connection: StoreConnection
  ) throws(StoreError) -> [EventRead.Found] {
    var parameters = Parameters(capacity: 24 * ids.count + 64)
    parameters.add(array: ids)
    parameters.add(boundsOf: ids)
    let rows = try connection.read(events, parameters)
    var contexts: [EventID: EnvelopeContext] = [:]
    return (0..<rows.count).compactMap { EventRead.event(rows[$0], &contexts, source: source) }
  }

  private static func deliveries(_ rows: Rows) -> [DeliveryRead] {
    (0..<rows.count).map { DeliveryRead(rows[$0]) }
  }

  private static func times(_ rows: Rows) -> [(due: Timestamp, id: DeliveryID)] {
    (0..<rows.count).map { (rows[$0].time(0), DeliveryID(rawValue: rows[$0].integer(1))) }
  }

  /// All of a node that are unlisted, in order of arrival.
  func unlisted(
    slot: Int16, _ connection: StoreConnection
  ) throws(StoreError) -> [(id: DeliveryID, destination: DestinationRowID, bytes: Int)] {
    var parameters = Parameters()
    parameters.add(slot)
    let rows = try connection.read(unlistedDeliveries, parameters)
    return (0..<rows.count).map { place in
      let row = rows[place]
      return (
        DeliveryID(rawValue: row.integer(0)), DestinationRowID(rawValue: Int64(row.int32(1))),
        Int(row.int32(2))
      )
    }
  }

  // MARK: Writing

  /// Retries that are due later than that become due then, so many at most.
  ///
  /// - Parameter brought: Given how many there were.
  func bringIn(
    _ destination: DestinationRowID, _ queue: DeliveryQueue, to latest: Timestamp, limit: Int,
    in commit: PendingCommit, brought: @escaping (Int) -> Void
  ) {
    var parameters = Parameters()
    parameters.add(Int32(destination.rawValue))
    parameters.add(DeliveryState.retrying.shelf(in: queue))
    parameters.add(latest)
    parameters.add(Int64(limit))
    commit.add(bringIn, parameters) { brought($0.affected) }
  }

  func list(_ deliveries: [DeliveryID], in commit: PendingCommit) {
    var parameters = Parameters(capacity: 16 * deliveries.count + 64)
    parameters.add(array: deliveries.lazy.map(\.rawValue))
    parameters.add(boundsOf: deliveries.lazy.map(\.rawValue))
    commit.add(list, parameters)
  }

  /// Lists all of a node from `first` to before `end`. None before that is unlisted any more.
  ///
  /// - Parameter listed: Given them, in no order.
  func list(
    from first: DeliveryID, to end: DeliveryID, in commit: PendingCommit,
    listed: @escaping ([DeliveryID]) -> Void
  ) {
    var parameters = Parameters()
    parameters.add(first.rawValue)
    parameters.add(end.rawValue)
    parameters.add(commit.slot)
    commit.add(listRange, parameters) { rows in
      listed((0..<rows.count).map { DeliveryID(rawValue: rows[$0].integer(0)) })
    }
    mark(end, in: commit)
  }

  /// None of the node before this one is unlisted.
  func mark(_ first: DeliveryID, in commit: PendingCommit, marked: @escaping () -> Void = {}) {
    var parameters = Parameters()
    parameters.add(commit.slot)
    parameters.add(first.rawValue)
    commit.add(setUnlisted, parameters) { _ in marked() }
  }
}

extension DeliveryState {
  /// Where one of this state is found; nil: nobody looks for it.
  func shelf(in queue: DeliveryQueue) -> Int16? {
    switch self {
    case .delivered: nil
    case .fresh, .retrying, .waiting: Int16(queue == .live ? rawValue : rawValue - 4)
    case .dead, .discarded: Int16(rawValue)
    }
  }
}
