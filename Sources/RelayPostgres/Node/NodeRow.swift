import RelayCore

/// A node, as the table of nodes shows it.
package struct NodeRow: Sendable, Equatable {
  package var holding: SlotHolding
  package var identity: NodeIdentity
  /// Its last heartbeat, by the server's clock. It says whether there was another one since; how long ago that was it can't say for sure,
  /// since that clock may be set.
  package var seen: Timestamp
  /// Since its last heartbeat, by the server's clock. It counts of a node that has no session left, and of no other (`LiveNodes`).
  package var age: Duration
  /// For how long this node has found no other heartbeat of it, by its own steady clock (`NodeSightings`).
  package var unchanged: Duration
  /// Whether its writer connection is there: the lock of its slot is held.
  package var hasWriter: Bool
  /// Whether its second connection is there.
  package var hasWatch: Bool
  /// Another node holds the slot, and clears up after this one.
  package var isTakenOver: Bool
  /// A commit of it has waited for a standby for seconds.
  package var waitsForStandby: Bool

  package init(
    holding: SlotHolding, identity: NodeIdentity, seen: Timestamp, age: Duration, unchanged: Duration = .zero,
    hasWriter: Bool, hasWatch: Bool, isTakenOver: Bool = false, waitsForStandby: Bool = false
  ) {
    self.holding = holding
    self.identity = identity
    self.seen = seen
    self.age = age
    self.unchanged = unchanged
    self.hasWriter = hasWriter
    self.hasWatch = hasWatch
    self.isTakenOver = isTakenOver
    self.waitsForStandby = waitsForStandby
  }
}
