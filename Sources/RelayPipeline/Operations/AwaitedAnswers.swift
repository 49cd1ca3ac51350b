import RelayThreads

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
