/// Whether the receiver confirmed Huggy's handshake.
package enum HandshakeOutcome: Sendable, Equatable, CustomStringConvertible {
  case confirmed
  /// What came instead, and what to check. Never holds the token.
  case refused(String)

  package var description: String {
    switch self {
    case .confirmed: "confirmed"
    case .refused(let reason): "FAILED: \(reason)"
    }
  }
}
