import RelayText

/// Which of the live nodes owns a destination: all of them come to the same answer without asking each other.
///
/// Rendezvous hashing: each node has a score for the destination, and the highest one owns it. So a node that comes takes its share from
/// all others alike, one that goes leaves its share to all others alike, and nothing else moves.
package struct LaneOwners: Sendable, Equatable {
  /// In order, each once.
  package let slots: [Int]

  package init(slots: some Sequence<Int>) {
    self.slots = Set(slots).sorted()
  }

  /// - Returns: The owner's slot; nil: no node is alive.
  package func owner(of destination: String) -> Int? {
    var hash = FNV1a.start
    for byte in destination.utf8 { hash = FNV1a.add(byte, to: hash) }
    return slots.max { Self.score(hash, $0) < Self.score(hash, $1) }
  }

  /// The last step of SplitMix64, whose results differ in half of their bits where its inputs differ in one. Two slots never have the same
  /// score: each step can be undone.
  private static func score(_ destination: UInt64, _ slot: Int) -> UInt64 {
    var bits = destination ^ (UInt64(slot) &* 0x9E37_79B9_7F4A_7C15)
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
