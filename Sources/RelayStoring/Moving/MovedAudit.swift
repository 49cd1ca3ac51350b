import RelayCore

/// An entry of the audit as it is moved from one store to another.
package struct MovedAudit: Sendable, Equatable {
  package var id: AuditID
  package var entry: AuditEntry
  /// As both stores write it; nil: nobody knows.
  package var outcome: String?
  package var count: Int?

  package init(id: AuditID, entry: AuditEntry, outcome: String?, count: Int?) {
    self.id = id
    self.entry = entry
    self.outcome = outcome
    self.count = count
  }

  package func add(to digest: inout RowDigest) {
    digest.addRow { row in
      row.add(id.rawValue)
      row.add(entry.at.microseconds)
      row.add(entry.who)
      row.add(entry.role)
      row.add(entry.what)
      row.add(entry.target)
      row.add(optional: entry.reason) { $0.add($1) }
      row.add(optional: outcome) { $0.add($1) }
      row.add(optional: count) { $0.add($1) }
    }
  }
}
