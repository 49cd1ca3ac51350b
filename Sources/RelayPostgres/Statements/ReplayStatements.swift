import RelayCore

/// The rows of replays, and of what they have queued.
struct ReplayStatements: Sendable {
  private let insert: Statement
  private let byNumber: Statement
  private let update: Statement
  private let amend: Statement
  private let nextNumber: Statement
  private let insertDeltas: Statement
  private let underWay: Statement
  private let take: Statement
  private let release: Statement
  private let releaseAbandoned: Statement
  private let forget: Statement
  private let insertReplayed: Statement
  private let sendable: Statement

  init(_ names: TableNames) {
    insert = Statement(
      name: "insert_replay",
      sql: """
        INSERT INTO \(names.replay) (id, plan, expected, who, reason, started, runner) VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
      types: [.int4, .text, .int8, .text, .text, .int8, .int2])
    byNumber = Statement(
      name: "replay", sql: "SELECT \(ReplayRow.columns) FROM \(ReplayRow.source(names)) WHERE id = $1",
      types: [.int4])
    update = Statement(
      name: "update_replay",
      sql: """
        UPDATE \(names.replay) SET walk = $2, failure = $3, walked_to = $4, matched = $5, skipped = $6, queued = $7,
          ended = $8
        WHERE id = $1
        """,
      types: [.int4, .int4, .text, .text, .int8, .int8, .int8, .int8])
    amend = Statement(
      name: "amend_replay", sql: "UPDATE \(names.replay) SET plan = $2, reason = $3 WHERE id = $1",
      types: [.int4, .text, .text])
    // Where replays were brought in from elsewhere, their numbers are not the sequence's.
    nextNumber = Statement(
      name: "next_replay",
      sql: """
        SELECT CASE WHEN n.next > n.last THEN n.next ELSE setval('\(names.replayNumber)', n.last + 1) END FROM (
          SELECT nextval('\(names.replayNumber)') AS next, (SELECT coalesce(max(id), 0)::int8 FROM \(names.replay)) AS last) n
        """)
    insertDeltas = Statement(
      name: "insert_replay_deltas",
      sql: """
        INSERT INTO \(names.replayDelta) (replay, delivered, dead, discarded)
        SELECT * FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::int8[])
        """,
      types: [.int4Array, .int8Array, .int8Array, .int8Array])
    underWay = Statement(
      name: "replays_under_way",
      sql: "SELECT \(ReplayRow.columns), runner FROM \(ReplayRow.source(names)) WHERE walk = 0 ORDER BY id")
    take = Statement(
      name: "take_replay",
      sql: "UPDATE \(names.replay) SET runner = $1 WHERE id = $2 AND walk = 0 AND runner IS NULL",
      types: [.int2, .int4])
    release = Statement(
      name: "release_replays", sql: "UPDATE \(names.replay) SET runner = NULL WHERE walk = 0 AND runner = $1",
      types: [.int2])
    releaseAbandoned = Statement(
      name: "release_abandoned_replays",
      sql: """
        WITH nobodys AS MATERIALIZED (
          SELECT slot FROM node WHERE slot = ANY($1) AND backend IS NULL ORDER BY slot FOR UPDATE)
        UPDATE \(names.replay) SET runner = NULL
        WHERE walk = 0 AND runner = ANY(ARRAY(SELECT slot FROM nobodys))
        """,
      types: [.int2Array])
    forget = Statement(
      name: "forget_replays",
      sql: """
        DELETE FROM \(names.replay) r USING (
          SELECT id FROM \(names.replay)
          WHERE id <= $1 AND walk > 0 AND ended <= $2 AND queued = delivered + discarded + coalesce((
            SELECT sum(d.delivered + d.discarded) FROM \(names.replayDelta) d WHERE d.replay = id), 0)
          ORDER BY id LIMIT $3) u
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

  /// A number that no replay has had. One that comes to nothing is given to no other.
  func nextNumber(_ connection: StoreConnection) throws(StoreError) -> Int {
    Int(try connection.read(nextNumber)[0].integer(0))
  }

  // MARK: Who walks along them

  /// Those whose walk has not ended.
  func underWay(in pipeline: inout Pipeline) { pipeline.add(underWay) }

  /// - Returns: Each with the slot whose node walks along it; nil: nobody does.
  static func underWay(_ rows: Rows) -> [(replay: Replay, runner: Int16?)] {
    rows.map {
      (ReplayRow.replay($0), $0.optionalInt32(ReplayRow.columnCount).map { Int16($0) })
    }
  }

  /// This node walks along it from now on, if nobody does.
  func take(_ id: Int, for slot: Int16, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(slot)
    parameters.add(Int32(id))
    pipeline.add(take, parameters)
  }

  /// Nobody walks along those of this slot any more.
  func release(allOf slot: Int16, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(slot)
    pipeline.add(release, parameters)
  }

  /// The same for slots whose nodes have ended.
  func release(abandonedBy slots: some Collection<Int16>, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(array: slots)
    pipeline.add(releaseAbandoned, parameters)
  }

  // MARK: Writing

  /// This node walks along it.
  func insert(_ replay: Replay, in commit: PendingCommit) {
    let new = replay.new
    var parameters = Parameters()
    parameters.add(Int32(replay.id))
    parameters.add(StoredText.written(new.plan))
    parameters.add(new.expected.map(Int64.init))
    parameters.add(new.who.map(StoredText.written))
    parameters.add(new.reason.map(StoredText.written))
    parameters.add(new.startedAt)
    parameters.add(commit.slot)
    commit.add(insert, parameters)
  }

  /// How far its walk has come: who walks along it writes this alone.
  func write(_ replay: Replay, in commit: PendingCommit) {
    var parameters = Parameters()
    parameters.add(Int32(replay.id))
    parameters.add(Int32(replay.walk.rawValue))
    parameters.add(replay.failure.map(StoredText.written))
    parameters.add(replay.cursors.text)
    parameters.add(Int64(replay.matched))
    parameters.add(Int64(replay.skipped))
    parameters.add(Int64(replay.queued))
    parameters.add(replay.endedAt)
    commit.add(update, parameters)
  }

  /// What has come of deliveries, by their replays. Whoever has settled them writes this, and locks nothing.
  func insert(_ differences: [Int: ReplayDifference], in commit: PendingCommit) {
    let rows = differences.sorted { $0.key < $1.key }
    var parameters = Parameters(capacity: 40 * rows.count + 64)
    parameters.add(array: rows.lazy.map { Int32($0.key) })
    parameters.add(array: rows.lazy.map { Int64($0.value.delivered) })
    parameters.add(array: rows.lazy.map { Int64($0.value.dead) })
    parameters.add(array: rows.lazy.map { Int64($0.value.discarded) })
    commit.add(insertDeltas, parameters)
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
  /// How many columns they are.
  static let columnCount = 16

  /// The table with all that has come of its deliveries.
  static func source(_ names: TableNames) -> String {
    """
    (SELECT r.id, r.plan, r.expected, r.who, r.reason, r.started, r.walk, r.failure, r.walked_to, r.matched, r.skipped, r.queued,
      r.delivered + coalesce(d.delivered, 0) AS delivered, r.dead + coalesce(d.dead, 0) AS dead,
      r.discarded + coalesce(d.discarded, 0) AS discarded, r.ended, r.runner
    FROM \(names.replay) r LEFT JOIN (
      SELECT replay, sum(delivered)::int8 AS delivered, sum(dead)::int8 AS dead, sum(discarded)::int8 AS discarded
      FROM \(names.replayDelta) GROUP BY replay) d ON d.replay = r.id) AS replay
    """
  }

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
