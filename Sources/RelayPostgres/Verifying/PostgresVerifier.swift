import RelayCore
import RelayStoring
import RelayText

/// Looks at a whole store as it stands at one moment, whether relays run on it or not: whether its rows agree with each other. Changes
/// nothing. The server's own files are the server's to look after (`pg_amcheck`, checksums).
///
/// All of it is one snapshot, so that what relays do meanwhile is not mixed into it. Until it is done, row versions that relays leave behind
/// stay in the tables.
package struct PostgresVerifier {
  /// Whether an event's body is what it can be.
  package typealias BodyTest = ([UInt8]) -> Bool

  private let isSound: BodyTest
  private let progress: (String) -> Void
  private let statements = VerifyStatements(TableNames())

  /// Of connecting, and of each call that asks little.
  private static let shortTime = Duration.seconds(10)
  /// Of a call that goes along a whole table.
  private static let longTime = Duration.seconds(24 * 3_600)
  private static let bodiesInPage: Int64 = 256
  /// What to keep before anything is tried.
  private static let dump = "dump of the database"

  /// - Parameters:
  ///   - isSound: Whether bytes are an event's body.
  ///   - progress: Told what is looked at next.
  package init(isSound: @escaping BodyTest, progress: @escaping (String) -> Void = { _ in }) {
    self.isSound = isSound
    self.progress = progress
  }

  /// - Throws: `unreachable`, `cannotOpen`, where there is no such server or database, or none that a relay can work with; `newerSchema`;
  ///   `failing`.
  package func verify(_ address: DatabaseAddress) throws(StoreError) -> StoreVerification {
    let server = try ServerAddress(address)
    let opener = SessionOpener(
      address: server, applicationName: "huggy-relay verify", limit: Self.shortTime)
    do throws(NodeError) {
      let connection = try opener.open(.look)
      defer { connection.close() }
      guard let mark = try Migration(connection, within: Self.shortTime).find() else {
        return StoreVerification(checks: [], note: "\(server) holds no store yet")
      }
      guard mark.version == Schema.migrations.count else {
        return StoreVerification(
          checks: [],
          note:
            "it is of an earlier version (schema \(mark.version), this one has \(Schema.migrations.count)): rows are "
            + "compared once `serve` has brought it up to date")
      }
      let move = try asServer { () throws(PostgresError) in
        try MoveProgressStatements(TableNames()).read(connection, within: Self.shortTime)
      }
      guard move.map({ $0.step == .done }) ?? true else {
        return StoreVerification(
          checks: [],
          note: "it is being filled from another store: rows are compared once `store migrate` is done")
      }
      return try asServer { () throws(PostgresError) in try look(connection) }
    } catch {
      throw StoreError(opening: error)
    }
  }

  private func look(_ connection: PostgresConnection) throws(PostgresError) -> StoreVerification {
    try connection.execute(Self.preparation(for: connection.serverVersion), within: Self.shortTime)
    progress("deliveries")
    let deliveries = try deliveries(connection)
    progress("books")
    let books = try books(connection)
    progress("references")
    let references = try references(connection)
    progress("order keys")
    let keys = try orderKeys(connection)
    progress("events")
    let events = try events(connection)
    progress("replays")
    let replays = try replays(connection)
    try connection.execute("COMMIT", within: Self.shortTime)
    return StoreVerification(checks: [deliveries, books, references, keys, events, replays])
  }

  /// The session's limits are those of short looks; and here whole tables are walked along.
  private static func preparation(for version: Int) -> String {
    """
    SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET enable_seqscan = on;
    SET enable_bitmapscan = on; SET plan_cache_mode = auto;\(version >= 170_000 ? " SET transaction_timeout = 0;" : "")
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
    """
  }

  // MARK: Asking

  private func rows(
    _ statement: Statement, _ connection: PostgresConnection,
    _ parameters: Parameters = Parameters(capacity: 0)
  ) throws(PostgresError) -> Rows {
    try connection.run(statement, parameters, within: Self.longTime)
  }

  private func count(
    _ statement: Statement, _ connection: PostgresConnection
  ) throws(PostgresError) -> Int {
    Int(try rows(statement, connection)[0].integer(0))
  }

  /// Adds what is wrong by each of the statements that give a sentence for it.
  private func add(
    _ statements: [Statement], to check: inout StoreVerification.Check, _ connection: PostgresConnection
  ) throws(PostgresError) {
    for statement in statements {
      let rows = try rows(statement, connection)
      for row in rows { check.found(row.text(0)) }
      // The others are counted only.
      if let first = rows.first { check.problemCount += Int(first.integer(1)) - rows.count }
    }
  }

  // MARK: Deliveries

  private func deliveries(
    _ connection: PostgresConnection
  ) throws(PostgresError) -> StoreVerification.Check {
    var check = StoreVerification.Check(
      "deliveries",
      advice:
        "keep a \(Self.dump) (pg_dump) and report this; a delivery that is named may be discarded by its number"
    )
    check.count = try count(statements.deliveryCount, connection)
    for row in try rows(statements.states, connection) {
      let (state, reason) = (Int(row.int32(0)), row.optionalInt32(1).map(Int.init))
      guard DeliveryState(rawValue: state)?.goesWith(reason: reason) != true else { continue }
      let (first, count) = (row.integer(2), Int(row.integer(3)))
      let what =
        reason.map { "the state \(state) and the reason \($0)" } ?? "the state \(state) and no reason"
      check.found(
        "\(count.counted("delivery has", "deliveries have")) \(what), which do not go together; the first is \(first)"
      )
    }
    try add(statements.deliveries, to: &check, connection)
    return check
  }

  private func references(
    _ connection: PostgresConnection
  ) throws(PostgresError) -> StoreVerification.Check {
    var check = StoreVerification.Check.references
    try add(statements.references, to: &check, connection)
    return check
  }

  private func books(_ connection: PostgresConnection) throws(PostgresError) -> StoreVerification.Check {
    var check = StoreVerification.Check.books(keep: Self.dump)
    var sums: [Int32: DeliverySums] = [:]
    for row in try rows(statements.sums, connection) {
      func sum(_ column: Int) -> Int { Int(row.integer(column)) }
      sums[row.int32(0)] = DeliverySums(
        pending: sum(1), replaying: sum(2), dead: sum(3), delivered: sum(4), discarded: sum(5),
        overflowed: sum(6), backlogBytes: sum(7))
    }
    for row in try rows(statements.books, connection) {
      let books = BookStatements.destination(row).1
      check.compare(booksOf: books.name, DeliverySums(books), with: sums[row.int32(0)] ?? DeliverySums())
    }
    return check
  }

  // MARK: Order

  private func orderKeys(_ connection: PostgresConnection) throws(PostgresError) -> StoreVerification.Check {
    var check = StoreVerification.Check.orderKeys
    for row in try rows(statements.orderKeys, connection) {
      check.look(
        atKeyOf: row.text(0), first: row.integer(1), attempted: Int(row.integer(2)),
        firstAttempted: row.optionalInteger(3))
    }
    return check
  }

  // MARK: Events

  private func events(_ connection: PostgresConnection) throws(PostgresError) -> StoreVerification.Check {
    var check = StoreVerification.Check.events(keep: Self.dump)
    check.count = try count(statements.eventCount, connection)
    try add(statements.events, to: &check, connection)
    var last = EventID(high: 0, low: 0)
    while true {
      var parameters = Parameters()
      parameters.add(last)
      parameters.add(Self.bodiesInPage)
      let page = try rows(statements.bodies, connection, parameters)
      for row in page where !isSound(row.bytes(1)) { check.foundUnsoundBody(of: row.eventID(0)) }
      guard page.count > 0 else { return check }
      last = page[page.count - 1].eventID(0)
    }
  }

  // MARK: Replays

  private func replays(_ connection: PostgresConnection) throws(PostgresError) -> StoreVerification.Check {
    var check = StoreVerification.Check.replays(keep: Self.dump)
    try add(statements.replayed, to: &check, connection)
    var found: [Int32: ReplaySums] = [:]
    for row in try rows(statements.replaySums, connection) {
      found[row.int32(0)] = ReplaySums(
        pending: Int(row.integer(1)), delivered: Int(row.integer(2)), dead: Int(row.integer(3)),
        discarded: Int(row.integer(4)))
    }
    for row in try rows(statements.replays, connection) {
      let said = ReplaySums(
        queued: Int(row.integer(1)), delivered: Int(row.integer(2)), dead: Int(row.integer(3)),
        discarded: Int(row.integer(4)))
      check.compare(
        replay: Int64(row.int32(0)), said, with: found[row.int32(0)] ?? ReplaySums(),
        walk: Int64(row.int32(5)), hasEnded: !row.bool(6))
    }
    return check
  }
}

@available(*, unavailable)
extension PostgresVerifier: Sendable {}
