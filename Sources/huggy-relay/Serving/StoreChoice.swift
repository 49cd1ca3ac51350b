import Glibc
import Logging
import RelayCore
import RelayPipeline
import RelayPostgres
import RelaySQLite
import RelayThreads
import RelayTools

/// The store that the configuration names, opened, and what looks into it for people.
///
/// This file is the only one of the binary that knows any store by its name (with `NodeLog`, which tells what becomes of one): another
/// one is a case of `StoreSettings.Location`, and its part below.
struct OpenedStore: Sendable {
  let store: any DeliveryStore
  let lookup: any DeliveryLookup
  /// For the log: what its server should not be like.
  let warnings: [String]

  /// What a relay is called among those that share its store.
  struct Identity: Sendable {
    /// The machine's.
    var name: String
    var configurationHash: String
  }

  /// - Parameters:
  ///   - identity: This relay's.
  ///   - copiesBeforeMigration: One of an older release is copied before its schema is changed, where it is a file.
  ///   - logger: Where it is told what becomes of this relay among those that share its store.
  /// - Throws: `inUse` if another relay has it, `newerSchema`, `cannotOpen`; `full` where a copy has no room; `unreachable`.
  init(
    at location: StoreSettings.Location, as identity: Identity, clock: any SteadyClock,
    copiesBeforeMigration: Bool, observer: any StoreObserver, logger: Logger
  ) throws(StoreError) {
    switch location {
    case .sqlite(let path):
      let store = try SQLiteStore(
        path: path, clock: clock, copiesBeforeMigration: copiesBeforeMigration, observer: observer)
      self.store = store
      lookup = SQLiteLookup(store, clock: clock)
      warnings = []
    case .postgres(let address, let ownFiles):
      let node = NodeIdentity(
        name: identity.name, version: RelayVersion.number, configurationHash: identity.configurationHash)
      let store = try PostgresStore(
        at: address, as: node, clock: clock, observer: observer, nodes: NodeLog(logger: logger))
      self.store = store
      lookup = PostgresLookup(store, clock: clock)
      warnings = store.warnings
      // What can't be kept in it says so itself.
      mkdir(FilePath.parent(of: ownFiles), 0o700)
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
    case .postgres: return true
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
    case .postgres: []
    }
  }

  /// What is wrong with it, as far as the store itself can tell without asking anybody: a sentence without secrets. nil: nothing.
  static let problem: @Sendable (StoreSettings.Location) -> String? = { location in
    guard case .postgres(let address, ownFiles: _) = location else { return nil }
    do throws(StoreError) {
      _ = try ServerAddress(address)
      return nil
    } catch {
      return error.message
    }
  }

  /// Where a running relay has lost it, another start goes on with what there is. A file that was removed may come back: a start would make
  /// an empty one in its place.
  var isFoundAgainByAStart: Bool {
    switch self {
    case .sqlite: false
    case .postgres: true
    }
  }

  /// For messages: without secrets.
  var shown: String {
    switch self {
    case .sqlite(let path): path
    case .postgres(let address, ownFiles: _): address.shown
    }
  }

  /// Where the relay keeps what is its own and not the store's, in a file of its own: `relay.db.series` beside `relay.db`. Such files may
  /// be removed at any time: what they say is gone then, and nothing else. With a store on a server they stand where one in a file would.
  ///
  /// - Parameter name: What follows the store's own name. Where that leads to a link, it is that of the file itself. Ask once the store
  ///   is there.
  func path(beside name: String) -> String {
    switch self {
    case .sqlite(let path):
      guard let found = realpath(path, nil) else { return "\(path).\(name)" }
      defer { free(found) }
      return "\(String(cString: found)).\(name)"
    case .postgres(_, let ownFiles): return "\(ownFiles).\(name)"
    }
  }
}

extension StoreSettings {
  /// What `doctor` looks at.
  var checks: [Examination.Check] {
    switch location {
    case .sqlite(let path):
      DataFolder(database: path, maxBytes: maxBytes, copies: { [location] in location.keptCopies }).checks
    case .postgres(let address, ownFiles: _): [DatabaseCheck(address).check]
    }
  }
}

extension StoreSettings.Location {
  /// Looks at all of it. Changes nothing.
  ///
  /// - Parameters:
  ///   - isSound: Whether bytes are an event's body.
  ///   - progress: Told what is looked at next.
  func verify(
    isSound: @escaping ([UInt8]) -> Bool, progress: @escaping (String) -> Void
  ) throws(StoreError) -> StoreVerification {
    switch self {
    case .sqlite(let path): try SQLiteVerifier(isSound: isSound, progress: progress).verify(path: path)
    case .postgres(let address, ownFiles: _):
      try PostgresVerifier(isSound: isSound, progress: progress).verify(address)
    }
  }
}

extension StoreSettings.Location {
  /// What was moved, as far as people are told of it.
  struct Moved {
    var events: Int
    var deliveries: Int
    /// Failed attempts.
    var failures: Int
  }

  /// Moves all that it holds into another store, which is empty, or was filled from it in part. Changes nothing of this one; no relay can have
  /// it open meanwhile.
  ///
  /// - Parameters:
  ///   - identity: What relays that find the other one in use are told.
  ///   - progress: Told after each piece what is moved, and how many events were.
  /// - Returns: nil: it was done before.
  /// - Throws: `cannotOpen`, also where nothing can be moved from here to there; `inUse`, `unreachable`, `failing`.
  func move(
    to target: StoreSettings.Location, as identity: OpenedStore.Identity, _ configuration: StoreConfiguration,
    progress: @escaping (_ step: String, _ events: Int) -> Void
  ) throws(StoreError) -> Moved? {
    guard case .sqlite(let path) = self, case .postgres(let address, ownFiles: _) = target else {
      throw StoreError(
        code: .cannotOpen,
        message:
          "\(shown) can't be moved to \(target.shown): a store is moved from a file to PostgreSQL, so --config has to name the file"
      )
    }
    let node = NodeIdentity(
      name: identity.name, version: RelayVersion.number, configurationHash: identity.configurationHash)
    let mover = StoreMover(to: address, as: node, MoveRules(configuration)) { report in
      progress(report.step, report.events)
    }
    switch try mover.move(try SQLiteOrigin(path: path)) {
    case .moved(let counts):
      return Moved(events: counts.events, deliveries: counts.deliveries, failures: counts.failures)
    case .doneBefore: return nil
    }
  }
}

extension StoreCopyFormat {
  /// What the stores' copies look like: a command that fetches one does not know which store its relay has.
  static let known = [StoreCopyFormat.sqlite]
}
