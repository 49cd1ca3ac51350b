/// What nodes ask and write about slots. Where locks are asked for, the first parameter is the store's key.
enum SlotStatements {
  /// The last heartbeat in microseconds: told, and compared with what was told.
  private static let seen = "(extract(epoch FROM seen) * 1000000)::int8"

  /// The locks of this store's slots, in this database alone: `pg_locks` has those of all. `key` is the slot for a writer, and the slot
  /// and 4096 for a second connection.
  private static let locks = """
    SELECT objid::int8::int4 AS key, pid FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = $1::int8::oid
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """

  /// Takes the lowest slot whose node is gone, and writes who has it now, in one transaction: others never see the lock beside the row of the
  /// one before.
  ///
  /// Told of the node before is how long ago it was seen, as the row was before this; null: it has left nothing.
  ///
  /// The candidates are looked at one after the other until a lock was had; it is the session's, and stays if the transaction fails.
  static let take = Statement(
    name: "take_slot",
    sql: """
      WITH held AS MATERIALIZED (\(locks)),
        free AS MATERIALIZED (
          SELECT slot FROM generate_series(0, \(Slot.all.upperBound - 1)) AS slot
          WHERE slot + \(SlotLock.watchOffset) NOT IN (SELECT key FROM held)),
        taken AS MATERIALIZED (SELECT slot FROM free WHERE pg_try_advisory_lock($1, slot) LIMIT 1)
      INSERT INTO node AS n (slot, session, name, version, configuration, backend, last_tick, seen, started)
      SELECT slot, 1, $2, $3, $4, pg_backend_pid(), 0, clock_timestamp(), clock_timestamp() FROM taken
      ON CONFLICT (slot) DO UPDATE SET session = n.session + 1, name = $2, version = $3, configuration = $4,
        backend = pg_backend_pid(), watcher = NULL, taker = NULL, seen = clock_timestamp(), started = clock_timestamp()
      RETURNING slot::int4, session, last_tick, (
        SELECT (extract(epoch FROM clock_timestamp() - o.seen) * 1000000)::int8 FROM node o
        WHERE o.slot = n.slot AND o.backend IS NOT NULL)
      """,
    types: [.int4, .text, .text, .text])

  static let tryLock = Statement(
    name: "try_slot_lock", sql: "SELECT pg_try_advisory_lock($1, $2)", types: [.int4, .int4])

  static let unlock = Statement(
    name: "unlock_slot", sql: "SELECT pg_advisory_unlock($1, $2)", types: [.int4, .int4])

  /// Ends what an earlier connection of this very node has left: the session that the row names. `$2`: the lock's key, `$3` slot, `$4` session.
  static let endOwn = Statement(
    name: "end_own_session",
    sql: """
      SELECT count(pg_terminate_backend(l.pid)) FROM node n, (\(locks)) l
      WHERE n.slot = $3 AND n.session = $4 AND l.key = $2
        AND l.pid = CASE WHEN $2 = $3 THEN n.backend ELSE n.watcher END AND l.pid <> pg_backend_pid()
      """,
    types: [.int4, .int4, .int4, .int8])

  /// Takes the lock of a second connection, where the slot is this node's: `$1` the store's key, `$2` the lock's, `$3` slot, `$4` session. No
  /// row: the slot has changed hands, and the lock is the new node's.
  static let tryWatch = Statement(
    name: "try_watch_lock",
    sql: """
      SELECT pg_try_advisory_lock($1, $2) FROM node WHERE slot = $3 AND session = $4 AND taker IS NULL
      """,
    types: [.int4, .int4, .int4, .int8])

  /// Ends both sessions of a node whose lease is over: `$2` slot, `$3` session, `$4` the last heartbeat as who judges it has seen it.
  ///
  /// Only those that its row names: who takes the slot at this moment has another one.
  static let endOver = Statement(
    name: "end_over_sessions",
    sql: """
      SELECT count(pg_terminate_backend(l.pid)) FROM node n, (\(locks)) l
      WHERE n.slot = $2 AND n.session = $3 AND n.taker IS NULL AND \(seen) = $4
        AND ((l.key = $2 AND l.pid = n.backend) OR (l.key = $2 + \(SlotLock.watchOffset) AND l.pid = n.watcher))
      """,
    types: [.int4, .int4, .int8, .int8])

  /// The node's new writer connection, whose lock it has. No row: the slot has changed hands. `$1` slot, `$2` session, `$3` the slot of the
  /// node that clears up (null: its own).
  ///
  /// It writes, and so it waits for a synchronous standby: what is found in the tables after it, such as the commit whose answer was lost, has
  /// been replicated, too.
  static let regain = Statement(
    name: "regain_slot",
    sql: """
      UPDATE node SET backend = pg_backend_pid()
      WHERE slot = $1 AND session = $2 AND taker IS NOT DISTINCT FROM $3
      RETURNING slot::int4, session, last_tick
      """,
    types: [.int4, .int8, .int4])

  /// Whether the slot still is this node's: the same parameters.
  static let isHeld = Statement(
    name: "is_slot_held",
    sql: """
      SELECT EXISTS (SELECT FROM node WHERE slot = $1 AND session = $2 AND taker IS NOT DISTINCT FROM $3)
      """,
    types: [.int4, .int8, .int4])

  /// Takes over a slot whose lock is had: `$2` slot, `$3` the session that is over, `$4` this node's slot, `$5` the last heartbeat as this node
  /// has seen it. No row: the slot has changed hands, or its node has come back.
  static let takeOver = Statement(
    name: "take_over_slot",
    sql: """
      UPDATE node SET session = session + 1, backend = pg_backend_pid(), watcher = NULL, taker = $4
      WHERE slot = $2 AND session = $3 AND \(seen) = $5
        AND NOT EXISTS (SELECT FROM (\(locks)) l WHERE l.key = $2 + \(SlotLock.watchOffset))
      RETURNING slot::int4, session, last_tick
      """,
    types: [.int4, .int4, .int8, .int4, .int8])

  /// Which history the server's log is of: another one after each promotion of a standby, which may not have all that the primary had.
  static let timeline = Statement(
    name: "timeline", sql: "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)")

  /// Nobody has it any more, and nothing is left of who had it. `$1` slot, `$2` session.
  static let leave = Statement(
    name: "leave_slot",
    sql: "UPDATE node SET backend = NULL, watcher = NULL, taker = NULL WHERE slot = $1 AND session = $2",
    types: [.int4, .int8])

  /// It ends, and starts nothing any more: nobody need wait before taking its slot, or what it leaves. `$1` slot, `$2` session.
  static let standDown = Statement(
    name: "stand_down",
    sql: "UPDATE node SET seen = seen - interval '1 day' WHERE slot = $1 AND session = $2",
    types: [.int4, .int8])

  /// A heartbeat, on the second connection: `$1` slot, `$2` session, `$3` the highest tick that was given, `$4` the hash of the configuration
  /// (null: as before). The server's time in microseconds. No row: the slot has changed hands.
  static let beat = Statement(
    name: "beat",
    sql: """
      UPDATE node SET seen = clock_timestamp(), watcher = pg_backend_pid(), last_tick = greatest(last_tick, $3),
        configuration = coalesce($4, configuration)
      WHERE slot = $1 AND session = $2 AND taker IS NULL
      RETURNING \(seen)
      """,
    types: [.int4, .int8, .int8, .text])

  /// All rows that somebody holds or held: `NodeRow`. A commit that waits for a standby goes on with its transaction's time.
  static let look = Statement(
    name: "look_at_nodes",
    sql: """
      WITH held AS MATERIALIZED (\(locks))
      SELECT slot::int4, session, name, version, configuration,
        (extract(epoch FROM clock_timestamp() - seen) * 1000000)::int8,
        slot IN (SELECT key FROM held), slot + \(SlotLock.watchOffset) IN (SELECT key FROM held), taker IS NOT NULL,
        \(seen),
        coalesce((
          SELECT a.wait_event = 'SyncRep' AND a.xact_start < clock_timestamp() - interval '3 s'
          FROM pg_stat_get_activity(node.backend) a), false)
      FROM node WHERE backend IS NOT NULL ORDER BY slot
      """,
    types: [.int4])

  /// To all nodes that listen: `$1` is the message.
  static let notify = Statement(
    name: "notify", sql: "SELECT pg_notify('\(NodeMessage.channel)', $1)", types: [.text])
}
