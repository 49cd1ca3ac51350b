import RelayThreads

/// Ends a wait.
final class Alarm: Sendable {
  private struct State: Sendable {
    var isRinging = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Locked(State())
  private let sleep: Patience.Sleep

  init(sleep: @escaping Patience.Sleep) {
    self.sleep = sleep
  }

  func ring() {
    let waiter = state.withLock { state in
      defer { state.waiter = nil }
      if state.waiter == nil { state.isRinging = true }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Until it rings, or has rung since the last wait. One waits at a time.
  ///
  /// - Parameter limit: nil: for as long as that takes.
  func wait(atMost limit: Duration?) async {
    let timer = limit.map { limit in
      Task { [weak self, sleep] in
        await sleep(limit)
        if !Task.isCancelled { self?.ring() }
      }
    }
    await withCheckedContinuation { continuation in
      let isRinging = state.withLock { state in
        defer { state.isRinging = false }
        if !state.isRinging { state.waiter = continuation }
        return state.isRinging
      }
      if isRinging { continuation.resume() }
    }
    timer?.cancel()
  }
}
