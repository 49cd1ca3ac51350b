import RelayCore

/// An entry of the audit to be kept, and the number that it gets within the transaction. Used by one thread at a time.
package final class AuditCall: @unchecked Sendable {
  package let entry: AuditEntry
  package var id: AuditID?
  private let completion: @Sendable (Result<AuditID, StoreError>) -> Void

  package init(_ entry: AuditEntry, completion: @escaping @Sendable (Result<AuditID, StoreError>) -> Void) {
    self.entry = entry
    self.completion = completion
  }

  package func answer(_ result: Result<Void, StoreError>) {
    completion(
      result.flatMap {
        id.map { .success($0) } ?? .failure(StoreError(code: .failing, message: "the entry got no number"))
      })
  }
}
