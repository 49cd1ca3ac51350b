import RelayCore
import RelayStoring

/// What people did and decided: the audit, learned tokens; and when senders were turned away.
struct PeopleStatements: Sendable {
  private let insertAudit: Statement
  private let pruneAudit: Statement
  private let endAudit: Statement
  private let amendAudit: Statement
  private let keepToken: Statement
  private let forgetToken: Statement
  private let tokens: Statement
  private let keepGaps: Statement
  private let pruneGaps: Statement
  private let lastDown: Statement
  private let lastReceived: Statement

  /// How many entries of the audit go with one that comes, at most.
  private static let prunedAtOnce = 100

  init(_ names: TableNames) {
    insertAudit = Statement(
      name: "insert_audit",
      sql: """
        INSERT INTO \(names.audit) (at, who, role, what, target, reason) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
        """,
      types: [.int8, .text, .text, .text, .text, .text])
    // By their numbers: the wall clock may have been set back and forth.
    pruneAudit = Statement(
      name: "prune_audit",
      sql: """
        DELETE FROM \(names.audit) a USING (SELECT id FROM \(names.audit) ORDER BY id LIMIT \(Self.prunedAtOnce)) u
        WHERE a.id = u.id AND (a.at < $1 OR a.id <= (SELECT max(id) FROM \(names.audit)) - \(AuditEntry.maxKept))
        """,
      types: [.int8])
    endAudit = Statement(
      name: "end_audit", sql: "UPDATE \(names.audit) SET outcome = $2, count = $3 WHERE id = $1",
      types: [.int8, .text, .int8])
    amendAudit = Statement(
      name: "amend_audit", sql: "UPDATE \(names.audit) SET target = $2, reason = $3 WHERE id = $1",
      types: [.int8, .text, .text])
    keepToken = Statement(
      name: "keep_token",
      sql: """
        INSERT INTO \(names.learnedToken) (source, salt, hash, learned) VALUES ($1, $2, $3, $4)
        ON CONFLICT (source) DO UPDATE SET salt = excluded.salt, hash = excluded.hash, learned = excluded.learned
        """,
      types: [.text, .bytea, .bytea, .int8])
    forgetToken = Statement(
      name: "forget_token", sql: "DELETE FROM \(names.learnedToken) WHERE source = $1", types: [.text])
    tokens = Statement(
      name: "learned_tokens", sql: "SELECT source, salt, hash, learned FROM \(names.learnedToken)")
    keepGaps = Statement(
      name: "keep_gaps",
      sql: """
        INSERT INTO \(names.gap) (kind, began, source, ended, count, reason)
        SELECT * FROM unnest($1::int4[], $2::int8[], $3::int4[], $4::int8[], $5::int8[], $6::text[])
        ON CONFLICT (kind, began, source) DO UPDATE SET ended = excluded.ended, count = excluded.count,
          reason = excluded.reason
        """,
      types: [.int4Array, .int8Array, .int4Array, .int8Array, .int8Array, .textArray])
    pruneGaps = Statement(
      name: "prune_gaps",
      sql: """
        DELETE FROM \(names.gap) WHERE kind = $1 AND began < (
          SELECT began FROM \(names.gap) WHERE kind = $1 ORDER BY began DESC LIMIT 1 OFFSET \(Gap.keptOfEachKind - 1))
        """,
      types: [.int4])
    lastDown = Statement(
      name: "last_down",
      sql: """
        SELECT began, ended FROM \(names.gap) WHERE kind = \(Gap.Kind.down.rawValue) ORDER BY began DESC LIMIT 1
        """)
    lastReceived = Statement(
      name: "last_received", sql: "SELECT received FROM \(names.event) ORDER BY id DESC LIMIT 1")
  }

  // MARK: The audit

  /// - Parameter kept: Given its number.
  func add(_ entry: AuditEntry, in commit: PendingCommit, kept: @escaping (AuditID) -> Void) {
    var parameters = Parameters()
    parameters.add(entry.at)
    parameters.add(StoredText.written(entry.who))
    parameters.add(StoredText.written(entry.role))
    parameters.add(StoredText.written(entry.what))
    parameters.add(StoredText.written(entry.target))
    parameters.add(entry.reason.map(StoredText.written))
    commit.add(insertAudit, parameters) { rows in
      if let row = rows.first { kept(AuditID(rawValue: row.integer(0))) }
    }
    var prune = Parameters()
    prune.add(entry.at.advanced(by: .zero - AuditEntry.retention))
    commit.add(pruneAudit, prune)
  }

  func end(_ id: AuditID, _ outcome: AuditOutcome, in commit: PendingCommit) {
    var parameters = Parameters()
    parameters.add(id.rawValue)
    parameters.add(StoredText.written(outcome.kept))
    parameters.add(outcome.count.map(Int64.init))
    commit.add(endAudit, parameters)
  }

  func amend(_ amendment: AuditAmendment, in commit: PendingCommit) {
    var parameters = Parameters()
    parameters.add(amendment.id.rawValue)
    parameters.add(StoredText.written(amendment.target))
    parameters.add(amendment.reason.map(StoredText.written))
    commit.add(amendAudit, parameters)
  }

  // MARK: Tokens

  /// - Parameter token: nil: it is forgotten.
  func keep(_ token: LearnedToken?, of source: String, in commit: PendingCommit) {
    var parameters = Parameters()
    parameters.add(StoredText.written(source))
    guard let token else { return commit.add(forgetToken, parameters) }
    parameters.add(token.salt)
    parameters.add(token.hash)
    parameters.add(token.learnedAt)
    commit.add(keepToken, parameters)
  }

  /// By the sources' names.
  func learnedTokens(_ connection: StoreConnection) throws(StoreError) -> [String: LearnedToken] {
    var found: [String: LearnedToken] = [:]
    for row in try connection.read(tokens) {
      found[StoredText.read(row.text(0))] = LearnedToken(
        salt: row.bytes(1), hash: row.bytes(2), learnedAt: row.time(3))
    }
    return found
  }

  // MARK: Gaps

  /// Instead of what was kept of the same ones before. Of each kind the newest stay.
  ///
  /// - Parameter gaps: Each with the number of its source; 0: of none.
  func keep(_ gaps: [(gap: Gap, source: Int32)], in commit: PendingCommit) {
    // No two of one statement may have the same place; the last one counts.
    var last: [GapPlace: (gap: Gap, source: Int32)] = [:]
    for entry in gaps {
      last[GapPlace(kind: entry.gap.kind, began: entry.gap.began, source: entry.source)] = entry
    }
    let rows = Array(last.values)
    var parameters = Parameters()
    parameters.add(array: rows.lazy.map { Int32($0.gap.kind.rawValue) })
    parameters.add(array: rows.lazy.map(\.gap.began))
    parameters.add(array: rows.lazy.map(\.source))
    parameters.add(array: rows.lazy.map(\.gap.ended))
    parameters.add(array: rows.lazy.map { Int64($0.gap.count) })
    parameters.add(array: rows.lazy.map { StoredText.written($0.gap.reason) })
    commit.add(keepGaps, parameters)
    for kind in Set(rows.map(\.gap.kind)) {
      var prune = Parameters()
      prune.add(Int32(kind.rawValue))
      commit.add(pruneGaps, prune)
    }
  }

  private struct GapPlace: Hashable {
    var kind: Gap.Kind
    var began: Timestamp
    var source: Int32
  }

  /// When the last run began to stop (nil: it did not, it was killed), and when the newest event was received.
  func lastSigns(
    _ connection: StoreConnection
  ) throws(StoreError) -> (stopBegan: Timestamp?, received: Timestamp?) {
    var pipeline = Pipeline()
    pipeline.add(lastDown)
    pipeline.add(lastReceived)
    let rows = try connection.read(pipeline)
    // Its end is written by the next run alone.
    let stopBegan = rows[0].first.flatMap { $0.time(0) == $0.time(1) ? $0.time(0) : nil }
    return (stopBegan, rows[1].first?.time(0))
  }
}
