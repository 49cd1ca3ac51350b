/// What a node tells the others after a commit: that it has stored something.
///
/// Only the highest id counts, since who hears it reads all that is new. One that is lost does no harm: the others look by themselves, too.
package struct NodeMessage: Sendable, Equatable {
  /// The database's channel for them.
  static let channel = "huggy_relay"

  package var slot: Int
  /// The highest id that the node has stored.
  package var id: Int64

  package init(slot: Int, id: Int64) {
    self.slot = slot
    self.id = id
  }

  /// - Parameter payload: `SLOT:ID`, both decimal. nil for any other text: anyone who may connect may send one.
  package init?(payload: String) {
    let parts = payload.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let slot = Int(parts[0]), Slot.all.contains(slot), let id = Int64(parts[1]) else {
      return nil
    }
    self.init(slot: slot, id: id)
  }

  package var payload: String { "\(slot):\(id)" }
}
