import RelayCore

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
  /// When the first one was sent that was confirmed since then without a gap, and without losing the connection; nil: the connection is lost.
  private var sureSince: Timestamp?
  /// When the newest heartbeat was sent that was ever confirmed; nil: none was.
  package private(set) var lastConfirmed: Timestamp?

  package init(_ times: LeaseTimes) {
    self.times = times
  }

  /// Whether an attempt may start. True for `startsWithin` after a confirmed heartbeat, while the connection is there: what is started then is
  /// under way before anyone takes over.
  ///
  /// Two things this can't rule out. Who asks for many attempts at once (the engine does for those of a turn), and is stopped between this
  /// answer and their start, begins them when it goes on: so it asks last of all, with the time as it is then. And where
  /// something between cuts both connections on the server's side alone, the node counts as gone after `LeaseTimes.gone`, and starts attempts
  /// until its next heartbeat finds that, or `startsWithin` is over.
  package func mayStart(at now: Timestamp) -> Bool {
    guard let confirmed, sureSince != nil else { return false }
    return confirmed.duration(to: now) < times.startsWithin
  }

  /// Whether it can tell that another node is over. After a time in which this one did not reach the server, the others may not have reached it
  /// either (it was started anew, or failed over): all look as if they were over, until they have had as much time to come back.
  package func judgesOthers(at now: Timestamp) -> Bool {
    guard let sureSince, isHeld(at: now) else { return false }
    return sureSince.duration(to: now) >= times.length
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
    if confirmed == nil { changes.append(.held) }
    confirmed = max(confirmed ?? sent, sent)
    lastConfirmed = confirmed
    sureSince = sureSince ?? sent
    return changes
  }

  /// The connection is lost: until the next confirmation the others may find that the node is gone. The lease goes on as long as they wait
  /// for one whose connections are there.
  package mutating func disconnect() {
    sureSince = nil
  }

  /// Another node has the slot.
  package mutating func giveUp() -> Change? {
    guard confirmed != nil else { return nil }
    confirmed = nil
    sureSince = nil
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
