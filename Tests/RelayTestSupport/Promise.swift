import RelayThreads

/// What a callback will bring. A test can post several calls in order, and then wait for each.
package final class Promise<Value: Sendable>: Sendable {
  private enum State: Sendable {
    case waiting([CheckedContinuation<Value, Never>])
    case kept(Value)
  }

  private let state = Locked(State.waiting([]))

  package init() {}

  /// Once: a callback that runs twice is a defect.
  package func keep(_ value: Value) {
    let waiting = state.withLock { state in
      guard case .waiting(let continuations) = state else { preconditionFailure("a completion ran twice") }
      state = .kept(value)
      return continuations
    }
    for continuation in waiting { continuation.resume(returning: value) }
  }

  package var isKept: Bool {
    state.withLock { if case .kept = $0 { true } else { false } }
  }

  package var value: Value {
    get async {
      await withCheckedContinuation { continuation in
        let kept = state.withLock { state -> Value? in
          switch state {
          case .kept(let value): return value
          case .waiting(let continuations):
            state = .waiting(continuations + [continuation])
            return nil
          }
        }
        if let kept { continuation.resume(returning: kept) }
      }
    }
  }
}
