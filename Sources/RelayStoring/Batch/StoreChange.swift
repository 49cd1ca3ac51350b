import RelayCore

/// What is written before all else, and answered by itself.
package enum StoreChange {
  case configure(StoreConfiguration)
  /// - Parameter until: nil: no longer.
  case pause(String, until: Timestamp?)
  /// Its number is found while it is written.
  case beginAudit(AuditCall)
  case endAudit(AuditID, AuditOutcome)
  case amendAudit([AuditAmendment])
  /// - Parameter token: nil: it is forgotten.
  case keepToken(LearnedToken?, of: String)
  case keep([Gap])

  /// Whether whoever asked for it is told that nobody knows whether it is kept.
  var mustBeSure: Bool {
    switch self {
    case .configure, .keep: false
    case .pause, .beginAudit, .endAudit, .amendAudit, .keepToken: true
    }
  }
}
