import RelayCore
import RelayThreads

/// A transport without a thread or a socket: the test takes the driver's turns.
final class HandTransport: Transport {
  private struct State: Sendable {
    var driver: (any TransportDriver)?
    var isWoken = false
    var isStopped = false
    var waiting: CheckedContinuation<Void, Never>?
  }

  private let state = Locked(State())

  func start(driver: any TransportDriver) {
    state.withLock { $0.driver = driver }
  }

  func wake() {
    let waiting = state.withLock { state in
      state.isWoken = true
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume()
  }

  func stop() {
    state.withLock {
      $0.driver = nil
      $0.isStopped = true
    }
    wake()
  }

  var isStopped: Bool { state.withLock(\.isStopped) }

  /// - Returns: Whether somebody has called `wake` since the last time.
  func takeWake() -> Bool {
    state.withLock { state in
      defer { state.isWoken = false }
      return state.isWoken
    }
  }

  /// Returns once somebody has called `wake`.
  func awaitWake() async {
    await withCheckedContinuation { continuation in
      let isWoken = state.withLock { state in
        if !state.isWoken { state.waiting = continuation }
        return state.isWoken
      }
      if isWoken { continuation.resume() }
    }
  }

  /// - Returns: What the driver wants done; nil before the start and after the stop.
  func turn(finished: [FinishedAttempt]) -> TransportTurn? {
    state.withLock(\.driver)?.turn(finished: finished)
  }
}
