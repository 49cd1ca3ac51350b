import RelayCore
import RelayStoring

/// The rows of replays, and of what they have queued.
final class ReplayStatements {
  private let insertReplay: Statement
  private let replayByNumber: Statement
  private let updateReplay: Statement
  private let amendReplay: Statement
  private let newestReplay: Statement
  private let oldReplays: Statement
  private let deleteReplay: Statement
  private let insertReplayed: Statement
  private let bodyOfEvent: Statement

  init(_ connection: Connection) throws(StoreError) {
    insertReplay = try connection.prepare(
      "INSERT INTO replay (id, plan, expected, who, reason, started) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
    replayByNumber = try connection.prepare("SELECT \(ReplayRow.columns) FROM replay WHERE id = ?1")
    updateReplay = try connection.prepare(
      """
      UPDATE replay SET walk = ?2, failure = ?3, walked_to = ?4, matched = ?5, skipped = ?6, queued = ?7, delivered = ?8,
        dead = ?9, discarded = ?10, ended = ?11
      WHERE id = ?1
      """)
    amendReplay = try connection.prepare("UPDATE replay SET plan = ?2, reason = ?3 WHERE id = ?1")
    newestReplay = try connection.prepare("SELECT max(id) FROM replay")
    oldReplays = try connection.prepare(
      """
      SELECT id FROM replay
      WHERE id <= ?1 AND walk > 0 AND queued = delivered + discarded AND ended <= ?2 ORDER BY id LIMIT ?3
      """)
    deleteReplay = try connection.prepare("DELETE FROM replay WHERE id = ?1")
    insertReplayed = try connection.prepare("INSERT INTO replayed (event, delivery) VALUES (?1, ?2)")
    bodyOfEvent = try connection.prepare("SELECT length(body) FROM event WHERE id = ?1 AND uuid = ?2")
  }

  /// Whether the event stands there, and there is something to be sent.
  func hasBody(_ row: EventRowID, of event: EventID) throws(StoreError) -> Bool {
    bodyOfEvent.bind(1, row)
    bodyOfEvent.bind(2, event)
    return try bodyOfEvent.firstInteger() ?? 0 > 0
  }

  // MARK: Replays

  func insert(_ replay: Replay) throws(StoreError) {
    let new = replay.new
    insertReplay.bind(1, replay.id)
    insertReplay.bind(2, new.plan)
    insertReplay.bind(3, new.expected)
    insertReplay.bind(4, new.who)
    insertReplay.bind(5, new.reason)
    insertReplay.bind(6, new.startedAt)
    try insertReplay.run()
  }

  /// nil: there is none.
  func replay(_ id: Int) throws(StoreError) -> Replay? {
    replayByNumber.bind(1, id)
    guard try replayByNumber.step() else { return nil }
    defer { replayByNumber.reset() }
    return ReplayRow.replay(replayByNumber)
  }

  func write(_ replay: Replay) throws(StoreError) {
    updateReplay.bind(1, replay.id)
    updateReplay.bind(2, replay.walk.rawValue)
    updateReplay.bind(3, replay.failure)
    updateReplay.bind(4, replay.cursors.text)
    updateReplay.bind(5, replay.matched)
    updateReplay.bind(6, replay.skipped)
    updateReplay.bind(7, replay.queued)
    updateReplay.bind(8, replay.delivered)
    updateReplay.bind(9, replay.dead)
    updateReplay.bind(10, replay.discarded)
    updateReplay.bind(11, replay.endedAt)
    try updateReplay.run()
  }

  func amend(_ id: Int, plan: String, reason: String?) throws(StoreError) {
    amendReplay.bind(1, id)
    amendReplay.bind(2, plan)
    amendReplay.bind(3, reason)
    try amendReplay.run()
  }

  /// 0: there was none yet.
  func newest() throws(StoreError) -> Int { Int(try newestReplay.firstInteger() ?? 0) }

  /// Removes those of whose deliveries nothing is left to be done, if they ended by that time, and are none of the newest.
  func forget(upTo last: Int, endedBy time: Timestamp, limit: Int) throws(StoreError) {
    oldReplays.bind(1, last)
    oldReplays.bind(2, time)
    oldReplays.bind(3, limit)
    var found: [Int64] = []
    while try oldReplays.step() { found.append(oldReplays.integer(0)) }
    for id in found {
      deleteReplay.bind(1, id)
      try deleteReplay.run()
    }
  }

  // MARK: What they queue

  func insertReplayed(_ delivery: DeliveryID, of event: EventRowID) throws(StoreError) {
    insertReplayed.bind(1, event)
    insertReplayed.bind(2, delivery)
    try insertReplayed.run()
  }
}

@available(*, unavailable)
extension ReplayStatements: Sendable {}

/// A row of the table `replay`.
enum ReplayRow {
  static let columns =
    "id, plan, expected, who, reason, started, walk, failure, walked_to, matched, skipped, queued, delivered, dead, discarded, ended"

  /// From a row of these columns.
  static func replay(_ row: Statement) -> Replay {
    var replay = Replay(
      id: Int(row.integer(0)),
      new: NewReplay(
        plan: row.text(1)!, expected: row.optionalInteger(2).map { Int($0) }, who: row.text(3),
        reason: row.text(4), startedAt: row.time(5)))
    // What this version does not know it does not go on with.
    replay.walk = Replay.Walk(rawValue: Int(row.integer(6))) ?? .failed
    replay.failure = row.text(7)
    replay.cursors = ReplayCursors(text: row.text(8))
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
