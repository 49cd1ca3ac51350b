import RelayCore

/// How long a node counts as alive after its last heartbeat, and what follows from that.
package struct LeaseTimes: Sendable, Equatable {
  /// From one heartbeat to the next.
  package var heartbeat: Duration
  /// No attempt starts unless a heartbeat was confirmed that was sent no longer ago than this.
  package var startsWithin: Duration
  /// After so long without a heartbeat others may end the node's sessions, and take over what it had.
  package var length: Duration

  package init(heartbeat: Duration, startsWithin: Duration, length: Duration) {
    self.heartbeat = heartbeat
    self.startsWithin = startsWithin
    self.length = length
  }

  package static let standard = LeaseTimes(
    heartbeat: .milliseconds(500), startsWithin: .seconds(3), length: .seconds(5))
}

/// Whether this node is sure that the others count it as alive. Pure: it is told when heartbeats were sent and confirmed, by the
/// steady clock, which nobody sets.
///
/// What counts is when a confirmed heartbeat was *sent*: the server wrote it down later than that, so the others' count of the lease ends
/// later than this one.
package struct Lease: Sendable, Equatable {
  package enum Change: Sendable, Equatable {
    /// The node is alive, for the first time or again.
    case held
    /// Others may have taken over what it had.
    case lost
  }

  private let times: LeaseTimes
  /// When the newest confirmed heartbeat was sent; nil: the lease is not held.
  private var confirmed: Timestamp?
  /// When the first one was sent that has been confirmed without a gap since.
  private var heldSince: Timestamp?

  package init(_ times: LeaseTimes) {
    self.times = times
  }

  /// Whether an attempt may start. True for `startsWithin` after a confirmed heartbeat: what is started then is under way before anyone
  /// takes over.
  package func mayStart(at now: Timestamp) -> Bool {
    guard let confirmed else { return false }
    return confirmed.duration(to: now) < times.startsWithin
  }

  /// Whether it can tell that another node is over. After a time in which nobody reached the server, all others look as if they were, until
  /// they have had as much time to come back.
  package func judgesOthers(at now: Timestamp) -> Bool {
    guard let heldSince, isHeld(at: now) else { return false }
    return heldSince.duration(to: now) >= times.length
  }

  /// How long it is held if nothing more is confirmed; nil: it is not.
  package func remaining(at now: Timestamp) -> Duration? {
    confirmed.map { max(.zero, times.length - $0.duration(to: now)) }
  }

  /// A heartbeat was confirmed, now.
  ///
  /// - Returns: In order; `lost` and `held` where it was lost for a time that nobody looked at.
  package mutating func confirm(sentAt sent: Timestamp, now: Timestamp) -> [Change] {
    var changes = look(at: now).map { [$0] } ?? []
    // An answer that was so long on its way says nothing of now.
    guard sent.duration(to: now) < times.length else { return changes }
    if let known = confirmed {
      confirmed = max(known, sent)
    } else {
      confirmed = sent
      heldSince = sent
      changes.append(.held)
    }
    return changes
  }

  /// Another node has the slot.
  package mutating func giveUp() -> Change? {
    guard confirmed != nil else { return nil }
    confirmed = nil
    heldSince = nil
    return .lost
  }

  /// Time has passed.
  package mutating func look(at now: Timestamp) -> Change? {
    isHeld(at: now) ? nil : giveUp()
  }

  private func isHeld(at now: Timestamp) -> Bool {
    guard let confirmed else { return false }
    return confirmed.duration(to: now) < times.length
  }
}
