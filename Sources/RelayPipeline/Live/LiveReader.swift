import RelayCore
import RelayThreads

/// One reader's stream, piece by piece. Asked by one task, which sends each piece before it asks for the next.
package final class LiveReader: Sendable {
  private struct State {
    var machine: LiveReaderState
    var filter: LiveFilter
  }

  private let subscription: LiveSubscription
  private let feed: LiveFeed
  private let history: LiveHistory?
  private let state: Locked<State>
  private let isClosed = Locked(false)
  private let sleep = Locked<WakeUp?>(nil)

  init(_ subscription: LiveSubscription, of feed: LiveFeed, history: LiveHistory?) {
    self.subscription = subscription
    self.feed = feed
    self.history = history
    state = Locked(
      State(
        machine: LiveReaderState(subscription, limits: feed.limits, jitter: feed.jitter(), now: .now),
        filter: LiveFilter(subscription)))
  }

  deinit { close() }

  /// Gives up its place; whoever waits for a piece gets none. May be called again.
  package func close() {
    let isFirst = isClosed.withLock { isClosed in
      defer { isClosed = true }
      return !isClosed
    }
    guard isFirst else { return }
    feed.leave(subscription)
    sleep.withLock { $0 }?.call()
  }

  /// What is to be sent next; nil: that was all.
  package func next() async -> LivePiece? {
    while !isClosed.withLock({ $0 }) {
      let (step, end) = feed.look { view in (state.withLock { $0.machine.next(view) }, view.ring.end) }
      let piece: LivePiece
      switch step {
      case .send(let text): piece = .own(text)
      case .read(let segment, let range): piece = wanted(of: segment, range)
      case .recall(let request): piece = .own(await recall(request))
      case .end(let text):
        close()
        return text.isEmpty ? nil : .own(text)
      case .wait(let due):
        await wait(at: end, until: due)
        continue
      }
      guard !piece.isEmpty else { continue }
      state.withLock { $0.machine.sent(at: .now) }
      return piece
    }
    return nil
  }

  private func wait(at end: Int, until due: ContinuousClock.Instant) async {
    await withCheckedContinuation { continuation in
      let wakeUp = WakeUp(continuation)
      sleep.withLock { $0 = wakeUp }
      // It may have been closed just before.
      if isClosed.withLock({ $0 }) { wakeUp.call() } else { feed.wait(at: end, until: due) { wakeUp.call() } }
    }
  }

  private func wanted(of segment: LiveSegment, _ range: Range<Int>) -> LivePiece {
    guard let text = subscription.withBodies ? segment.withBodies : segment.plain else { return .own([]) }
    return state.withLock { state in
      if state.machine.takesAll { return segment.piece(range, withBodies: subscription.withBodies) }
      var piece: [UInt8] = []
      for index in range {
        let message = segment.messages[index]
        if state.filter.holds(message), !state.machine.wasSent(message) { piece += text[index..<index + 1] }
      }
      return .own(piece)
    }
  }

  private func recall(_ request: EventPageRequest) async -> [UInt8] {
    guard let page = try? await history?(request) else {
      return state.withLock { $0.machine.recallFailed() }
    }
    var piece: [UInt8] = []
    // The last event that the reader has had is in the store, too.
    let events = page.events.filter { $0.id != subscription.after?.event }
    for event in events { StreamText.appendRecalled(event, withBody: subscription.withBodies, to: &piece) }
    piece += state.withLock { $0.machine.recalled(events.map(\.id), next: page.next) }
    return piece
  }
}

/// Wakes a task once, however many call.
private final class WakeUp: Sendable {
  private let continuation: Locked<CheckedContinuation<Void, Never>?>

  init(_ continuation: CheckedContinuation<Void, Never>) {
    self.continuation = Locked(continuation)
  }

  func call() {
    let waiting = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    waiting?.resume()
  }
}
