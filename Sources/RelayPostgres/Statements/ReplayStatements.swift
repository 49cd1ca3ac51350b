import RelayCore

/// The rows of replays, and of what they have queued.
struct ReplayStatements: Sendable {
  private let insert: Statement
  private let byNumber: Statement
  private let update: Statement
  private let amend: Statement
  private let newest: Statement
  private let forget: Statement
  private let insertReplayed: Statement
  private let sendable: Statement

  init(_ names: TableNames) {
    insert = Statement(
      name: "insert_replay",
      sql: """
        INSERT INTO \(names.replay) (id, plan, expected, who, reason, started) VALUES ($1, $2, $3, $4, $5, $6)
        """,
      types: [.int4, .text, .int8, .text, .text, .int8])
    byNumber = Statement(
      name: "replay", sql: "SELECT \(ReplayRow.columns) FROM \(names.replay) WHERE id = $1", types: [.int4])
    update = Statement(
      name: "update_replay",
      sql: """
        UPDATE \(names.replay) SET walk = $2, failure = $3, walked_to = $4, matched = $5, skipped = $6, queued = $7,
          delivered = $8, dead = $9, discarded = $10, ended = $11
        WHERE id = $1
        """,
      types: [.int4, .int4, .text, .text, .int8, .int8, .int8, .int8, .int8, .int8, .int8])
    amend = Statement(
      name: "amend_replay", sql: "UPDATE \(names.replay) SET plan = $2, reason = $3 WHERE id = $1",
      types: [.int4, .text, .text])
    newest = Statement(name: "newest_replay", sql: "SELECT coalesce(max(id), 0) FROM \(names.replay)")
    forget = Statement(
      name: "forget_replays",
      sql: """
        DELETE FROM \(names.replay) r USING (
          SELECT id FROM \(names.replay)
          WHERE id <= $1 AND walk > 0 AND queued = delivered + discarded AND ended <= $2 ORDER BY id LIMIT $3) u
        WHERE r.id = u.id
        """,
      types: [.int4, .int8, .int8])
    insertReplayed = Statement(
      name: "insert_replayed",
      sql: """
        \(CommitBase.cte)
        INSERT INTO \(names.replayed) (event, delivery) SELECT u.event, ((base.tick + u.place) << 12) | $2
        FROM base, unnest($3::uuid[], $4::int4[]) AS u(event, place)
        """,
      types: [.int8, .int2, .uuidArray, .int4Array])
    sendable = Statement(
      name: "sendable_events",
      sql: """
        SELECT e.id FROM unnest($1::uuid[]) AS u(id) JOIN \(names.event) e ON e.id = u.id
        WHERE length(e.body) > 0 AND e.id >= $2 AND e.id <= $3
        """,
      types: [.uuidArray, .uuid, .uuid])
  }

  /// Those of the events that are there, and have something to be sent.
  func sendable(_ events: [EventID], _ connection: StoreConnection) throws(StoreError) -> Set<EventID> {
    var parameters = Parameters(capacity: 24 * events.count + 64)
    parameters.add(array: events)
    parameters.add(boundsOf: events)
    return Set(try connection.read(sendable, parameters).map { $0.eventID(0) })
  }

  /// nil: there is none.
  func replay(_ id: Int, _ connection: StoreConnection) throws(StoreError) -> Replay? {
    guard let id = Int32(exactly: id) else { return nil }
    var parameters = Parameters()
    parameters.add(id)
    return try connection.read(byNumber, parameters).first.map(ReplayRow.replay)
  }

  /// 0: there was none yet.
  func newest(_ connection: StoreConnection) throws(StoreError) -> Int {
    Int(try connection.read(newest).first?.int32(0) ?? 0)
  }

  // MARK: Writing

  func insert(_ replay: Replay, in commit: PendingCommit) {
    let new = replay.new
    var parameters = Parameters()
    parameters.add(Int32(replay.id))
    parameters.add(StoredText.written(new.plan))
    parameters.add(new.expected.map(Int64.init))
    parameters.add(new.who.map(StoredText.written))
    parameters.add(new.reason.map(StoredText.written))
    parameters.add(new.startedAt)
    commit.add(insert, parameters)
  }

  func write(_ replay: Replay, in commit: PendingCommit) {
    var parameters = Parameters()
    parameters.add(Int32(replay.id))
    parameters.add(Int32(replay.walk.rawValue))
    parameters.add(replay.failure.map(StoredText.written))
    parameters.add(replay.cursors.text)
    parameters.add(Int64(replay.matched))
    parameters.add(Int64(replay.skipped))
    parameters.add(Int64(replay.queued))
    parameters.add(Int64(replay.delivered))
    parameters.add(Int64(replay.dead))
    parameters.add(Int64(replay.discarded))
    parameters.add(replay.endedAt)
    commit.add(update, parameters)
  }

  func amend(_ id: Int, plan: String, reason: String?, in commit: PendingCommit) {
    guard let id = Int32(exactly: id) else { return }
    var parameters = Parameters()
    parameters.add(id)
    parameters.add(StoredText.written(plan))
    parameters.add(reason.map(StoredText.written))
    commit.add(amend, parameters)
  }

  /// Removes those of whose deliveries nothing is left to be done, if they ended by that time, and are none of the newest.
  func forget(upTo last: Int, endedBy time: Timestamp, limit: Int, in commit: PendingCommit) {
    var parameters = Parameters()
    parameters.add(Int32(clamping: last))
    parameters.add(time)
    parameters.add(Int64(limit))
    commit.add(forget, parameters)
  }

  /// Leads from events to what replays have queued of them.
  ///
  /// - Parameter places: Of the deliveries in the commit.
  func insertReplayed(_ queued: [(event: EventID, place: Int32)], in commit: PendingCommit) {
    var parameters = commit.parameters(capacity: 40 * queued.count + 128)
    parameters.add(array: queued.lazy.map(\.event))
    parameters.add(array: queued.lazy.map(\.place))
    commit.add(insertReplayed, parameters)
  }
}

/// A row of the table `replay`.
enum ReplayRow {
  static let columns =
    "id, plan, expected, who, reason, started, walk, failure, walked_to, matched, skipped, queued, delivered, dead, discarded, ended"

  /// From a row of these columns.
  static func replay(_ row: Row) -> Replay {
    var replay = Replay(
      id: Int(row.int32(0)),
      new: NewReplay(
        plan: StoredText.read(row.text(1)), expected: row.optionalInteger(2).map { Int($0) },
        who: row.optionalText(3).map(StoredText.read), reason: row.optionalText(4).map(StoredText.read),
        startedAt: row.time(5)))
    // What this version does not know it does not go on with.
    replay.walk = Replay.Walk(rawValue: Int(row.integer(6))) ?? .failed
    replay.failure = row.optionalText(7).map(StoredText.read)
    replay.cursors = ReplayCursors(text: row.optionalText(8))
    replay.matched = Int(row.integer(9))
    replay.skipped = Int(row.integer(10))
    replay.queued = Int(row.integer(11))
    replay.delivered = Int(row.integer(12))
    replay.dead = Int(row.integer(13))
    replay.discarded = Int(row.integer(14))
    replay.endedAt = row.optionalTime(15)
    return replay
  }
}
