import RelayCore
import RelayThreads

/// Records when senders were turned away, or found nobody: counted in memory, and written into the store a few times a minute at
/// most, however many are refused. What the store can't take stays in memory until it can.
package final class GapRecorder: Sendable {
  /// Runs something after a while, on any thread.
  package typealias Delay = @Sendable (Duration, @escaping @Sendable () -> Void) -> Void

  /// How long after a refusal it is written, so that those that follow come along.
  static let writingDelay = Duration.seconds(2)
  /// How long after a write that failed it is tried again.
  static let retryDelay = Duration.seconds(10)

  private struct State: Sendable {
    var spans = GapSpans()
    /// A write is under way, or will be.
    var isWriting = false

    /// - Returns: Whether whoever calls is to write.
    mutating func beginWriting() -> Bool {
      defer { isWriting = true }
      return !isWriting
    }
  }

  private let store: any DeliveryStore
  private let clock: any SteadyClock
  private let delay: Delay
  private let state = Locked(State())

  package init(store: any DeliveryStore, clock: any SteadyClock, delay: @escaping Delay = GapRecorder.sleep) {
    self.store = store
    self.clock = clock
    self.delay = delay
  }

  package static let sleep: Delay = { duration, body in
    Task {
      try? await Task.sleep(for: duration)
      body()
    }
  }

  /// An envelope was refused, or what may have been one.
  func refused(_ reason: RefusalReason, source: String?) {
    guard let kind = reason.gap else { return }
    let now = clock.now()
    let begins = state.withLock { state in
      state.spans.refused(kind, source: source, reason: reason.rawValue, at: now)
      return state.beginWriting()
    }
    if begins { writeLater(Self.writingDelay) }
  }

  /// The relay has started: it was down before that.
  func started() {
    guard let gap = store.downTime else { return }
    state.withLock { $0.spans.add(gap) }
    flush()
  }

  /// It stops: from now on nothing is received, unless other relays do for the same store. Its end is told by the next start.
  func stopping() {
    guard !store.isSharedNow else { return flush() }
    let now = clock.now()
    state.withLock { state in
      state.spans.add(
        Gap(kind: .down, source: nil, began: now, ended: now, count: 0, reason: Gap.stopped))
    }
    flush()
  }

  /// Writes what is not written yet.
  private func flush() {
    if state.withLock({ $0.beginWriting() }) { write() } else { writeNow() }
  }

  /// What the store may not have yet, by the steady clock.
  var unwritten: [Gap] { state.withLock { $0.spans.unwritten } }

  private func writeLater(_ duration: Duration) {
    delay(duration) { [weak self] in self?.write() }
  }

  private func write() {
    writeNow { [weak self] isKept in
      guard let self else { return }
      let goesOn = state.withLock { state in
        state.isWriting = state.spans.hasUnwritten
        return state.isWriting
      }
      if goesOn { writeLater(isKept ? Self.writingDelay : Self.retryDelay) }
    }
  }

  private func writeNow(then: @escaping @Sendable (_ isKept: Bool) -> Void = { _ in }) {
    let gaps = unwritten
    guard !gaps.isEmpty else { return then(true) }
    store.keep(gaps) { [weak self] result in
      guard let self else { return }
      guard case .success = result else { return then(false) }
      state.withLock { $0.spans.wrote(gaps) }
      then(true)
    }
  }
}

extension RefusalReason {
  /// What was refused so may be lost, though the sender did nothing wrong, or its token is the matter; nil: it is for the sender to
  /// mend.
  fileprivate var gap: Gap.Kind? {
    switch self {
    case .tooManyBytes, .tooManyConnections, .unavailable: .unavailable
    case .invalidToken, .missingToken: .unauthorized
    case .badRequest, .expectationFailed, .forbiddenAddress, .headersTooLarge, .invalidEncoding,
      .invalidEnvelope, .invalidJSON, .methodNotAllowed, .notFound, .rateLimited, .timeout, .tlsFailed,
      .tooLarge, .tooManyConnectionsOfPeer, .unsupportedMediaType:
      nil
    }
  }
}
