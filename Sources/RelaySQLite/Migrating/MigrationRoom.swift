/// Whether a store can be copied and then brought to another schema: pure.
struct MigrationRoom: Equatable {
  /// Of the database file, its log being empty.
  var storeBytes: Int
  /// The copy shares the store's blocks, and takes no room of its own.
  var isShared = false
  /// The migrations write each event anew, into pages beside those of before.
  var rewritesEvents: Bool

  /// For what else changes: new indexes and columns go through the log. At least this much, and an eighth of the store.
  static let least = 16 << 20

  /// What must be free.
  var neededBytes: Int {
    (isShared ? 0 : storeBytes) + (rewritesEvents ? storeBytes : 0) + max(Self.least, storeBytes / 8)
  }

  func fits(_ space: DiskSpace) -> Bool { space.available >= neededBytes }
}
