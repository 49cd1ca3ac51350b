/// The fields to be noted in each event: a trie of key paths.
///
/// Slot i is `paths[i]`. A path may be a prefix of another; a path that stands twice has two slots, and both get
/// the values. The empty path is the event itself.
package struct FieldTree: Sendable {
  /// One key of one node, in a hash table with linear probing. `child` 0 marks a free place (no edge leads
  /// to the root).
  struct Edge {
    var parent = 0
    var child = 0
    var key: Range<Int> = 0..<0
  }

  struct Node {
    /// The slots whose path ends here: a range of `slots`.
    var slots: Range<Int> = 0..<0
    /// Bit n: a key of n bytes leads on from here (bit 63: of 63 or more). Most keys of an event are of no
    /// interest, and this tells without hashing.
    var keyLengths: UInt64 = 0
  }

  /// The number of paths.
  package let slotCount: Int
  let nodes: [Node]
  let slots: [Int]
  let edges: [Edge]
  let keyBytes: [UInt8]

  package init(paths: [[String]]) {
    var builder = FieldTreeBuilder()
    for path in paths { builder.add(path) }
    slotCount = paths.count
    nodes = builder.finishedNodes()
    slots = builder.slotsOfNode.flatMap { $0 }
    (edges, keyBytes) = builder.finishedEdges()
  }
}
