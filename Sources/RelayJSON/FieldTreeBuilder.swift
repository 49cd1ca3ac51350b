/// Collects paths into a trie, then lays it out flat for lookups.
struct FieldTreeBuilder {
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
        var place = key.withUnsafeBufferPointer { FieldTree.hash(parent, $0) } & (size - 1)
        while edges[place].child != 0 { place = (place + 1) & (size - 1) }
        edges[place] = .init(
          parent: parent, child: child, key: keyBytes.count..<keyBytes.count + key.count)
        keyBytes.append(contentsOf: key)
      }
    }
    return (edges, keyBytes)
  }
}
