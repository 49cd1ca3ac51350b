import RelayCore

/// The first half of the store's advisory locks; the second one says which of them.
///
/// Made of the id that the store itself holds: two stores in one database lock different keys. (The server keeps databases apart by itself.)
struct StoreKey: Sendable, Equatable {
  /// Never negative, so that it is the same number in `pg_locks`, which shows it without a sign.
  let value: Int32

  /// - Parameter id: Of the store, a random UUID.
  init(id: EventID) {
    let folded = id.high ^ id.low
    value = Int32(truncatingIfNeeded: (folded ^ (folded >> 32)) & 0x7FFF_FFFF)
  }
}

/// The second half: what of a slot is locked.
enum SlotLock {
  /// Held by a node's writer connection. Who holds it may write as this slot.
  case writer
  /// Held by its second connection: so a node that has lost one of its connections is told apart from one that has ended.
  case watch

  static let watchOffset: Int32 = 1 << 12

  func key(of slot: Int) -> Int32 {
    switch self {
    case .writer: Int32(slot)
    case .watch: Int32(slot) + Self.watchOffset
    }
  }
}
