import RelayCore
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
          checks: [], note: "it is being filled from another store: rows are compared once `store migrate` is done")
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
        "keep a dump of the database (pg_dump) and report this; a delivery that is named may be discarded by its number"
    )
    check.count = try count(statements.deliveryCount, connection)
    for row in try rows(statements.states, connection) {
      let (state, reason) = (Int(row.int32(0)), row.optionalInt32(1).map(Int.init))
      guard !Self.fits(reason, state) else { continue }
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

  private static func fits(_ reason: Int?, _ state: Int) -> Bool {
    switch DeliveryState(rawValue: state) {
    case .dead: reason.flatMap(DeathReason.init) != nil
    case .discarded: reason.flatMap(DiscardReason.init) != nil
    case .fresh, .retrying, .waiting, .delivered: reason == nil
    case nil: false
    }
  }

  private func references(
    _ connection: PostgresConnection
  ) throws(PostgresError) -> StoreVerification.Check {
    var check = StoreVerification.Check(
      "references",
      advice:
        "rows are missing: what they belonged to is not sent, and the log says so; restore a backup if it matters"
    )
    try add(statements.references, to: &check, connection)
    return check
  }

  /// Of what is settled the books count also what has gone since.
  private func books(_ connection: PostgresConnection) throws(PostgresError) -> StoreVerification.Check {
    var check = StoreVerification.Check(
      "books",
      advice:
        "counts and max_backlog are off by so much, and nothing is lost; keep a dump of the database and report this"
    )
    var sums: [Int32: [Int]] = [:]
    for row in try rows(statements.sums, connection) {
      sums[row.int32(0)] = (1...7).map { Int(row.integer($0)) }
    }
    let books = try rows(statements.books, connection)
    check.count = books.count
    for row in books {
      let found = sums[row.int32(0)] ?? [Int](repeating: 0, count: 7)
      // The place in the row of books, and the place among the sums.
      for (what, column, place, isExact) in Self.compared {
        let said = Int(row.integer(column))
        guard isExact ? said != found[place] : said < found[place] else { continue }
        check.found("\(row.text(1)): the books say \(said) \(what), and there are \(found[place])")
      }
    }
    return check
  }

  private static let compared = [
    ("pending", 6, 0, true), ("pending of replays", 7, 1, true), ("dead", 8, 2, true),
    ("delivered", 9, 3, false), ("discarded", 10, 4, false), ("overflowed", 11, 5, false),
    ("bytes of backlog", 12, 6, true),
  ]

  // MARK: Order

  /// Of each key the first is attempted, and all others wait.
  private func orderKeys(_ connection: PostgresConnection) throws(PostgresError) -> StoreVerification.Check {
    var check = StoreVerification.Check(
      "order keys",
      advice:
        "discard or retry the deliveries that are named, or change the destination's order_by to none and back: "
        + "their order is made anew")
    let keys = try rows(statements.orderKeys, connection)
    check.count = keys.count
    for row in keys {
      let (first, attempted) = (row.integer(1), Int(row.integer(2)))
      guard attempted != 1 || row.optionalInteger(3) != first else { continue }
      check.found(
        "\(row.text(0)), delivery \(first): it is the first of its key, and "
          + (attempted == 0
            ? "none of the key is attempted"
            : "\(attempted.counted("is", "are")) attempted at once or before it"))
    }
    return check
  }

  // MARK: Events

  private func events(_ connection: PostgresConnection) throws(PostgresError) -> StoreVerification.Check {
    var check = StoreVerification.Check(
      "events",
      advice:
        "what is named can't be relied on; restore a backup if it matters, and report this with a dump of the database"
    )
    check.count = try count(statements.eventCount, connection)
    try add(statements.events, to: &check, connection)
    var last = EventID(high: 0, low: 0)
    while true {
      var parameters = Parameters()
      parameters.add(last)
      parameters.add(Self.bodiesInPage)
      let page = try rows(statements.bodies, connection, parameters)
      for row in page where !isSound(row.bytes(1)) {
        check.found("\(row.eventID(0)) has a body that is no JSON object: what was accepted has changed")
      }
      guard page.count > 0 else { return check }
      last = page[page.count - 1].eventID(0)
    }
  }

  // MARK: Replays

  /// Of what is settled the replays count also what has gone since; of one that is gone there may be some left.
  private func replays(_ connection: PostgresConnection) throws(PostgresError) -> StoreVerification.Check {
    var check = StoreVerification.Check(
      "replays",
      advice:
        "nothing that was accepted is lost; what is named may be counted or shown wrongly: keep a dump of the database and "
        + "report this")
    try add(statements.replayed, to: &check, connection)
    var found: [Int32: [Int]] = [:]
    for row in try rows(statements.replaySums, connection) {
      found[row.int32(0)] = (1...4).map { Int(row.integer($0)) }
    }
    let replays = try rows(statements.replays, connection)
    check.count = replays.count
    for row in replays {
      let id = row.int32(0)
      let there = found[id] ?? [0, 0, 0, 0]
      let (queued, delivered, dead, discarded) = (
        Int(row.integer(1)), Int(row.integer(2)), Int(row.integer(3)), Int(row.integer(4))
      )
      func compare(_ what: String, _ said: Int, _ found: Int, isExact: Bool) {
        guard isExact ? said != found : said < found else { return }
        check.found("replay \(id): it says \(said) \(what), and there are \(found)")
      }
      compare("pending", queued - delivered - dead - discarded, there[0], isExact: true)
      compare("delivered", delivered, there[1], isExact: false)
      compare("dead", dead, there[2], isExact: true)
      compare("discarded", discarded, there[3], isExact: false)
      if (row.int32(5) == 0) != row.bool(6) {
        check.found("replay \(id): its walk is \(row.int32(5)), and it says \(row.bool(6) ? "no" : "an") end")
      }
    }
    return check
  }
}

@available(*, unavailable)
extension PostgresVerifier: Sendable {}
