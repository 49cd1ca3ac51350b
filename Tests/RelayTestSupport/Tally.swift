import RelayThreads

/// Counts what happens. A test waits until it has happened often enough, rather than looking again and again.
package final class Tally: Sendable {
  private struct State: Sendable {
    var count = 0
    var nextWaiter = 0
    var waiters: [Int: (count: Int, continuation: CheckedContinuation<Void, Never>)] = [:]
  }

  private let state = Locked(State())

  package init() {}

  package var count: Int { state.withLock { $0.count } }

  /// It has happened once more.
  package func add() {
    let woken = state.withLock { state in
      state.count += 1
      let ready = state.waiters.filter { $0.value.count <= state.count }
      for waiter in ready.keys { state.waiters[waiter] = nil }
      return ready.values.map(\.continuation)
    }
    for continuation in woken { continuation.resume() }
  }

  /// Returns once it has happened so often, or when the task is cancelled, as by a test's time limit: so the test says what
  /// it expects after this.
  package func reach(_ count: Int) async {
    let waiter = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if Task.isCancelled || state.count >= count { return true }
          state.waiters[waiter] = (count, continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: waiter) }?.continuation.resume()
    }
  }
}
