import RelayThreads

/// A value that a test can wait on: it sleeps for nothing and polls for nothing.
final class Watched<Value: Sendable>: Sendable {
  private struct Waiter {
    let isMet: @Sendable (Value) -> Bool
    let continuation: CheckedContinuation<Value, Never>
  }

  private struct State {
    var value: Value
    var waiters: [Waiter] = []
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

  /// - Returns: The value as it was when it first met the condition.
  @discardableResult
  func wait(until isMet: @escaping @Sendable (Value) -> Bool) async -> Value {
    await withCheckedContinuation { continuation in
      let met = state.withLock { state -> Value? in
        if isMet(state.value) { return state.value }
        state.waiters.append(Waiter(isMet: isMet, continuation: continuation))
        return nil
      }
      if let met { continuation.resume(returning: met) }
    }
  }
}
