import Logging
import RelayCore
import RelayPipeline

/// Keeps who did what, around each call that is to be remembered: the one place where that is done.
///
/// First the entry, then the deed, then its outcome. What can't be kept is not done: a change is refused, and so is a look at
/// contents. (An operator whose disk is full still sees everything else: status, metrics; deliveries without what was answered,
/// refused requests without their bodies, and the stream without bodies.)
struct AuditRecorder: Sendable {
  /// The longest target that is kept, in bytes: a list of ids may be as long as a body.
  static let maxTargetBytes = 2_000

  let relay: any AuditOperations
  let logger: Logger

  /// - Parameters:
  ///   - entry: nil: it need not be remembered.
  ///   - otherwise: What is done where it can't be remembered; nil: nothing.
  ///   - act: Is given its entry's number; nil: it has none.
  func record(
    _ entry: AuditEntry?, otherwise: (() async throws -> AdminResponse)? = nil,
    _ act: (AuditID?) async throws -> AdminResponse
  ) async throws -> AdminResponse {
    guard let entry else { return try await act(nil) }
    let id: AuditID
    do {
      id = try await relay.beginAudit(entry)
    } catch {
      if let otherwise {
        logger.error(
          "who looks can't be recorded, and sees no contents of events",
          metadata: ["who": "\(entry.who)", "what": "\(entry.what)", "reason": "\(error)"])
        return try await otherwise()
      }
      throw APIError(
        503, "audit_unavailable", "this can't be recorded, so it was not done: \(error)")
    }
    do {
      let response = try await act(id)
      if !response.isBegun { await relay.endAudit(id, AuditOutcome("done", count: response.resultCount)) }
      return response
    } catch {
      await relay.endAudit(id, AuditOutcome(Self.code(of: error)))
      throw error
    }
  }

  private static func code(of error: any Error) -> String {
    switch error {
    case let error as APIError: error.code
    case let error as OperationError: error.code.rawValue
    default: "internal_error"
    }
  }
}

extension Call {
  /// What is kept of this call; nil: nothing.
  func auditEntry(_ audit: Endpoint.Audit, at path: PathTemplate) -> AuditEntry? {
    let isRemembered =
      switch audit {
      case .nothing: false
      case .change: !input.isDryRun
      case .reading, .readingIfKept: caller.seesContents && input.wantsContents
      case .listening: true
      }
    guard isRemembered || input.asksAboutContents else { return nil }
    // A count changes nothing: it is a search, and has a kind of its own.
    let what = input.isDryRun ? "\(path.action)/dry_run" : path.action
    return AuditEntry(
      at: now, who: caller.name, role: caller.role.rawValue, what: what, target: target(at: path),
      reason: reason)
  }

  /// The names in the path, and what was asked for, without contents.
  private func target(at path: PathTemplate) -> String {
    let names = path.names.map { name($0) }
    let asked = (try? RecordEncoder.audit(input)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let text = (names + (asked == "{}" ? [] : [asked])).joined(separator: " ")
    guard text.utf8.count > AuditRecorder.maxTargetBytes else { return text }
    let kept = String(decoding: text.utf8.prefix(AuditRecorder.maxTargetBytes), as: UTF8.self)
    return "\(kept)… (\(text.utf8.count) bytes)"
  }
}
