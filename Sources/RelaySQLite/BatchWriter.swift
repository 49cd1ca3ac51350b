import RelayCore

/// Puts all that is waiting into one transaction: the group commit. Confined to the store's thread.
struct BatchWriter {
  typealias SettleCall = (settlements: [Settlement], completion: ([Delivery]) -> Void)

  let session: StoreSession
  let keeper: StoreKeeper
  let clock: any SteadyClock
  let observer: (any StoreObserver)?

  var configurations: [(value: StoreConfiguration, completion: (Result<Void, StoreError>) -> Void)] = []
  var appends: [AppendCall] = []
  var pauses: [(destination: String, until: Timestamp?, completion: (Result<Void, StoreError>) -> Void)] = []
  /// Outcomes of attempts are never dropped: those that can't be committed stay here.
  var settlements: [SettleCall] = []
  /// Nor is this, by the destination's name.
  var suspensions: [String: SuspendedTime] = [:]
  /// Why the last envelopes or outcomes could not be committed; nil: they could, or a write since then has shown that it
  /// goes again.
  private(set) var failure: StoreError?

  init(
    session: StoreSession, keeper: StoreKeeper, clock: any SteadyClock, observer: (any StoreObserver)? = nil
  ) {
    self.session = session
    self.keeper = keeper
    self.clock = clock
    self.observer = observer
  }

  var hasHeldSettlements: Bool { !settlements.isEmpty }
  /// It is to be tried again, also if nothing comes.
  var mustTryAgain: Bool { !settlements.isEmpty || !suspensions.isEmpty || failure != nil }

  /// The last thing that is written: the next run goes on from there.
  func keepClock() {
    try? session.transaction { () throws(StoreError) in try session.clock.write(clock, isLast: true) }
  }

  private var canBeRefused: Bool { !(configurations.isEmpty && appends.isEmpty && pauses.isEmpty) }

  /// Commits, then answers. If everything together can't be committed, what is new is refused, and the settlements
  /// are tried alone.
  ///
  /// - Returns: Whether there was anything to do.
  @discardableResult
  mutating func write() -> Bool {
    guard canBeRefused || mustTryAgain else { return false }
    do throws(StoreError) {
      try commitAll()
      failure = nil
    } catch {
      keeper.commitFailed(error)
      let wasAlone = !canBeRefused
      let heldEnvelopes = !appends.isEmpty
      refuse(error)
      if !wasAlone || session.connection.lastErrorWasOfWriting { try? commitSettlements() }
      if heldEnvelopes || hasHeldSettlements { failure = error }
    }
    return true
  }

  /// Answers what is held for ever now: the store closes. Those deliveries stay pending on disk.
  mutating func abandon() {
    for settled in settlements { settled.completion([]) }
    settlements.removeAll()
  }

  // MARK: The transactions

  private mutating func commitAll() throws(StoreError) {
    let refusal = appends.isEmpty ? nil : keeper.refusal()
    var outcomes: [Result<AppendOutcome, StoreError>] = []
    outcomes.reserveCapacity(appends.count)
    var unknown: Set<String> = []
    let promoted = try transaction(of: refusal == nil ? appends.count : 0) { () throws(StoreError) in
      for configuration in configurations { try session.register(configuration.value.names) }
      for pause in pauses where !session.change(pause.destination, { $0.pausedUntil = pause.until }) {
        unknown.insert(pause.destination)
      }
      // Before what arrives: it may be its turn then, and it may find more room.
      let promoted = try settleAll()
      let now = clock.now()
      for append in appends {
        if let refusal = refusal ?? session.refusal(of: append.envelope) {
          outcomes.append(.failure(refusal))
        } else {
          outcomes.append(.success(try session.append(append.envelope, now: now, history: { clock.history })))
        }
      }
      try session.shortenTail()
      // What there is to do may write nothing; and only what has been written shows that it goes again.
      if failure != nil { try session.probe() }
      return promoted
    }
    for configuration in configurations { apply(configuration.value) }
    let events = refusal == nil ? appends.reduce(0) { $0 + $1.envelope.events.count } : 0
    let settled = takeSettlements()
    answer {
      for (call, turns) in zip(settled, promoted) { call.completion(turns) }
      for configuration in configurations { configuration.completion(.success(())) }
      for pause in pauses {
        let isUnknown = unknown.contains(pause.destination)
        pause.completion(isUnknown ? .failure(.unknown(destination: pause.destination)) : .success(()))
      }
      answerAppends(outcomes)
    }
    forgetWhatIsNew()
    keeper.committed(appendedEvents: events)
  }

  private mutating func commitSettlements() throws(StoreError) {
    guard !(settlements.isEmpty && suspensions.isEmpty) else { return }
    let promoted = try transaction(of: 0) { () throws(StoreError) in try settleAll() }
    let settled = takeSettlements()
    answer { for (call, turns) in zip(settled, promoted) { call.completion(turns) } }
    keeper.committed(appendedEvents: 0)
  }

  /// Whose turn it has become, by the call that brought it about.
  private func settleAll() throws(StoreError) -> [[Delivery]] {
    for (destination, suspended) in suspensions {
      session.change(destination) { $0.suspended = suspended }
    }
    let now = clock.now()
    var promoted: [[Delivery]] = []
    promoted.reserveCapacity(settlements.count)
    for call in settlements {
      var turns: [Delivery] = []
      for settlement in call.settlements {
        if let next = try session.settle(settlement, settledAt: now) { turns.append(next) }
      }
      promoted.append(turns)
    }
    return promoted
  }

  /// - Parameter envelopes: How many are in it.
  private func transaction<Value>(
    of envelopes: Int, _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    let withClock = { () throws(StoreError) in
      try session.clock.write(clock)
      return try body()
    }
    guard let observer else { return try session.transaction(withClock) }
    let operations = settlements.reduce(envelopes) { $0 + $1.settlements.count }
    let start = ContinuousClock.now
    var overflows: [(destination: String, count: Int)] = []
    let value = try session.transaction(committed: { overflows = $0 }, withClock)
    observer.storeCommitted(operations: operations, duration: start.duration(to: .now))
    for (destination, count) in overflows {
      observer.storeOverflowed(destination: destination, count: count)
    }
    return value
  }

  private func apply(_ configuration: StoreConfiguration) {
    for destination in configuration.names.destinations {
      session.destinations.setMaxBacklog(
        configuration.maxBacklogBytes[destination] ?? configuration.maxBytes,
        of: session.names.id(of: destination, in: .destination)!)
    }
    keeper.configure(configuration)
  }

  // MARK: Answers

  private func answer(_ answers: () -> Void) {
    if let observer { observer.storeAnswers(answers) } else { answers() }
  }

  private func answerAppends(_ outcomes: [Result<AppendOutcome, StoreError>]) {
    var late: [Delivery] = []
    for (append, outcome) in zip(appends, outcomes) where !append.answer(outcome) {
      if case .success(let outcome) = outcome { late += outcome.claimed }
    }
    guard !late.isEmpty else { return }
    // Its sender was told that nobody knows; it is in the store all the same.
    if let observer { observer.storeStoredLate(late) } else { session.release(late.map(\.id)) }
  }

  private mutating func takeSettlements() -> [SettleCall] {
    suspensions.removeAll()
    defer { settlements.removeAll() }
    return settlements
  }

  private mutating func refuse(_ error: StoreError) {
    for configuration in configurations { configuration.completion(.failure(error)) }
    for pause in pauses { pause.completion(.failure(error)) }
    for append in appends { append.answer(.failure(error)) }
    forgetWhatIsNew()
  }

  private mutating func forgetWhatIsNew() {
    configurations.removeAll()
    pauses.removeAll()
    appends.removeAll(keepingCapacity: true)
  }
}

@available(*, unavailable)
extension BatchWriter: Sendable {}
