import RelayCore

/// What becomes of this node, and of the others.
package enum NodeEvent: Sendable, Equatable {
  /// The node counts as alive, for the first time or again.
  case leaseHeld
  /// Nobody has confirmed that it does: others may take over what it has.
  case leaseLost
  /// A heartbeat was confirmed, and attempts may start: for the first time, or again after a time in which they might not.
  case mayStart
  /// Another node has taken the slot: the writer connection is to be opened again, if it has not found that itself.
  case slotLost(SlotHolding)
  /// Others have come or gone, or one is over and is to be taken over.
  case nodesChanged(LiveNodes)
  /// So many sessions of a node were ended whose lease is over.
  case sessionsEnded(SlotHolding, count: Int)
  /// The server does not end the sessions of a node whose lease is over: what it has is not taken over until it does.
  case notEnded(SlotHolding, reason: String)
  /// What other nodes have said.
  case heard([NodeMessage])
  /// Time to look at what others have stored, whether anything was heard or not.
  case timeToLook
  /// The wall clock is so far ahead of the server's, or behind (negative).
  case clockOff(Duration)
  case clockRight
  /// The second connection is lost, or can't be made.
  case unreachable(String)
  case reachable
}

/// Told on the thread `store-lease`; must be quick.
package protocol NodeObserver: Sendable {
  func nodeChanged(_ event: NodeEvent)
}
