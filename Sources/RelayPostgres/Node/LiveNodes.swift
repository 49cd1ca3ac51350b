import RelayCore

/// Who lives, and who no longer does. Pure: all nodes judge the same rows by the same rules.
package struct LiveNodes: Sendable, Equatable {
  /// A node that is over, with what is left of it.
  package struct Over: Sendable, Equatable {
    package var holding: SlotHolding
    /// Its last heartbeat, by the server's clock. Where the row shows another one by now, it is not over.
    package var seen: Timestamp
    /// Its sessions are still there: they are to be ended before anyone takes over. It was stopped, or can't reach the server.
    package var hasSessions: Bool

    package init(holding: SlotHolding, seen: Timestamp, hasSessions: Bool) {
      self.holding = holding
      self.seen = seen
      self.hasSessions = hasSessions
    }
  }

  /// In order of their slots, this one among them.
  package private(set) var nodes: [NodeRow] = []
  /// Whose slots are to be taken over.
  package private(set) var over: [Over] = []
  /// After so long one of the nodes is over, if nothing more is heard of it; nil: nobody judges.
  package private(set) var nextOver: Duration?

  package init() {}

  /// - Parameters:
  ///   - rows: All of the table's that somebody holds or held.
  ///   - own: This node's slot.
  ///   - judges: Whether this node can tell that another is over (`Lease.judgesOthers`).
  package init(_ rows: [NodeRow], own: Int, times: LeaseTimes, judges: Bool) {
    for row in rows.sorted(by: { $0.holding.slot < $1.holding.slot }) {
      let hasSessions = row.hasWriter || row.hasWatch
      if row.isTakenOver {
        // Who took it over has died over it.
        if !row.hasWriter && judges { add(row, hasSessions: false) }
      } else if row.holding.slot == own || !judges {
        nodes.append(row)
      } else {
        let left = hasSessions ? times.length - row.unchanged : times.gone - max(row.unchanged, row.age)
        if left <= .zero {
          add(row, hasSessions: hasSessions)
        } else {
          nodes.append(row)
          nextOver = min(left, nextOver ?? left)
        }
      }
    }
  }

  private mutating func add(_ row: NodeRow, hasSessions: Bool) {
    over.append(Over(holding: row.holding, seen: row.seen, hasSessions: hasSessions))
  }

  package var slots: [Int] { nodes.map(\.holding.slot) }

  /// Whether these are the same nodes in the same state, whenever they were seen last.
  package func isSame(as other: LiveNodes) -> Bool {
    over == other.over
      && nodes.elementsEqual(other.nodes) { $0.holding == $1.holding && $0.identity == $1.identity }
  }
}
