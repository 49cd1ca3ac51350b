import RelayCore

/// For how long each node's row has shown the same heartbeat, by this node's own steady clock. Pure.
///
/// This is what counts of a node whose sessions are there. The server's clock is not asked then: one that is set forward would make all nodes
/// look as if they were over, while each of them is sure that it holds its lease; one that is set back would hide a node that has stopped. Of a
/// node that has no session left, which starts nothing any more, it is asked as well (`LiveNodes`): so who has just come need not wait.
struct NodeSightings: Sendable, Equatable {
  private struct Sighting: Sendable, Equatable {
    var session: Int64
    var seen: Timestamp
    /// When the first answer had come that showed it.
    var since: Timestamp
  }

  private var bySlot: [Int: Sighting] = [:]

  /// An answer shows these rows.
  ///
  /// Never too long: a row has not changed from before the first answer came that showed it as it is, until after the newest question was
  /// sent that was answered so.
  ///
  /// - Returns: The same rows, with `unchanged`.
  mutating func add(_ rows: [NodeRow], sent: Timestamp, received: Timestamp) -> [NodeRow] {
    var found: [Int: Sighting] = [:]
    let rows = rows.map { row in
      var (row, sighting) = (row, Sighting(session: row.holding.session, seen: row.seen, since: received))
      if let known = bySlot[row.holding.slot], known.session == sighting.session, known.seen == sighting.seen
      {
        sighting = known
        row.unchanged = max(.zero, known.since.duration(to: sent))
      }
      found[row.holding.slot] = sighting
      return row
    }
    bySlot = found
    return rows
  }
}
