import RelayCore
import RelayStoring

/// Writes the audit's rows, and lets go of old ones.
final class AuditStatements {
  private let insert: Statement
  private let end: Statement
  private let amend: Statement
  private let prune: Statement

  /// How many go with one that comes, at most.
  private static let prunedAtOnce = 100

  init(_ connection: Connection) throws(StoreError) {
    insert = try connection.prepare(
      "INSERT INTO audit (at, who, role, what, target, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id")
    end = try connection.prepare("UPDATE audit SET outcome = ?2, count = ?3 WHERE id = ?1")
    amend = try connection.prepare("UPDATE audit SET target = ?2, reason = ?3 WHERE id = ?1")
    // By their numbers: the wall clock may have been set back and forth.
    prune = try connection.prepare(
      """
      DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT \(Self.prunedAtOnce))
        AND (at < ?1 OR id <= ?2)
      """)
  }

  func add(_ entry: AuditEntry) throws(StoreError) -> AuditID {
    insert.bind(1, entry.at)
    insert.bind(2, entry.who)
    insert.bind(3, entry.role)
    insert.bind(4, entry.what)
    insert.bind(5, entry.target)
    insert.bind(6, entry.reason)
    guard let id = try insert.firstInteger() else {
      throw StoreError(code: .failing, message: "an entry of the audit got no number")
    }
    prune.bind(1, entry.at.advanced(by: .zero - AuditEntry.retention))
    prune.bind(2, id - Int64(AuditEntry.maxKept))
    try prune.run()
    return AuditID(rawValue: id)
  }

  func end(_ id: AuditID, _ outcome: AuditOutcome) throws(StoreError) {
    end.bind(1, id.rawValue)
    end.bind(2, outcome.kept)
    end.bind(3, outcome.count)
    try end.run()
  }

  func amend(_ amendment: AuditAmendment) throws(StoreError) {
    amend.bind(1, amendment.id.rawValue)
    amend.bind(2, amendment.target)
    amend.bind(3, amendment.reason)
    try amend.run()
  }
}

@available(*, unavailable)
extension AuditStatements: Sendable {}

/// Reads the audit, newest first.
final class AuditReader {
  private let page: Statement

  init(_ connection: Connection) throws(StoreError) {
    page = try connection.prepare(
      """
      SELECT id, at, who, role, what, target, reason, outcome, count FROM audit WHERE id < ?1 ORDER BY id DESC
      """)
  }

  /// - Parameter after: The `next` of the page before.
  func read(_ filter: AuditFilter, after: AuditID?, limit: Int) throws(StoreError) -> AuditPage {
    page.bind(1, after?.rawValue ?? Int64.max)
    defer { page.reset() }
    var work = AuditPageWork(filter, limit: limit)
    while work.wantsMore, try page.step() { work.take(AuditRecord(page)) }
    return work.page
  }
}

@available(*, unavailable)
extension AuditReader: Sendable {}

extension AuditRecord {
  /// From a row of `AuditReader.page`.
  fileprivate init(_ row: Statement) {
    self.init(
      id: AuditID(rawValue: row.integer(0)),
      entry: AuditEntry(
        at: row.time(1), who: row.text(2) ?? "", role: row.text(3) ?? "", what: row.text(4) ?? "",
        target: row.text(5) ?? "", reason: row.text(6)),
      outcome: row.text(7).map { AuditOutcome(kept: $0, count: row.optionalInteger(8).map { Int($0) }) })
  }
}
