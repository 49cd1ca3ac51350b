/// The number that a node has among all that share the store: a place in every id that it gives.
package enum Slot {
  /// An id has 12 bits for it.
  package static let bits = 12
  package static let all = 0..<(1 << bits)
}
