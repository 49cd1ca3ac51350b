import RelayCore
import RelayStoring

/// How all else is inserted: names, books, what people have decided, clocks, the audit and replays; and how far the move is.
struct StateMoveStatements {
  private let names: TableNames
  private let insertDestinations: Statement
  private let insertBooks: Statement
  private let insertTokens: Statement
  private let insertGaps: Statement
  private let insertClock: Statement
  private let insertSteps: Statement
  private let insertAudit: Statement
  private let setAuditNumber: Statement
  private let insertReplay: Statement
  private let setUnlisted: Statement
  private let setLastTick: Statement

  init(_ names: TableNames) {
    self.names = names
    insertDestinations = Statement(
      name: "move_destinations",
      sql: """
        INSERT INTO \(names.destination) (name, ordering, paused_until, suspended, suspended_since)
        SELECT u.name, u.ordering, u.paused_until, u.suspended, u.since
        FROM unnest($1::text[], $2::int4[], $3::int8[], $4::int8[], $5::int8[])
          WITH ORDINALITY AS u(name, ordering, paused_until, suspended, since, place)
        ORDER BY u.place
        """,
      types: [.textArray, .int4Array, .int8Array, .int8Array, .int8Array])
    let columns = BookStatements.columns.joined(separator: ", ")
    insertBooks = Statement(
      name: "move_books",
      sql: """
        INSERT INTO \(names.book) (destination, \(columns))
        SELECT d.id, \(BookStatements.columns.map { "u.\($0)" }.joined(separator: ", "))
        FROM unnest($1::text[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::int8[])
          AS u(name, \(columns)) JOIN \(names.destination) d ON d.name = u.name
        """,
      types: [
        .textArray, .int8Array, .int8Array, .int8Array, .int8Array, .int8Array, .int8Array, .int8Array,
      ])
    insertTokens = Statement(
      name: "move_tokens",
      sql: """
        INSERT INTO \(names.learnedToken) (source, salt, hash, learned)
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::int8[])
        """,
      types: [.textArray, .byteaArray, .byteaArray, .int8Array])
    insertGaps = Statement(
      name: "move_gaps",
      sql: """
        INSERT INTO \(names.gap) (kind, began, source, ended, count, reason)
        SELECT u.kind, u.began, coalesce(s.id, 0), u.ended, u.count, u.reason
        FROM unnest($1::int4[], $2::int8[], $3::text[], $4::int8[], $5::int8[], $6::text[])
          AS u(kind, began, source, ended, count, reason) LEFT JOIN \(names.source) s ON s.name = u.source
        """,
      types: [.int4Array, .int8Array, .textArray, .int8Array, .int8Array, .textArray])
    insertClock = Statement(
      name: "move_clock",
      sql: """
        INSERT INTO \(names.clock) (slot, boot, since_boot, steady, written) VALUES (\(NumberedPage.slot), $1, $2, $3, now())
        """,
      types: [.text, .int8, .int8])
    insertSteps = Statement(
      name: "move_clock_steps",
      sql: """
        INSERT INTO \(names.clockStep) (slot, steady, ahead)
        SELECT \(NumberedPage.slot), u.* FROM unnest($1::int8[], $2::int8[]) AS u
        """,
      types: [.int8Array, .int8Array])
    insertAudit = Statement(
      name: "move_audit",
      sql: """
        INSERT INTO \(names.audit) (id, at, who, role, what, target, reason, outcome, count) OVERRIDING SYSTEM VALUE
        SELECT * FROM unnest($1::int8[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
          $9::int8[])
        """,
      types: [
        .int8Array, .int8Array, .textArray, .textArray, .textArray, .textArray, .textArray, .textArray,
        .int8Array,
      ])
    setAuditNumber = Statement(
      name: "move_audit_number",
      sql: """
        SELECT setval(pg_get_serial_sequence('\(names.audit)', 'id'), greatest(max(id), 1), max(id) IS NOT NULL) FROM \(names.audit)
        """)
    insertReplay = Statement(
      name: "move_replay",
      sql: """
        INSERT INTO \(names.replay) (\(ReplayRow.columns))
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """,
      types: [
        .int4, .text, .int8, .text, .text, .int8, .int4, .text, .text, .int8, .int8, .int8, .int8, .int8,
        .int8, .int8,
      ])
    setUnlisted = Statement(
      name: "move_unlisted",
      sql: "INSERT INTO \(names.unlisted) (slot, first) VALUES (\(NumberedPage.slot), $1)", types: [.int8])
    setLastTick = Statement(
      name: "move_last_tick",
      sql: "UPDATE node SET last_tick = greatest(last_tick, $1) WHERE slot = \(NumberedPage.slot)",
      types: [.int8])
  }

  // MARK: What is little

  func insert(_ state: MovedState, into pipeline: inout Pipeline) {
    NameStatements(names.source).register(state.sources, in: &pipeline)
    NameStatements(names.route).register(state.routes, in: &pipeline)
    NameStatements(names.configuration).register(state.configurations, in: &pipeline)
    insert(state.destinations, &pipeline)
    let tokens = state.tokens.sorted { $0.key < $1.key }
    var kept = Parameters()
    kept.add(array: tokens.lazy.map { StoredText.written($0.key) })
    kept.add(array: tokens.lazy.map { $0.value.salt })
    kept.add(array: tokens.lazy.map { $0.value.hash })
    kept.add(array: tokens.lazy.map { $0.value.learnedAt })
    pipeline.add(insertTokens, kept)
    let gaps = state.gaps
    var parameters = Parameters()
    parameters.add(array: gaps.lazy.map { Int32($0.kind.rawValue) })
    parameters.add(array: gaps.lazy.map(\.began))
    parameters.add(array: gaps.lazy.map(\.source))
    parameters.add(array: gaps.lazy.map(\.ended))
    parameters.add(array: gaps.lazy.map { Int64($0.count) })
    parameters.add(array: gaps.lazy.map { StoredText.written($0.reason) })
    pipeline.add(insertGaps, parameters)
    if let clock = state.clock { insert(clock, &pipeline) }
  }

  private func insert(_ destinations: [StoredDestination], _ pipeline: inout Pipeline) {
    var standing = Parameters()
    standing.add(array: destinations.lazy.map(\.name))
    standing.add(array: destinations.lazy.map { $0.ordering.map { Int32($0.rawValue) } })
    standing.add(array: destinations.lazy.map(\.pausedUntil))
    standing.add(array: destinations.lazy.map(\.suspended.ended.microseconds))
    standing.add(array: destinations.lazy.map(\.suspended.since))
    pipeline.add(insertDestinations, standing)
    var books = Parameters()
    books.add(array: destinations.lazy.map(\.name))
    func add(_ count: KeyPath<StoredDestination, Int>) {
      books.add(array: destinations.lazy.map { Int64($0[keyPath: count]) })
    }
    // In the order of `BookStatements.columns`.
    add(\.pending)
    add(\.replaying)
    add(\.dead)
    add(\.delivered)
    add(\.discarded)
    add(\.overflowed)
    add(\.backlogBytes)
    pipeline.add(insertBooks, books)
  }

  private func insert(_ clock: KeptClock, _ pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(clock.boot)
    parameters.add(clock.sinceBoot.microseconds)
    parameters.add(clock.steady)
    pipeline.add(insertClock, parameters)
    var steps = Parameters()
    steps.add(array: clock.history.steps.lazy.map(\.from))
    steps.add(array: clock.history.steps.lazy.map(\.offset.microseconds))
    pipeline.add(insertSteps, steps)
  }

  // MARK: What people did

  func insert(_ entries: [MovedAudit], into pipeline: inout Pipeline) {
    var parameters = Parameters(capacity: 256 * entries.count + 256)
    parameters.add(array: entries.lazy.map(\.id.rawValue))
    parameters.add(array: entries.lazy.map(\.entry.at))
    parameters.add(array: entries.lazy.map { StoredText.written($0.entry.who) })
    parameters.add(array: entries.lazy.map { StoredText.written($0.entry.role) })
    parameters.add(array: entries.lazy.map { StoredText.written($0.entry.what) })
    parameters.add(array: entries.lazy.map { StoredText.written($0.entry.target) })
    parameters.add(array: entries.lazy.map { $0.entry.reason.map(StoredText.written) })
    parameters.add(array: entries.lazy.map { $0.outcome.map(StoredText.written) })
    parameters.add(array: entries.lazy.map { $0.count.map { Int64($0) } })
    pipeline.add(insertAudit, parameters)
  }

  /// Entries that come later have later numbers.
  func endAudit(in pipeline: inout Pipeline) { pipeline.add(setAuditNumber) }

  /// - Parameter replay: With cursors of this store.
  func insert(_ replay: Replay, into pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(Int32(clamping: replay.id))
    parameters.add(StoredText.written(replay.new.plan))
    parameters.add(replay.new.expected.map { Int64($0) })
    parameters.add(replay.new.who.map(StoredText.written))
    parameters.add(replay.new.reason.map(StoredText.written))
    parameters.add(replay.new.startedAt)
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
    pipeline.add(insertReplay, parameters)
  }

  // MARK: The end

  /// Everything that is pending stands where it is looked for, and what comes later has later numbers.
  func end(_ numbering: MoveNumbering, in pipeline: inout Pipeline) {
    var unlisted = Parameters()
    unlisted.add(CommitBase.number(numbering.highest + 1, slot: NumberedPage.slot))
    pipeline.add(setUnlisted, unlisted)
    var tick = Parameters()
    tick.add(numbering.highest)
    pipeline.add(setLastTick, tick)
  }
}
