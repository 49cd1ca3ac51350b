import Logging
import RelayCore
import RelayThreads

/// The dispatcher's shell: brings it what happened, and carries out what it decides.
///
/// The dispatcher lives on the transport's thread. What happens elsewhere (a commit, a claim's answer) is put
/// into an inbox, in the store's order, and taken in the next turn.
public final class DeliveryEngine: TransportDriver, @unchecked Sendable {  // See the marks below.
  private let store: any DeliveryStore
  private let transport: any Transport
  private let clock: any WallClock
  // For any thread.
  private let inbox = Locked<[Dispatcher.Input]>([])
  private let drained = Monitor(false)
  private let pings = Locked(Pings())

  private struct Pings: Sendable {
    var waiting: [@Sendable () -> Void] = []
    var isStopped = false
  }
  // For the transport's thread alone.
  private var dispatcher: Dispatcher
  private var attemptLog: AttemptLog
  private var isDraining = false

  public init(
    store: any DeliveryStore, transport: any Transport, clock: any WallClock, logger: Logger,
    randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) {
    self.store = store
    self.transport = transport
    self.clock = clock
    dispatcher = Dispatcher(randomness: randomness)
    attemptLog = AttemptLog(logger: logger)
  }

  /// Begins to deliver what is pending, and what arrives.
  public func start(_ destinations: [Destination]) {
    inbox.withLock { $0.append(.configure(destinations)) }
    transport.start(driver: self)
    transport.wake()
  }

  /// Fresh deliveries, just committed. From any thread.
  public func arrived(_ deliveries: [Delivery]) {
    if !deliveries.isEmpty { post(.arrived(deliveries)) }
  }

  /// Starts no more attempts, lets those in flight end, and ends the transport. Blocks for at most `limit`; what
  /// is still in flight then is abandoned and tried again by the next start.
  public func stop(within limit: Duration) {
    drain()
    _ = drained.wait(timeout: limit) { $0 ? true : nil }
    transport.stop()
    let unanswered = pings.withLock { pings in
      pings.isStopped = true
      defer { pings.waiting = [] }
      return pings.waiting
    }
    for answer in unanswered { answer() }
  }

  /// From now on no more attempts start.
  public func drain() {
    post(.drain)
  }

  /// Answers from the transport's thread, once it has come to it: a sign of life.
  public func ping(_ answer: @escaping @Sendable () -> Void) {
    let isStopped = pings.withLock { pings in
      if !pings.isStopped { pings.waiting.append(answer) }
      return pings.isStopped
    }
    if isStopped { answer() } else { transport.wake() }
  }

  private func post(_ input: Dispatcher.Input) {
    let wasEmpty = inbox.withLock { inbox in
      inbox.append(input)
      return inbox.count == 1
    }
    if wasEmpty { transport.wake() }
  }

  // MARK: The transport's thread

  public func turn(finished: [FinishedAttempt]) -> TransportTurn {
    let now = clock.now()
    for attempt in finished { dispatcher.handle(.finished(attempt), now: now) }
    let inputs = inbox.withLock { inbox in
      defer { inbox = [] }
      return inbox
    }
    for input in inputs {
      if case .drain = input { isDraining = true }
      dispatcher.handle(input, now: now)
    }
    let turn = perform(dispatcher.takeActions(now: now), now: now)
    if isDraining && dispatcher.isIdle { drained.update { $0 = true } }
    let answers = pings.withLock { pings in
      defer { pings.waiting = [] }
      return pings.waiting
    }
    for answer in answers { answer() }
    return turn
  }

  private func perform(_ actions: [Dispatcher.Action], now: Timestamp) -> TransportTurn {
    var turn = TransportTurn()
    var settlements: [Settlement] = []
    var settled: [Dispatcher.Settled] = []
    for action in actions {
      switch action {
      case .attempt(let delivery):
        guard let lane = dispatcher.lanes[delivery.destination] else { continue }
        turn.requests.append(RequestBuilder.request(for: delivery, to: lane.destination, at: now))
      case .settle(let settlement, let destination):
        attemptLog.note(settlement, destination: destination, at: now)
        settlements.append(settlement)
        settled.append(Dispatcher.Settled(destination: destination, outcome: settlement.outcome))
      case .claim(let request):
        store.claim(request) { [weak self] claim in self?.post(.claimed(claim)) }
      case .release(let deliveries):
        store.release(deliveries)
      case .changeEndpoints(let changed, let removed):
        turn.endpoints += changed
        turn.removedEndpoints += removed
      }
    }
    if !settlements.isEmpty {
      store.settle(settlements) { [weak self, settled] in self?.post(.settled(settled)) }
    }
    turn.deadline = dispatcher.nextDeadline()
    return turn
  }
}
