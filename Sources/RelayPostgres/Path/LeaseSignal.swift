import RelayCore
import RelayThreads

/// Wakes the store's thread when attempts may start, or no longer: what it tells of its condition is another thing then. And where nodes
/// share the store, when it is to look at what others do. Passes on all that becomes of the node to who tells people.
final class LeaseSignal: NodeObserver {
  /// What the store's thread is to look at.
  struct Asked: Equatable {
    /// What others have stored, and lanes that concern this node.
    var news = false
    /// All lanes, and who has what configured.
    var lanes = false
  }

  /// What the lanes answer to what people have asked of them at other nodes.
  enum Reply: Equatable {
    /// Nothing of the request's destination is claimed but what is in flight.
    case quiet(request: Int64)
    /// The destination's `Retry-After` has ended.
    case endedRetryAfter(request: Int64, until: Timestamp?)
  }

  /// Runs something on the store's thread, after all that was asked of the store before.
  typealias Afterwards = @Sendable (_ body: @escaping @Sendable () -> Void) -> Void

  private struct State {
    var asked = Asked()
    var afterwards: Afterwards?
    var replies: [Reply] = []
    var host: (any LaneHost)?
    var replayHost: (any ReplayHost)?
    var tokenHost: (any TokenHost)?
  }

  private let isShared: Bool
  private let wake: @Sendable () -> Void
  private let observer: (any NodeObserver)?
  private let state = Locked(State())
  private let hasAnswered = Monitor(false)

  init(
    isShared: Bool = false, wake: @escaping @Sendable () -> Void, observer: (any NodeObserver)? = nil
  ) {
    self.isShared = isShared
    self.wake = wake
    self.observer = observer
  }

  func nodeChanged(_ event: NodeEvent) {
    observer?.nodeChanged(event)
    switch event {
    case .mayStart, .unreachable, .leaseLost, .slotLost:
      hasAnswered.update { $0 = true }
      wake()
    case .heard: ask(Asked(news: true))
    case .timeToLook, .nodesChanged: ask(Asked(news: true, lanes: true))
    case .leaseHeld, .reachable, .sessionsEnded, .notEnded, .clockOff, .clockRight: break
    }
  }

  private func ask(_ asked: Asked) {
    guard isShared else { return }
    let isNew = state.withLock { state in
      let before = state.asked
      state.asked.news = before.news || asked.news
      state.asked.lanes = before.lanes || asked.lanes
      return state.asked != before
    }
    if isNew { wake() }
  }

  /// Each wish is given once.
  func takeAsked() -> Asked {
    state.withLock { state in
      defer { state.asked = Asked() }
      return state.asked
    }
  }

  /// The store is open.
  func attach(_ afterwards: @escaping Afterwards) { state.withLock { $0.afterwards = afterwards } }

  /// From any thread. What the lanes have given back before is back by the time that it is heard.
  func reply(_ reply: Reply) {
    guard let afterwards = state.withLock({ $0.afterwards }) else { return }
    afterwards { [self] in state.withLock { $0.replies.append(reply) } }
  }

  /// Each is given once: on the store's thread.
  func takeReplies() -> [Reply] {
    state.withLock { state in
      defer { state.replies = [] }
      return state.replies
    }
  }

  /// Who has the lanes; nil: nobody yet.
  var host: (any LaneHost)? { state.withLock { $0.host } }

  func serve(_ host: any LaneHost) {
    state.withLock { $0.host = host }
    ask(Asked(news: true, lanes: true))
  }

  /// Who walks along replays; nil: nobody yet.
  var replayHost: (any ReplayHost)? { state.withLock { $0.replayHost } }

  func walk(_ host: any ReplayHost) {
    state.withLock { $0.replayHost = host }
    ask(Asked(news: true, lanes: true))
  }

  /// Who knows learned tokens; nil: nobody yet.
  var tokenHost: (any TokenHost)? { state.withLock { $0.tokenHost } }

  func tell(_ host: any TokenHost) { state.withLock { $0.tokenHost = host } }

  /// Waits until the first heartbeat was confirmed, or has failed.
  func waitForAnswer(atMost time: Duration) {
    _ = hasAnswered.wait(timeout: time) { $0 ? true : nil }
  }
}
