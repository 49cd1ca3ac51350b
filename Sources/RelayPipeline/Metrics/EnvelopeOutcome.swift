/// What became of a posted envelope. The raw values are those of the metric's label.
package enum EnvelopeOutcome: String, Sendable, CaseIterable {
  case accepted, duplicate, handshake, invalid, unauthorized
  case tooLarge = "too_large"
  case unavailable

  /// What a refusal with this status is; nil: it says nothing of an envelope (a wrong method, a timeout).
  package init?(refusalStatus status: Int) {
    switch status {
    case 400, 415: self = .invalid
    case 401: self = .unauthorized
    case 413: self = .tooLarge
    case 503: self = .unavailable
    default: return nil
    }
  }
}
