import RelayCore
import RelayStoring

/// What finds what others have left: what waits with nobody to say whose turn it is, and what stands in no index.
struct SweepStatements: Sendable {
  private let waitingKeys: Statement
  private let firstUnlisted: Statement
  private let listLeft: Statement
  private let forget: Statement

  init(_ names: TableNames) {
    waitingKeys = Statement(
      name: "waiting_keys",
      sql: """
        SELECT d.id, d.order_key FROM \(names.delivery) d
        WHERE \(ShelfRead.rows("$1", "$2", upTo: "$3 - 1")) ORDER BY \(ShelfRead.newestFirst) LIMIT $4
        """,
      types: [.int4, .int2, .int8, .int8])
    firstUnlisted = Statement(
      name: "first_unlisted",
      sql: "SELECT first FROM \(names.unlisted) WHERE slot = $1", types: [.int2])
    listLeft = Statement(
      name: "list_left",
      sql: """
        UPDATE \(names.delivery) d SET shelf = 0 FROM (
          SELECT e.id FROM \(names.delivery) e
          WHERE e.id >= $2 AND e.slot = $1 AND e.state = 0 AND e.shelf IS NULL ORDER BY e.id LIMIT $3) u
        WHERE d.id = u.id RETURNING d.id
        """,
      types: [.int2, .int8, .int8])
    forget = Statement(
      name: "forget_unlisted",
      sql: """
        DELETE FROM \(names.unlisted) u WHERE u.slot = $1 AND NOT EXISTS (
          SELECT FROM \(names.delivery) d WHERE d.id >= u.first AND d.slot = $1 AND d.state = 0 AND d.shelf IS NULL)
        """,
      types: [.int2])
  }

  /// Newest first.
  func waiting(
    of destination: DestinationRowID, _ shelf: Int16, before: DeliveryID, limit: Int,
    _ connection: StoreConnection
  ) throws(StoreError) -> [(id: DeliveryID, key: OrderKey)] {
    var parameters = Parameters()
    parameters.add(Int32(destination.rawValue))
    parameters.add(shelf)
    parameters.add(before.rawValue)
    parameters.add(Int64(limit))
    return try connection.read(waitingKeys, parameters).map { row in
      (
        DeliveryID(rawValue: row.integer(0)),
        OrderKey(destination: destination, text: StoredText.read(row.optionalText(1) ?? ""))
      )
    }
  }

  /// No delivery of the slot before this one is unlisted; nil: none at all.
  func firstUnlisted(of slot: Int16, _ connection: StoreConnection) throws(StoreError) -> DeliveryID? {
    var parameters = Parameters()
    parameters.add(slot)
    return try connection.read(firstUnlisted, parameters).first.map { DeliveryID(rawValue: $0.integer(0)) }
  }

  /// Lists some that a slot's node has left unlisted, oldest first: a commit of its own.
  ///
  /// - Returns: The last of them, and how many they were.
  func list(
    leftBy slot: Int16, from first: DeliveryID, limit: Int, _ connection: StoreConnection
  ) throws(StoreError) -> (last: DeliveryID?, count: Int) {
    var parameters = Parameters()
    parameters.add(slot)
    parameters.add(first.rawValue)
    parameters.add(Int64(limit))
    let rows = try connection.read(listLeft, parameters)
    return (rows.lazy.map { DeliveryID(rawValue: $0.integer(0)) }.max(), rows.count)
  }

  /// A slot that nobody has keeps nobody looking through what came since, once all that it left is listed.
  func forgetUnlisted(of slot: Int16, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(slot)
    pipeline.add(forget, parameters)
  }
}
