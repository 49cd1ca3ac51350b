import RelayCore
import RelayThreads
import Testing

/// What a callback will bring. A test can post several calls in order, and then wait for each.
package final class Promise<Value: Sendable>: Sendable {
  private enum State: Sendable {
    case waiting([Int: CheckedContinuation<Value?, Never>])
    case kept(Value)
  }

  private let state = Locked((promise: State.waiting([:]), lastWaiter: 0))
  /// What the callback tells, for whoever reads that it has not.
  private let what: String
  /// Stands for the value where it does not come, so that the test ends.
  private let substitute: Value

  /// - Parameter what: What is promised, such as "the claim".
  package init(_ what: String, otherwise substitute: Value) {
    self.what = what
    self.substitute = substitute
  }

  package convenience init(_ what: String) where Value == Void { self.init(what, otherwise: ()) }

  package convenience init<Success>(_ what: String) where Value == Result<Success, StoreError> {
    self.init(what, otherwise: .failure(StoreError(code: .failing, message: "no answer: \(what)")))
  }

  package convenience init<Success>(_ what: String) where Value == Result<Success, any Error> {
    self.init(what, otherwise: .failure(StoreError(code: .failing, message: "no answer: \(what)")))
  }

  /// Once: a callback that runs twice is a defect.
  package func keep(_ value: Value) {
    let waiting = state.withLock { state in
      guard case .waiting(let continuations) = state.promise else {
        preconditionFailure("a completion ran twice: \(what)")
      }
      state.promise = .kept(value)
      return continuations.values
    }
    for continuation in waiting { continuation.resume(returning: value) }
  }

  package var isKept: Bool {
    state.withLock { if case .kept = $0.promise { true } else { false } }
  }

  /// The value, or its substitute.
  package var value: Value {
    get async { await value(within: .seconds(60)) ?? substitute }
  }

  /// Waits no longer than that: then the test fails, and goes on. Nor when its task is cancelled, which whoever cancels it
  /// tells.
  ///
  /// - Returns: nil: it has not come.
  package func value(within limit: Duration) async -> Value? {
    let waiter = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    let value = await withTaskCancellationHandler {
      await kept(waiter, within: limit)
    } onCancel: {
      giveUp(waiter)
    }
    if value == nil, !Task.isCancelled { Issue.record("waited \(limit) in vain for \(what)") }
    return value
  }

  private func kept(_ waiter: Int, within limit: Duration) async -> Value? {
    if case .kept(let value) = state.withLock({ $0.promise }) { return value }
    let alarm = Task {
      try await Task.sleep(for: limit)
      giveUp(waiter)
    }
    defer { alarm.cancel() }
    return await withCheckedContinuation { continuation in
      let isOver = state.withLock { state -> Value?? in
        switch state.promise {
        case .kept(let value): return .some(value)
        case .waiting(let continuations):
          if Task.isCancelled { return .some(nil) }
          state.promise = .waiting(continuations.merging([waiter: continuation]) { $1 })
          return nil
        }
      }
      if let isOver { continuation.resume(returning: isOver) }
    }
  }

  private func giveUp(_ waiter: Int) {
    let continuation = state.withLock { state -> CheckedContinuation<Value?, Never>? in
      guard case .waiting(var continuations) = state.promise else { return nil }
      defer { state.promise = .waiting(continuations) }
      return continuations.removeValue(forKey: waiter)
    }
    continuation?.resume(returning: nil)
  }
}
