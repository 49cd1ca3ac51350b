import RelayCore
import RelayThreads

/// How long somebody who asks waits for a store that may hang. The time is injected: tests have their own.
package struct Patience: Sendable {
  /// Ends after that time, or when its task is cancelled.
  package typealias Sleep = @Sendable (Duration) async -> Void

  let limit: Duration
  private let sleep: Sleep

  package init(
    _ limit: Duration = .seconds(2), sleep: @escaping Sleep = { try? await Task.sleep(for: $0) }
  ) {
    self.limit = limit
    self.sleep = sleep
  }

  /// What `body` comes to, if it comes to it in time; it goes on all the same.
  ///
  /// - Throws: What it throws, or `hanging`.
  func wait<Value: Sendable>(
    _ body: @escaping @Sendable () async throws(StoreError) -> Value
  ) async throws(StoreError) -> Value {
    let answer = FirstAnswer<Result<Value, StoreError>>()
    return try await withCheckedContinuation { continuation in
      answer.wait(continuation)
      let timer = Task {
        await sleep(limit)
        answer.give(.failure(Self.hanging))
      }
      Task {
        answer.give(await Self.result(body))
        timer.cancel()
      }
    }.get()
  }

  private static func result<Value>(
    _ body: () async throws(StoreError) -> Value
  ) async -> Result<Value, StoreError> {
    do throws(StoreError) {
      return .success(try await body())
    } catch {
      return .failure(error)
    }
  }

  static let hanging = StoreError(
    code: .hanging,
    message:
      "the store does not answer in time: it may yet be done; look at its disk, or its server, and try again")
}

/// The first of several answers; the others are for nobody.
private final class FirstAnswer<Value: Sendable>: Sendable {
  private let waiting = Locked<CheckedContinuation<Value, Never>?>(nil)

  func wait(_ continuation: CheckedContinuation<Value, Never>) { waiting.withLock { $0 = continuation } }

  func give(_ value: Value) {
    let continuation = waiting.withLock { waiting in
      defer { waiting = nil }
      return waiting
    }
    continuation?.resume(returning: value)
  }
}

/// What was asked of a thread that answers one question after another, and that may hang: it is asked no more while it is
/// silent, or each question would wait in its memory.
final class AwaitedAnswers: Sendable {
  private struct State: Sendable {
    var count = 0
    /// Since the last answer, or since the first question after it; nil: nothing is asked.
    var silentSince: ContinuousClock.Instant?
  }

  private let state = Locked(State())

  func asked() {
    state.withLock { state in
      state.count += 1
      state.silentSince = state.silentSince ?? .now
    }
  }

  /// In time or not.
  func answered() {
    state.withLock { state in
      state.count -= 1
      state.silentSince = state.count > 0 ? .now : nil
    }
  }

  /// Whether something was asked, and no answer has come for so long.
  func areSilent(for time: Duration) -> Bool {
    state.withLock { $0.silentSince }.map { $0.duration(to: .now) >= time } ?? false
  }
}
