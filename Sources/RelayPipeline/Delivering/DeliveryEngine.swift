import Logging
import RelayCore
import RelayThreads

/// The dispatcher's shell: brings it what happened, and carries out what it decides.
///
/// The dispatcher lives on the transport's thread. What happens elsewhere (a commit, a claim's answer, a person's
/// wish) is put into an inbox, in the store's order, and taken in the next turn.
package final class DeliveryEngine: TransportDriver, @unchecked Sendable {  // See the marks below.
  private let store: any DeliveryStore
  private let transport: any Transport
  let clock: any SteadyClock
  private let metrics: RelayMetrics
  /// Who is told, live, what attempts come to.
  package let feed: LiveFeed
  // For any thread.
  private let inbox = Locked(GatheringInbox<Dispatcher.Input>())
  private let drained = Monitor(false)
  private let questions = Locked(EngineQuestions())
  private let comparison = Locked(ClockComparison())
  private let mask = Locked(SecretMask([]))
  private let rewriter = Locked<AttachmentRewriter?>(nil)
  private let arrivals = Locked(ArrivalSamples())
  // For the transport's thread alone.
  private var dispatcher: Dispatcher
  private var log: DeliveryLog
  private var isDraining = false
  /// The store holds outcomes, as it has told.
  private var storeHolds = false
  /// The store said, when it was last asked, that no attempt may start.
  private var lacksLease = false
  /// What the dispatcher knows of both.
  private var toldHolds = false
  /// How far the wall clock is ahead, as the dispatcher was told, in microseconds.
  private var toldAhead: Int64 = 0
  /// What came of each destination's attempts lately.
  private var histories: [String: AttemptRecords] = [:]
  /// The destination whose attempt ended last: most that end together are of one.
  private var lastRecords: AttemptRecords?
  /// When to look again how many deliveries have come.
  private var nextSample = Timestamp.epoch

  /// How often the store is asked again whether an attempt may start.
  private static let leaseLook = Duration.milliseconds(100)

  package init(
    store: any DeliveryStore, transport: any Transport, clock: any SteadyClock, logger: Logger,
    metrics: RelayMetrics,
    feed: LiveFeed? = nil,
    randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) {
    self.feed = feed ?? LiveFeed(clock: clock)
    self.store = store
    self.transport = transport
    self.clock = clock
    self.metrics = metrics
    dispatcher = Dispatcher(randomness: randomness)
    log = DeliveryLog(logger: logger)
  }

  /// Begins to deliver what is pending, and what arrives.
  ///
  /// - Parameter stored: What the store knows of the destinations: pauses, and how long they were suspended.
  package func start(_ destinations: [Destination], stored: [StoredDestination]) {
    // Before what a person has already asked for: that is newer.
    inbox.withLock { $0.putFirst([.restored(stored), .configure(destinations)]) }
    transport.start(driver: self)
    transport.wake()
  }

  // MARK: From any thread

  /// Takes these secrets out of the answers that are kept from now on, and shown to people.
  func hideInAnswers(_ secrets: [Secret]) {
    let mask = SecretMask(secrets)
    self.mask.withLock { $0 = mask }
  }

  /// Puts links of the relay into what is sent from now on, where destinations want that; nil: nowhere.
  func rewriteLinks(with rewriter: AttachmentRewriter?) {
    self.rewriter.withLock { $0 = rewriter }
  }

  /// The destinations that there are from now on.
  package func configure(_ destinations: [Destination]) {
    post(.configure(destinations))
  }

  /// Fresh deliveries, just committed.
  package func arrived(_ deliveries: [Delivery]) {
    if !deliveries.isEmpty { post(.arrived(deliveries)) }
  }

  /// Deliveries of an envelope whose sender had to be told that nobody knows whether it is stored.
  func arrivedLate(_ deliveries: [Delivery]) {
    if feed.isWatched { feed.tell(.late(deliveries)) }
    arrived(deliveries)
  }

  /// A replay has queued deliveries for these destinations.
  package func replayQueued(to destinations: [String]) {
    if !destinations.isEmpty { post(.replayQueued(destinations)) }
  }

  /// - Parameter until: nil: no longer.
  package func pause(_ destination: String, until: Timestamp?) {
    post(.pause(destination, until: until))
  }

  /// Ends what a destination asked for with `Retry-After`, and lets it begin anew: a probe at once, on a new connection.
  package func endRetryAfter(of destination: String) {
    post(.endRetryAfter(destination))
  }

  /// Further attempts to these destinations begin on new connections.
  package func freshConnections(to destinations: [String]) {
    post(.freshConnections(destinations))
  }

  /// While the store can't record outcomes, no attempts start.
  package func storeHolds(_ isHolding: Bool) {
    post(.storeHolds(isHolding))
  }

  /// Returns when these destinations' lanes keep nothing but what is in flight; they start nothing until `resume`.
  package func hold(_ destinations: [String]) async {
    await withCheckedContinuation { continuation in hold(destinations) { continuation.resume() } }
  }

  /// - Parameter areHeld: Called when `hold` would return.
  func hold(_ destinations: [String], areHeld: @escaping @Sendable () -> Void) {
    let token = questions.withLock { $0.hold(areHeld) }
    guard let token else { return areHeld() }
    post(.hold(destinations, token: token))
  }

  /// - Parameter areRetried: A person has retried deliveries of them.
  package func resume(_ destinations: [String], areRetried: Bool = false) {
    post(.resume(destinations, areRetried: areRetried))
  }

  /// How the lanes are; empty once the engine has stopped.
  package func snapshot() async -> [LaneStatus] {
    await withCheckedContinuation { continuation in
      ask { continuation.resume(returning: $0) }
    }
  }

  /// How far the relay's wall clock is ahead of its destinations'; nil: none has told the time.
  package var clockOffset: Duration? { comparison.withLock { $0.offset } }

  /// Answers from the transport's thread, once it has come to it: a sign of life.
  package func ping(_ answer: @escaping @Sendable () -> Void) {
    ask { _ in answer() }
  }

  private func ask(_ answer: @escaping @Sendable ([LaneStatus]) -> Void) {
    if questions.withLock({ $0.ask(answer) }) { transport.wake() } else { answer([]) }
  }

  /// From now on no more attempts start.
  package func drain() {
    post(.drain)
  }

  /// Starts no more attempts, lets those in flight end, and ends the transport. Blocks for at most `limit`; what
  /// is still in flight then is abandoned and tried again by the next start.
  package func stop(within limit: Duration) {
    drain()
    _ = drained.wait(timeout: limit) { $0 ? true : nil }
    transport.stop()
    let unanswered = questions.withLock { $0.stop() }
    for answer in unanswered { answer() }
  }

  /// What is posted from here on is taken in one turn, after `endGathering`.
  package func beginGathering() {
    inbox.withLock { $0.beginGathering() }
  }

  package func endGathering() {
    if inbox.withLock({ $0.endGathering() }) { transport.wake() }
  }

  func post(_ input: Dispatcher.Input) {
    if inbox.withLock({ $0.add(input) }) { transport.wake() }
  }

  // MARK: The transport's thread

  package func turn(finished: [FinishedAttempt]) -> TransportTurn {
    let reading = clock.reading()
    let now = reading.steady
    let step = reading.microsecondsAhead - toldAhead
    if abs(step) >= SteadyTime.toleranceMicroseconds {
      comparison.withLock { $0.stepped(by: .microseconds(step)) }
      tell(reading)
    }
    for var attempt in finished {
      if !attempt.result.isSuccess {
        if let token = attempt.accessToken {
          attempt.result = SecretMask.hiding(Array(token.reveal.utf8), in: attempt.result)
        }
        let mask = mask.withLock { $0 }
        attempt.result.response = mask.masked(attempt.result.response)
        attempt.result.evidence = attempt.result.evidence.map { mask.masked($0) }
      }
      if let offset = attempt.result.clockOffset { compare(offset, attempt.destination) }
      dispatcher.handle(.finished(attempt), now: now)
    }
    let inputs = inbox.withLock { $0.takeAll() }
    for input in inputs {
      switch input {
      case .drain: isDraining = true
      // Their ends are times of the wall clock: to be exact.
      case .pause, .restored: tell(reading)
      case .configure(let destinations): keep(only: destinations)
      case .arrived, .promoted, .claimed, .finished, .settled, .replayQueued, .storedByOthers, .changedHands,
        .hold,
        .resume, .wallClock, .endRetryAfter, .freshConnections:
        break
      case .storeHolds(let isHolding):
        storeHolds = isHolding
        continue
      }
      dispatcher.handle(input, now: now)
    }
    if !finished.isEmpty && now >= nextSample { sampleArrivals(at: now) }
    holdStarts(at: now)
    let turn = perform(dispatcher.takeActions(now: now), reading)
    if isDraining && dispatcher.isIdle { drained.update { $0 = true } }
    answerQuestions(now: now)
    return turn
  }

  /// Asks the store in each turn, and as the last thing before attempts start: a process that stood still for a while goes on with this,
  /// before anything else could tell it so. Also where that was within the turn: so the clock is read again.
  private func holdStarts(at now: Timestamp) {
    lacksLease = !store.mayStart(at: clock.now())
    let holds = storeHolds || lacksLease
    guard holds != toldHolds else { return }
    toldHolds = holds
    dispatcher.handle(.storeHolds(holds), now: now)
  }

  private func tell(_ reading: ClockReading) {
    toldAhead = reading.microsecondsAhead
    dispatcher.handle(.wallClock(offset: reading.offset), now: reading.steady)
  }

  private func records(of destination: String) -> AttemptRecords {
    if let lastRecords, lastRecords.destination == destination { return lastRecords }
    let found =
      histories[destination]
      ?? AttemptRecords(
        destination, metrics.destination(destination), dispatcher.ordering(of: destination) ?? .none)
    histories[destination] = found
    lastRecords = found
    return found
  }

  /// What is no longer configured is forgotten.
  private func keep(only destinations: [Destination]) {
    let names = Set(destinations.map(\.name))
    comparison.withLock { $0.keep(only: names) }
    histories = histories.filter { names.contains($0.key) }
    for destination in destinations { histories[destination.name]?.ordering = destination.ordering }
    lastRecords = nil
  }

  private func sampleArrivals(at now: Timestamp) {
    nextSample = now.advanced(by: ArrivalSamples.interval)
    store.destinations { [weak self] result in
      if let destinations = try? result.get() { self?.arrivals.withLock { $0.add(destinations, at: now) } }
    }
  }

  private func compare(_ offset: Duration, _ destination: String) {
    if let change = comparison.withLock({ $0.compare(offset, of: destination) }) { log.clock(change) }
  }

  private func answerQuestions(now: Timestamp) {
    let answers = questions.withLock { $0.takeAsked() }
    guard !answers.isEmpty else { return }
    var lanes = dispatcher.snapshot(now: now)
    let arrivals = arrivals.withLock { $0 }
    for index in lanes.indices {
      if let records = histories[lanes[index].name] { lanes[index].attempts = records.history }
      lanes[index].arriving = arrivals.rate(of: lanes[index].name)
    }
    for answer in answers { answer(lanes) }
  }

  private func perform(_ actions: [Dispatcher.Action], _ reading: ClockReading) -> TransportTurn {
    let now = reading.steady
    var turn = TransportTurn()
    var outcomes = TurnOutcomes(isWatched: feed.isWatched)
    // What replays have queued is recorded when others leave room for it: nobody else is to wait with it.
    var replayed = TurnOutcomes(isWatched: feed.isWatched)
    for action in actions {
      switch action {
      case .attempt(let delivery):
        let request = dispatcher.request(to: delivery.destination) {
          RequestBuilder.request(
            for: delivery, to: $0, at: reading, contents: contents(for: $0, at: reading.wall))
        }
        if let request { turn.requests.append(request) }
      case .batch(let deliveries):
        let request = dispatcher.request(to: deliveries[0].destination) {
          RequestBuilder.request(
            for: deliveries, to: $0, at: reading, contents: contents(for: $0, at: reading.wall))
        }
        if let request { turn.requests.append(request) }
      case .settle(let settlement, let delivery, let isProbe):
        let records = records(of: delivery.destination)
        records.metrics.attempt(settlement.attempt, events: settlement.attempt.events)
        records.add(settlement.attempt, type: delivery.event.type, at: now)
        let masked = settlement.hidingToken(of: delivery)
        log.attempt(masked, of: delivery, isProbe: isProbe, at: reading)
        add(masked, of: delivery, records, live: &outcomes, replayed: &replayed, at: now)
      case .settleCompanion(let settlement, let delivery):
        let masked = settlement.hidingToken(of: delivery)
        // Of what failed together one line is enough; each dead letter has its own.
        if case .dead = masked.outcome { log.attempt(masked, of: delivery, isProbe: false, at: reading) }
        add(
          masked, of: delivery, records(of: delivery.destination), live: &outcomes, replayed: &replayed,
          at: now)
      case .claim(let request):
        store.claim(request) { [weak self] claim in self?.post(.claimed(claim)) }
      case .release(let deliveries):
        store.release(deliveries)
      case .changeDestinations(let changed, let removed):
        turn.destinations += changed
        turn.removedDestinations += removed
      case .freshConnections(let destinations): turn.freshConnections += destinations
      case .held(let token):
        questions.withLock({ $0.takeHold(token) })?()
      case .keepSuspendedTime(let suspended, let destination):
        store.setSuspended(suspended, of: destination)
      case .circuitChanged(let destination, let change):
        log.circuit(change, of: destination)
      }
    }
    if !outcomes.settlements.isEmpty { settle(outcomes) }
    if !replayed.settlements.isEmpty { settle(replayed) }
    turn.deadline = dispatcher.nextDeadline()
    if lacksLease && !isDraining {
      let look = now.advanced(by: Self.leaseLook)
      turn.deadline = min(turn.deadline ?? look, look)
    }
    return turn
  }

  private func add(
    _ settlement: Settlement, of delivery: Delivery, _ records: AttemptRecords, live: inout TurnOutcomes,
    replayed: inout TurnOutcomes, at now: Timestamp
  ) {
    // The next of its order key waits for it.
    let isUrgent = records.ordering != .none
    switch delivery.queue {
    case .live: live.add(settlement, of: delivery, records.metrics, isUrgent: isUrgent, at: now)
    case .replay: replayed.add(settlement, of: delivery, records.metrics, isUrgent: isUrgent, at: now)
    }
  }

  /// What the destination gets as an event's object.
  private func contents(for destination: Destination, at now: Timestamp) -> (Event) -> [UInt8] {
    guard destination.attachments == .rewrite, let rewriter = rewriter.withLock({ $0 }) else {
      return { $0.body }
    }
    return { rewriter.content(of: $0, at: now) }
  }

  private func settle(_ outcomes: TurnOutcomes) {
    store.settle(outcomes.settlements, isUrgent: outcomes.isUrgent) { [weak self] promoted in
      for one in outcomes.ended { one.metrics.settled(one.state, latency: one.latency) }
      guard let self else { return }
      if !outcomes.watched.isEmpty { feed.tell(.settled(outcomes.watched)) }
      post(.settled(outcomes.settled))
      if !promoted.isEmpty { post(.promoted(promoted)) }
    }
  }
}

extension Settlement {
  /// Without the sender's token, which the answer may repeat.
  fileprivate func hidingToken(of delivery: Delivery) -> Settlement {
    guard !attempt.isSuccess, let token = delivery.event.envelope.token else { return self }
    var masked = self
    masked.attempt = SecretMask.hiding(token, in: attempt)
    return masked
  }
}
