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
  ///   - word: Asked how long things stay, and told whether there is room.
  ///   - clock: What is old is so by this one.
  ///   - observer: Told, on the keeper's thread, why a round has failed, where the one before has not.
  init(
    _ opener: SessionOpener, key: StoreKey, every interval: Duration = StoreKeeper.standardInterval,
    word: Locked<KeepingWord>, clock: any SteadyClock, observer: (any StoreObserver)?
  ) {
    let state = state
    thread = WorkerThread(name: "store-keeper") {
      let loop = KeeperLoop(opener, key: key, word: word, clock: clock, observer: observer)
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
