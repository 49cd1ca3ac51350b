import RelayCore

/// A page of the audit under way: it is given all entries, the newest first, until it wants no more. A pure value.
package struct AuditPageWork {
  /// Rows that a page looks at, at most.
  package static let pageRows = 5_000

  private let filter: AuditFilter
  private let limit: Int
  private let mostRows: Int
  private var looked = 0
  private var records: [AuditRecord] = []
  /// Where the next page begins; nil: it has not come so far.
  private var next: AuditID?

  package init(_ filter: AuditFilter, limit: Int, mostRows: Int = Self.pageRows) {
    self.filter = filter
    self.limit = max(1, limit)
    self.mostRows = mostRows
  }

  package var wantsMore: Bool { next == nil }

  package mutating func take(_ record: AuditRecord) {
    looked += 1
    if filter.holds(record.entry) {
      // One more than asked for: there is a next page.
      guard records.count < limit else {
        next = records.last?.id
        return
      }
      records.append(record)
    }
    if looked == mostRows { next = record.id }
  }

  /// Once it wants no more, or there are none.
  package var page: AuditPage { AuditPage(records: records, next: next) }
}
