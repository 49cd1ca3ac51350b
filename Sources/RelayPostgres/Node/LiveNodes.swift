/// A node, as the table of nodes shows it.
package struct NodeRow: Sendable, Equatable {
  package var holding: SlotHolding
  package var identity: NodeIdentity
  /// Since its last heartbeat, by the server's clock.
  package var age: Duration
  /// Whether its writer connection is there: the lock of its slot is held.
  package var hasWriter: Bool
  /// Whether its second connection is there.
  package var hasWatch: Bool
  /// Another node holds the slot, and clears up after this one.
  package var isTakenOver: Bool

  package init(
    holding: SlotHolding, identity: NodeIdentity, age: Duration, hasWriter: Bool, hasWatch: Bool,
    isTakenOver: Bool = false
  ) {
    self.holding = holding
    self.identity = identity
    self.age = age
    self.hasWriter = hasWriter
    self.hasWatch = hasWatch
    self.isTakenOver = isTakenOver
  }
}

/// Who lives, and who no longer does. Pure: all nodes judge the same rows by the same rules.
package struct LiveNodes: Sendable, Equatable {
  /// A node that is over, with what is left of it.
  package struct Over: Sendable, Equatable {
    package var holding: SlotHolding
    /// Its sessions are still there: they are to be ended before anyone takes over. It was stopped, or can't reach the server.
    package var hasSessions: Bool
  }

  /// In order of their slots, this one among them.
  package private(set) var nodes: [NodeRow] = []
  /// Whose slots are to be taken over.
  package private(set) var over: [Over] = []

  package init() {}

  /// - Parameters:
  ///   - rows: All of the table's that somebody holds or held.
  ///   - own: This node's slot.
  ///   - length: Of a lease.
  ///   - judges: Whether this node can tell that another is over (`Lease.judgesOthers`).
  package init(_ rows: [NodeRow], own: Int, length: Duration, judges: Bool) {
    for row in rows.sorted(by: { $0.holding.slot < $1.holding.slot }) {
      let hasSessions = row.hasWriter || row.hasWatch
      if row.isTakenOver {
        // Who took it over has died over it.
        if !row.hasWriter && judges { over.append(Over(holding: row.holding, hasSessions: false)) }
      } else if row.holding.slot == own || !judges || (hasSessions && row.age < length) {
        nodes.append(row)
      } else {
        over.append(Over(holding: row.holding, hasSessions: hasSessions))
      }
    }
  }

  package var slots: [Int] { nodes.map(\.holding.slot) }

  /// Whether these are the same nodes in the same state, whenever they were seen last.
  package func isSame(as other: LiveNodes) -> Bool {
    over == other.over
      && nodes.elementsEqual(other.nodes) { $0.holding == $1.holding && $0.identity == $1.identity }
  }
}
