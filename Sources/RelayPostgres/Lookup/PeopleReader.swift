import RelayCore
import RelayStoring

/// What people are shown of the audit, and of times in which senders were turned away. Confined to the thread of its connection.
final class PeopleReader {
  private let connection: LookupConnection
  private let auditPage: Statement
  private let allGaps: Statement

  init(_ names: TableNames, _ connection: LookupConnection) {
    self.connection = connection
    auditPage = Statement(
      name: "audit_page",
      sql: """
        SELECT id, at, who, role, what, target, reason, outcome, count FROM \(names.audit) WHERE id < $1
        ORDER BY id DESC LIMIT $2
        """,
      types: [.int8, .int8])
    allGaps = Statement(
      name: "all_gaps",
      sql: """
        SELECT g.kind, g.began, g.ended, g.count, g.reason, s.name FROM \(names.gap) g
        LEFT JOIN \(names.source) s ON s.id = g.source
        """)
  }

  /// Newest first.
  ///
  /// - Parameter after: The `next` of the page before.
  func audit(_ filter: AuditFilter, after: AuditID?, limit: Int) throws(StoreError) -> AuditPage {
    var parameters = Parameters()
    parameters.add(after?.rawValue ?? .max)
    parameters.add(Int64(AuditPageWork.pageRows))
    var work = AuditPageWork(filter, limit: limit)
    for row in try connection.read(auditPage, parameters) where work.wantsMore { work.take(AuditRecord(row)) }
    return work.page
  }

  /// Those that lie in this time at least in part, the newest first. All of them are read: a bounded number.
  ///
  /// - Parameter history: What the wall clock has shown: `since` and `until` are its times, and those of the gaps become so.
  func gaps(since: Timestamp?, until: Timestamp?, by history: ClockHistory) throws(StoreError) -> [Gap] {
    try connection.read(allGaps).compactMap(\.gap).shown(since: since, until: until, by: history)
  }
}

@available(*, unavailable)
extension PeopleReader: Sendable {}

extension AuditRecord {
  /// From a row of `PeopleReader.auditPage`.
  fileprivate init(_ row: Row) {
    self.init(
      id: AuditID(rawValue: row.integer(0)),
      entry: AuditEntry(
        at: row.time(1), who: StoredText.read(row.text(2)), role: StoredText.read(row.text(3)),
        what: StoredText.read(row.text(4)), target: StoredText.read(row.text(5)),
        reason: row.optionalText(6).map(StoredText.read)),
      outcome: row.optionalText(7).map {
        AuditOutcome(kept: StoredText.read($0), count: row.optionalInteger(8).map { Int($0) })
      })
  }
}

extension Row {
  /// From a row of `PeopleReader.allGaps`; nil: of a kind that this version does not know.
  fileprivate var gap: Gap? {
    Gap.Kind(rawValue: Int(integer(0))).map { kind in
      Gap(
        kind: kind, source: optionalText(5), began: time(1), ended: time(2), count: Int(integer(3)),
        reason: StoredText.read(text(4)))
    }
  }
}
