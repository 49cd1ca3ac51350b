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
