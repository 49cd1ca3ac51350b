import RelayCore
import RelayThreads

/// What the store does by itself, on a connection and a thread of its own (`store-keeper`): a step that takes long delays no commit and no
/// heartbeat.
final class StoreKeeper: Sendable {
  private struct State {
    var isEnding = false
    var hasEnded = false
  }

  /// From one round to the next: what a start has to add up is what was committed in this time.
  static let standardInterval = Duration.seconds(2)

  private let state = Monitor(State())
  private let thread: WorkerThread

  /// - Parameters:
  ///   - opener: Its limit is how long each call may take.
  ///   - observer: Told, on the keeper's thread, why a round has failed, where the one before has not.
  init(
    _ opener: SessionOpener, key: StoreKey, every interval: Duration = StoreKeeper.standardInterval,
    observer: (any StoreObserver)?
  ) {
    let state = state
    thread = WorkerThread(name: "store-keeper") {
      let loop = KeeperLoop(opener, key: key, observer: observer)
      while state.wait(timeout: interval, until: { $0.isEnding ? true : nil }) == nil { loop.round() }
      loop.end()
      state.update { $0.hasEnded = true }
    }
  }

  /// The round that is under way is finished.
  ///
  /// - Returns: Whether it has ended within that time. If not, the process can end all the same: a round may be cut off at any place.
  @discardableResult
  func end(within limit: Duration? = nil) -> Bool {
    state.update { $0.isEnding = true }
    guard state.wait(timeout: limit, until: { $0.hasEnded ? true : nil }) != nil else { return false }
    thread.join()
    return true
  }
}

/// What its thread does. Confined to it.
private final class KeeperLoop {
  private let opener: SessionOpener
  private let key: StoreKey
  private let observer: (any StoreObserver)?
  private var folder: BookFolder?
  private var isFailing = false

  init(_ opener: SessionOpener, key: StoreKey, observer: (any StoreObserver)?) {
    self.opener = opener
    self.key = key
    self.observer = observer
  }

  func round() {
    do throws(NodeError) {
      let folder = try connected()
      try asServer { () throws(PostgresError) in try folder.round() }
      isFailing = false
    } catch {
      end()
      if !isFailing { observer?.storeKeepingFailed(StoreError(error)) }
      isFailing = true
    }
  }

  private func connected() throws(NodeError) -> BookFolder {
    if let folder { return folder }
    let opened = BookFolder(
      KeeperSession(connection: try opener.open(.keeping), key: key, limit: opener.limit))
    folder = opened
    return opened
  }

  func end() {
    folder?.session.connection.close()
    folder = nil
  }
}
