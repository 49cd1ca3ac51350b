import Logging
import RelayCore

/// Who did what by the admin API, and who saw contents of events.
package protocol AuditOperations: AnyObject, Sendable {
  /// Keeps what somebody is about to do: before it is done, so that nothing is done unrecorded.
  ///
  /// - Throws: It can't be kept; then it must not be done.
  func beginAudit(_ entry: AuditEntry) async throws(OperationError) -> AuditID

  /// Keeps what came of it. Where that fails, the entry stands without an outcome, and the log says so.
  func endAudit(_ id: AuditID, _ outcome: AuditOutcome) async

  /// Newest first.
  func audit(_ filter: AuditFilter, after: AuditID?, limit: Int) async throws(OperationError) -> AuditPage
}

/// The audit, in the store.
final class AuditTrail: Sendable {
  private let asked: PatientStore
  private let logger: Logger

  init(asked: PatientStore, logger: Logger) {
    self.asked = asked
    self.logger = logger
  }

  func begin(_ entry: AuditEntry) async throws(OperationError) -> AuditID {
    try asked.refuseWhileItHangs()
    return try await asked.ask { store async throws(StoreError) in try await store.beginAudit(entry) }
  }

  func end(_ id: AuditID, _ outcome: AuditOutcome) async {
    do throws(OperationError) {
      try await asked.ask { store async throws(StoreError) in try await store.endAudit(id, outcome) }
    } catch {
      logger.error(
        "an entry of the audit stays without its outcome",
        metadata: ["entry": "\(id)", "outcome": "\(outcome.text)", "reason": "\(error)"])
    }
  }

  func page(_ filter: AuditFilter, after: AuditID?, limit: Int) async throws(OperationError) -> AuditPage {
    try await asked.look { lookup async throws(StoreError) in
      try await lookup.audit(filter, after: after, limit: limit)
    }
  }
}

extension RelayController {
  package func beginAudit(_ entry: AuditEntry) async throws(OperationError) -> AuditID {
    try await auditTrail.begin(entry)
  }

  package func endAudit(_ id: AuditID, _ outcome: AuditOutcome) async { await auditTrail.end(id, outcome) }

  package func audit(
    _ filter: AuditFilter, after: AuditID?, limit: Int
  ) async throws(OperationError) -> AuditPage {
    try await auditTrail.page(filter, after: after, limit: limit)
  }
}
