import RelayThreads

/// A value that a test can wait on: it sleeps for nothing and polls for nothing.
final class Watched<Value: Sendable>: Sendable {
  private struct Waiter {
    let id: Int
    let isMet: @Sendable (Value) -> Bool
    let continuation: CheckedContinuation<Value, Never>
  }

  private struct State {
    var value: Value
    var waiters: [Waiter] = []
    var lastID = 0
    /// Of waits that were given up before they began.
    var cancelled: Set<Int> = []
  }

  private let state: Locked<State>

  init(_ value: Value) {
    state = Locked(State(value: value))
  }

  var value: Value { state.withLock(\.value) }

  @discardableResult
  func update<Result>(_ body: (inout Value) -> Result) -> Result {
    let (result, value, ready) = state.withLock { state in
      let result = body(&state.value)
      let value = state.value
      let ready = state.waiters.filter { $0.isMet(value) }
      if !ready.isEmpty { state.waiters.removeAll { $0.isMet(value) } }
      return (result, value, ready)
    }
    for waiter in ready { waiter.continuation.resume(returning: value) }
    return result
  }

  /// - Returns: The value as it was when it first met the condition, or when the wait was cancelled: so a test that
  ///   takes too long fails, and does not hang.
  @discardableResult
  func wait(until isMet: @escaping @Sendable (Value) -> Bool) async -> Value {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let met = state.withLock { state -> Value? in
          if isMet(state.value) || state.cancelled.remove(id) != nil { return state.value }
          state.waiters.append(Waiter(id: id, isMet: isMet, continuation: continuation))
          return nil
        }
        if let met { continuation.resume(returning: met) }
      }
    } onCancel: {
      let (waiter, value) = state.withLock { state -> (Waiter?, Value) in
        guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return (nil, state.value)
        }
        return (state.waiters.remove(at: index), state.value)
      }
      waiter?.continuation.resume(returning: value)
    }
  }
}
