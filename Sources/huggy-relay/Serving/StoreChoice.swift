import Glibc
import RelayCore
import RelaySQLite
import RelayThreads

/// The store that the configuration names, opened, and what looks into it for people.
///
/// This file is the only one of the binary that knows any store by its name: another one is a case of
/// `StoreSettings.Location`, and its part below.
struct OpenedStore: Sendable {
  let store: any DeliveryStore
  let lookup: any DeliveryLookup

  /// - Parameter copiesBeforeMigration: One of an older release is copied before its schema is changed.
  /// - Throws: `inUse` if another relay has it, `newerSchema`, `cannotOpen`; `full` where a copy has no room.
  init(
    at location: StoreSettings.Location, clock: any SteadyClock, copiesBeforeMigration: Bool,
    observer: any StoreObserver
  ) throws(StoreError) {
    switch location {
    case .sqlite(let path):
      let store = try SQLiteStore(
        path: path, clock: clock, copiesBeforeMigration: copiesBeforeMigration, observer: observer)
      self.store = store
      lookup = SQLiteLookup(store, clock: clock)
    }
  }

  /// The index of attachments, in a file of its own.
  @Sendable static func attachmentIndex(at path: String) throws(StoreError) -> any AttachmentIndex {
    try SQLiteAttachmentIndex(path: path)
  }

  /// Whether the disk has room for what is not the store's: what is left of it is the store's alone, long before it is full.
  static func hasRoomBeside(_ settings: StoreSettings) -> Bool {
    switch settings.location {
    case .sqlite(let path):
      var status = statvfs()
      // Where the system does not say, a write will tell.
      guard statvfs(path, &status) == 0 else { return true }
      return Int(status.f_bavail) * Int(status.f_frsize) >= storesOwnBytes
    }
  }

  private static let storesOwnBytes = 1 << 30

  /// Closes both, the lookup first: it looks into the store. Blocks for no longer than that.
  ///
  /// - Returns: Whether they are closed.
  func close(within limit: Duration) -> Bool {
    let end = ContinuousClock.now.advanced(by: limit)
    guard lookup.close(within: limit) else { return false }
    return store.close(within: max(.zero, ContinuousClock.now.duration(to: end)))
  }

  /// Whether all that was asked of the store so far is answered within that time.
  func answers(within limit: Duration) async -> Bool {
    let answered = Monitor(false)
    store.ping { answered.update { $0 = true } }
    return await onThread { answered.wait(timeout: limit, until: { $0 ? true : nil }) != nil }
  }
}

extension StoreSettings.Location {
  /// What the store held once and is still kept beside it.
  var keptCopies: [KeptCopy] {
    switch self {
    case .sqlite(let path): KeptCopies.beside(path)
    }
  }

  /// Where the relay keeps what is its own and not the store's, in a file of its own: `relay.db.series` beside `relay.db`. Such files may
  /// be removed at any time: what they say is gone then, and nothing else.
  ///
  /// - Parameter name: What follows the store's own name. Where that leads to a link, it is that of the file itself. Ask once the store
  ///   is there.
  func path(beside name: String) -> String {
    switch self {
    case .sqlite(let path):
      guard let found = realpath(path, nil) else { return "\(path).\(name)" }
      defer { free(found) }
      return "\(String(cString: found)).\(name)"
    }
  }
}

extension StoreCopyFormat {
  /// What the stores' copies look like: a command that fetches one does not know which store its relay has.
  static let known = [StoreCopyFormat.sqlite]
}
