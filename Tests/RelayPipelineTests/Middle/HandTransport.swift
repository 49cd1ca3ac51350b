import RelayCore
import RelayTestSupport
import RelayThreads

/// A transport without a thread or a socket: the test takes the driver's turns.
final class HandTransport: Transport {
  private struct State: Sendable {
    var driver: (any TransportDriver)?
    var isWoken = false
    var isStopped = false
    var waiting: Promise<Void>?
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
    waiting?.keep(())
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

  /// Returns once somebody has called `wake`; throws if nobody does.
  func awaitWake() async throws {
    let woken = Promise<Void>("somebody who asks for a turn")
    let isWoken = state.withLock { state in
      if !state.isWoken { state.waiting = woken }
      return state.isWoken
    }
    if !isWoken, await woken.value(within: .seconds(60)) == nil { throw NobodyHasAsked() }
  }

  /// - Returns: What the driver wants done; nil before the start and after the stop.
  func turn(finished: [FinishedAttempt]) -> TransportTurn? {
    state.withLock(\.driver)?.turn(finished: finished)
  }
}

/// No turn was asked for, so what waits for one waits for ever.
struct NobodyHasAsked: Error {}
