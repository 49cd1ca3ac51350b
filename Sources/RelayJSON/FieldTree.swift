/// The fields to be noted in each event: a trie of key paths.
///
/// Slot i is `paths[i]`. A path may be a prefix of another; a path that stands twice has two slots, and both get
/// the values. The empty path is the event itself.
package struct FieldTree: Sendable {
  /// One key of one node, in a hash table with linear probing. `child` 0 marks a free entry (no edge leads
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
  private let edges: [Edge]
  private let keyBytes: [UInt8]

  package init(paths: [[String]]) {
    var builder = FieldTreeBuilder()
    for path in paths { builder.add(path) }
    slotCount = paths.count
    nodes = builder.finishedNodes()
    slots = builder.slotsOfNode.flatMap { $0 }
    (edges, keyBytes) = builder.finishedEdges()
  }

  // MARK: Looking up

  /// The node that `key` leads to from `node`; 0 (the root, to which no key leads) if none.
  func child(of node: Int, key: UnsafeBufferPointer<UInt8>) -> Int {
    guard nodes[node].keyLengths & Self.lengthBit(key.count) != 0 else { return 0 }
    let mask = edges.count - 1
    var index = Self.hash(node, key) & mask
    while true {
      let edge = edges[index]
      if edge.child == 0 { return 0 }
      if edge.parent == node && edge.key.count == key.count && equals(edge.key, key) { return edge.child }
      index = (index + 1) & mask
    }
  }

  private func equals(_ range: Range<Int>, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
    for index in 0..<key.count where keyBytes[range.lowerBound + index] != key[index] { return false }
    return true
  }

  static func lengthBit(_ length: Int) -> UInt64 { 1 << UInt64(min(length, 63)) }

  /// Mixes the node with the key's length and three of its bytes. Who sends documents can't make it worse: the
  /// table holds the configuration's keys only.
  static func hash(_ node: Int, _ key: UnsafeBufferPointer<UInt8>) -> Int {
    var mixed = UInt64(truncatingIfNeeded: node) << 32 | UInt64(truncatingIfNeeded: key.count & 0xFF) << 24
    if key.count > 0 {
      mixed |= UInt64(key[0]) << 16 | UInt64(key[key.count / 2]) << 8 | UInt64(key[key.count - 1])
    }
    return Int(truncatingIfNeeded: (mixed &* 0x9E37_79B9_7F4A_7C15) >> 33)
  }
}

/// Collects paths into a trie, then lays it out flat for lookups.
private struct FieldTreeBuilder {
  private(set) var slotsOfNode: [[Int]] = [[]]
  /// Keys as bytes: String would also match other Unicode spellings of the same text.
  private var childrenOfNode: [[[UInt8]: Int]] = [[:]]
  private var pathCount = 0

  mutating func add(_ path: [String]) {
    var node = 0
    for key in path { node = child(of: node, key: Array(key.utf8)) }
    slotsOfNode[node].append(pathCount)
    pathCount += 1
  }

  private mutating func child(of node: Int, key: [UInt8]) -> Int {
    if let known = childrenOfNode[node][key] { return known }
    let made = slotsOfNode.count
    childrenOfNode[node][key] = made
    slotsOfNode.append([])
    childrenOfNode.append([:])
    return made
  }

  func finishedNodes() -> [FieldTree.Node] {
    var end = 0
    return zip(slotsOfNode, childrenOfNode).map { slots, children in
      let start = end
      end += slots.count
      let lengths = children.keys.reduce(UInt64(0)) { $0 | FieldTree.lengthBit($1.count) }
      return FieldTree.Node(slots: start..<end, keyLengths: lengths)
    }
  }

  /// The hash table, at most a quarter full, and the bytes of its keys.
  func finishedEdges() -> (edges: [FieldTree.Edge], keyBytes: [UInt8]) {
    var size = 4
    while size < slotsOfNode.count * 4 { size *= 2 }
    var edges = [FieldTree.Edge](repeating: .init(), count: size)
    var keyBytes: [UInt8] = []
    for (parent, children) in childrenOfNode.enumerated() {
      for (key, child) in children {
        var index = key.withUnsafeBufferPointer { FieldTree.hash(parent, $0) } & (size - 1)
        while edges[index].child != 0 { index = (index + 1) & (size - 1) }
        edges[index] = .init(
          parent: parent, child: child, key: keyBytes.count..<keyBytes.count + key.count)
        keyBytes.append(contentsOf: key)
      }
    }
    return (edges, keyBytes)
  }
}
