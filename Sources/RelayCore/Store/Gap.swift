/// A time in which senders were turned away, or found nobody: what was sent then may be lost, since nobody knows whether it is sent
/// again.
package struct Gap: Sendable, Equatable {
  package enum Kind: Int, Sendable, CaseIterable {
    /// The relay did not run.
    case down = 1
    /// Envelopes were refused with 503: there was no room for them, or the store could not take them.
    case unavailable = 2
    /// Envelopes were refused with 401: they had no token, or a wrong one.
    case unauthorized = 3

    /// As people are told of it.
    package var name: String {
      switch self {
      case .down: "down"
      case .unavailable: "unavailable"
      case .unauthorized: "unauthorized"
      }
    }
  }

  /// How many of each kind are kept: the newest.
  package static let keptOfEachKind = 500

  package var kind: Kind
  /// Whose envelopes were refused; nil: of all, or of nobody that is known.
  package var source: String?
  package var began: Timestamp
  package var ended: Timestamp
  /// Requests that were refused. Of those that came while the relay was down nobody knows.
  package var count: Int
  /// Why: the code of the last refusal; of a time when the relay was down `stopped` or `killed`.
  package var reason: String

  /// It was stopped in order.
  package static let stopped = "stopped"
  /// It ended without having been stopped: it was killed, it crashed, or its machine did.
  package static let killed = "killed"

  package init(kind: Kind, source: String?, began: Timestamp, ended: Timestamp, count: Int, reason: String) {
    self.kind = kind
    self.source = source
    self.began = began
    self.ended = ended
    self.count = count
    self.reason = reason
  }

  /// Whether it is the same one, further on.
  package func continues(_ other: Gap) -> Bool {
    kind == other.kind && source == other.source && began == other.began
  }

  /// With the times that the wall clock showed then.
  package func shown(by history: ClockHistory) -> Gap {
    var shown = self
    (shown.began, shown.ended) = (history.wall(at: began), history.wall(at: ended))
    return shown
  }

  /// Whether it lies in this time, at least in part.
  package func overlaps(since: Timestamp?, until: Timestamp?) -> Bool {
    since.map { $0 <= ended } ?? true && until.map { began < $0 } ?? true
  }
}
