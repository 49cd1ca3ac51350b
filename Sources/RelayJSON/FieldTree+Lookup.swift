extension FieldTree {
  /// The node that `key` leads to from `node`; 0 (the root, to which no key leads) if none.
  func child(of node: Int, key: UnsafeBufferPointer<UInt8>) -> Int {
    guard nodes[node].keyLengths & Self.lengthBit(key.count) != 0 else { return 0 }
    let mask = edges.count - 1
    var place = Self.hash(node, key) & mask
    while true {
      let edge = edges[place]
      if edge.child == 0 { return 0 }
      if edge.parent == node && edge.key.count == key.count && equals(edge.key, key) { return edge.child }
      place = (place + 1) & mask
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
