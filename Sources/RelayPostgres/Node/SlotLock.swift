/// The second half of an advisory lock (the first is a `StoreKey`): what of a slot is locked.
enum SlotLock {
  /// Held by a node's writer connection. Who holds it may write as this slot.
  case writer
  /// Held by its second connection: so a node that has lost one of its connections is told apart from one that has ended.
  case watch

  static let watchOffset: Int32 = 1 << 12
  /// Held for a step of what one node does for all. No slot's.
  static let keeping: Int32 = 1 << 13

  func key(of slot: Int) -> Int32 {
    switch self {
    case .writer: Int32(slot)
    case .watch: Int32(slot) + Self.watchOffset
    }
  }
}
