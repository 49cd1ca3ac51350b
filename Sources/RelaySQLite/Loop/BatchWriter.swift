import RelayCore
import RelayStoring

/// Puts all that is waiting into one transaction: the group commit. Confined to the store's thread.
struct BatchWriter {
  typealias Completion = (Result<Void, StoreError>) -> Void
  private typealias SettleCall = (settlements: [Settlement], completion: ([Delivery]) -> Void)

  let session: StoreSession
  let keeper: StoreKeeper
  private let clock: any SteadyClock
  private let observer: (any StoreObserver)?

  /// What is written before all else, and answered by itself.
  private enum Change {
    case configure(StoreConfiguration)
    case pause(String, until: Timestamp?)
    case beginAudit(AuditCall)
    case endAudit(AuditID, AuditOutcome)
    case amendAudit([AuditAmendment])
    case keepToken(LearnedToken?, of: String)
    case keep([Gap])

    /// Whether whoever asked for it is told that nobody knows whether it is kept.
    var mustBeSeen: Bool {
      switch self {
      case .configure, .keep: false
      case .pause, .beginAudit, .endAudit, .amendAudit, .keepToken: true
      }
    }
  }

  private var changes: [(change: Change, completion: Completion)] = []
  private var appends: [AppendCall] = []
  /// Outcomes of attempts are never dropped: those that can't be committed stay here.
  private var settlements: [SettleCall] = []
  /// The same of what replays have queued: they come after all others.
  private var replayedSettlements: [SettleCall] = []
  /// Nor is this, by the destination's name.
  private var suspensions: [String: SuspendedTime] = [:]
  private var replays = ReplayCalls()
  /// How much of what replays ask for a transaction has; nil: all.
  private var replaysLimit: Int?
  /// The same for one beside envelopes.
  private(set) var replayShare = ReplayShare()
  /// Why the last envelopes or outcomes could not be committed; nil: they could, or a write since then has shown that it goes again.
  private(set) var failure: StoreError?
  /// When the store's files were last seen to be there.
  private var confirmedAt: Timestamp?

  /// How long outcomes alone may be answered without a look: what is lost of them is attempted again.
  private static let confirmingInterval = Duration.seconds(1)

  init(
    session: StoreSession, keeper: StoreKeeper, clock: any SteadyClock, observer: (any StoreObserver)? = nil
  ) {
    self.session = session
    self.keeper = keeper
    self.clock = clock
    self.observer = observer
  }

  // MARK: What is to be written

  mutating func add(_ write: StoreOperation.Write) {
    switch write {
    case .configure(let value, let completion): configure(value, completion: completion)
    case .append(let call): append(call)
    case .settle(let settlements, _, let completion): settle(settlements, completion: completion)
    case .pause(let destination, let until, let completion):
      changes.append((.pause(destination, until: until), completion))
    case .setSuspended(let suspended, let destination): setSuspended(suspended, of: destination)
    case .beginAudit(let call): changes.append((.beginAudit(call), call.answer))
    case .endAudit(let id, let outcome, let completion): changes.append((.endAudit(id, outcome), completion))
    case .amendAudit(let amendments, let completion): changes.append((.amendAudit(amendments), completion))
    case .keepToken(let token, let source, let completion):
      changes.append((.keepToken(token, of: source), completion))
    case .replay(let call): replays.add(call)
    case .keep(let gaps, let completion): changes.append((.keep(gaps), completion))
    }
  }

  mutating func configure(_ configuration: StoreConfiguration, completion: @escaping Completion) {
    changes.append((.configure(configuration), completion))
  }

  mutating func append(_ call: AppendCall) { appends.append(call) }

  mutating func settle(_ settlements: [Settlement], completion: @escaping ([Delivery]) -> Void) {
    if settlements.first?.queue == .replay {
      replayedSettlements.append((settlements, completion))
    } else {
      self.settlements.append((settlements, completion))
    }
  }

  mutating func setSuspended(_ suspended: SuspendedTime, of destination: String) {
    suspensions[destination] = suspended
  }

  // MARK: Writing

  var hasHeldSettlements: Bool { !settlements.isEmpty || failure != nil && !replayedSettlements.isEmpty }
  /// How much of what replays ask for waits for the next commits.
  var replayedLeft: Int { replays.left + Self.count(replayedSettlements[...]) }
  /// It is to be tried again, also if nothing comes.
  var mustTryAgain: Bool {
    !settlements.isEmpty || !suspensions.isEmpty || failure != nil || replays.mayHaveRoom
  }

  /// Others than it have made room for what replays queue.
  mutating func roomMayHaveCome() { replays.roomMayHaveCome() }

  /// The last thing that is written: the next run goes on from there.
  func keepClock() {
    try? session.transactions.run { () throws(StoreError) in try session.clock.write(clock, isLast: true) }
  }

  /// A sign of life, where nothing else is written: the next run says since when this one was gone.
  func markLife(at now: Timestamp) {
    try? session.transactions.run { () throws(StoreError) in try session.clock.write(clock, at: now) }
  }

  private var canBeRefused: Bool { !(changes.isEmpty && appends.isEmpty && replays.isEmpty) }

  /// Commits, then answers. If everything together can't be committed, what is new is refused, and the settlements
  /// are tried alone.
  ///
  /// - Parameter replaysGiveWay: What replays ask for has a small share of it, and the rest waits.
  /// - Returns: How many envelopes it was for; nil: there was nothing to do.
  @discardableResult
  mutating func write(replaysGiveWay: Bool = false) -> Int? {
    guard canBeRefused || mustTryAgain || replayedLeft > 0 else { return nil }
    replaysLimit = replaysGiveWay ? replayShare.items : nil
    let envelopes = appends.count
    do throws(StoreError) {
      failure = try commitAll()
    } catch {
      keeper.commitFailed(error)
      let wasAlone = !canBeRefused
      refuse(error)
      if !wasAlone || session.connection.lastErrorWasOfWriting { try? commitSettlements(clock.now()) }
      if envelopes > 0 || !(settlements.isEmpty && replayedSettlements.isEmpty) { failure = error }
    }
    return envelopes
  }

  /// Answers what is held for ever now: the store closes. Those deliveries stay pending on disk.
  mutating func abandon() {
    for settled in settlements + replayedSettlements { settled.completion([]) }
    (settlements, replayedSettlements) = ([], [])
    replays.refuseAll(.closed)
  }

  // MARK: The transactions

  /// What came of a transaction, in the order of the calls.
  private struct Written {
    /// Whose turn it has become, by the call of the settlements.
    var promoted: [[Delivery]] = []
    var outcomes: [Result<AppendOutcome, StoreError>] = []
    /// Why it could not be made, for each change; nil: it was.
    var faults: [StoreError?] = []
    var replays = ReplayCalls.Written()
    /// What was spent on replays, and on how much of theirs.
    var replayedTime = Duration.zero
    var replayedItems = 0
  }

  /// - Returns: Why nobody knows whether that is kept: the store's files can't be seen.
  private mutating func commitAll() throws(StoreError) -> StoreError? {
    let now = clock.now()
    let refusal = appends.isEmpty ? nil : keeper.refusal(now)
    let start = ContinuousClock.now
    let written = try transaction(of: refusal == nil ? appends.count : 0, now) { () throws(StoreError) in
      try writeAll(refusal, now)
    }
    if replaysLimit != nil && !appends.isEmpty {
      replayShare.committed(
        in: start.duration(to: .now), replayed: written.replayedTime, items: written.replayedItems)
    }
    replays.written(written.replays)
    if !changes.isEmpty { replays.roomMayHaveCome() }
    let unseen = try confirm(now)
    for (change, _) in changes { takeEffect(change) }
    let events = refusal == nil ? appends.reduce(0) { $0 + $1.envelope.events.count } : 0
    let settled = takeSettlements()
    answer {
      for (call, turns) in zip(settled, written.promoted) { call.completion(turns) }
      for ((change, completion), fault) in zip(changes, written.faults) {
        let error = fault ?? (change.mustBeSeen ? unseen : nil)
        completion(error.map { .failure($0) } ?? .success(()))
      }
      answerAppends(written.outcomes, unseen)
      for answer in written.replays.answers { answer.give(unseen) }
    }
    forgetWhatIsNew()
    keeper.committed(appendedEvents: events, now)
    return unseen
  }

  /// Within the transaction.
  ///
  /// - Parameter refusal: Why no envelopes are taken; nil: they are.
  private func writeAll(_ refusal: StoreError?, _ now: Timestamp) throws(StoreError) -> Written {
    var written = Written()
    for (change, _) in changes { written.faults.append(try make(change)) }
    // Before what arrives: it may be its turn then, and it may find more room.
    written.promoted = try settleAll(now)
    let replayed = chosenReplayed
    if !replayed.isEmpty {
      let start = ContinuousClock.now
      written.promoted += try settle(replayed, now)
      written.replayedTime += start.duration(to: .now)
      written.replayedItems += Self.count(replayed)
    }
    written.outcomes.reserveCapacity(appends.count)
    for append in appends {
      if let refusal = refusal ?? session.appender.refusal(of: append.envelope) {
        written.outcomes.append(.failure(refusal))
      } else {
        let outcome = try session.appender.append(append.envelope, now: now, history: { clock.history })
        written.outcomes.append(.success(outcome))
      }
    }
    if replays.hasCalls {
      let start = ContinuousClock.now
      written.replays = try replays.write(
        session.replays, refusal: refusal ?? keeper.refusal(now), atMost: replaysLimit, now)
      written.replayedTime += start.duration(to: .now)
      written.replayedItems += written.replays.queued
    }
    try session.claims.shortenTail()
    // What there is to do may write nothing; and only what has been written shows that it goes again.
    if failure != nil { try session.probe() }
    return written
  }

  private mutating func commitSettlements(_ now: Timestamp) throws(StoreError) {
    guard !(settlements.isEmpty && replayedSettlements.isEmpty && suspensions.isEmpty) else { return }
    let promoted = try transaction(of: 0, now) { () throws(StoreError) in
      try settleAll(now) + settle(chosenReplayed, now)
    }
    let settled = takeSettlements()
    answer { for (call, turns) in zip(settled, promoted) { call.completion(turns) } }
    keeper.committed(appendedEvents: 0, now)
  }

  /// Whether the store's files are still there, where somebody is to be told that what was committed is kept: what is in
  /// no file that a restart would find must not be. Else now and then.
  private mutating func confirm(_ now: Timestamp) throws(StoreError) -> StoreError? {
    let isOld = confirmedAt.map { $0 > now || $0.duration(to: now) >= Self.confirmingInterval } ?? true
    guard canBeRefused || failure != nil || isOld else { return nil }
    let unseen = try session.confirm()
    confirmedAt = unseen == nil ? now : nil
    return unseen
  }

  /// Whose turn it has become, by the call that brought it about.
  private func settleAll(_ now: Timestamp) throws(StoreError) -> [[Delivery]] {
    for (destination, suspended) in suspensions {
      session.change(destination) { $0.suspended = suspended }
    }
    return try settle(settlements[...], now)
  }

  private func settle(_ calls: ArraySlice<SettleCall>, _ now: Timestamp) throws(StoreError) -> [[Delivery]] {
    var promoted: [[Delivery]] = []
    promoted.reserveCapacity(calls.count)
    for call in calls {
      var turns: [Delivery] = []
      for settlement in call.settlements {
        if let next = try session.settler.settle(settlement, settledAt: now) { turns.append(next) }
      }
      promoted.append(turns)
    }
    return promoted
  }

  /// - Parameter envelopes: How many are in it.
  private func transaction<Value>(
    of envelopes: Int, _ now: Timestamp, _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    let withClock = { () throws(StoreError) in
      try session.clock.write(clock, at: now)
      return try body()
    }
    guard let observer else { return try session.transactions.run(withClock) }
    let operations = envelopes + Self.count(settlements[...]) + Self.count(chosenReplayed)
    let start = ContinuousClock.now
    let value = try session.transactions.run(withClock)
    observer.storeCommitted(operations: operations, duration: start.duration(to: .now))
    for (destination, count) in session.destinations.overflows {
      observer.storeOverflowed(destination: destination, count: count)
    }
    return value
  }

  /// Within the transaction.
  ///
  /// - Returns: Why it can't be made; nil: it is.
  private func make(_ change: Change) throws(StoreError) -> StoreError? {
    switch change {
    case .configure(let configuration):
      try session.register(configuration.names)
      return nil
    case .pause(let destination, let until):
      return session.change(destination) { $0.pausedUntil = until } ? nil : .unknown(destination: destination)
    case .beginAudit(let call):
      call.id = try session.audit.add(call.entry)
      return nil
    case .endAudit(let id, let outcome):
      try session.audit.end(id, outcome)
      return nil
    case .amendAudit(let amendments):
      for amendment in amendments { try session.audit.amend(amendment) }
      return nil
    case .keepToken(let token, let source):
      try session.tokens.keep(token, of: source)
      return nil
    case .keep(let gaps):
      try session.keep(gaps)
      return nil
    }
  }

  /// After the commit.
  private func takeEffect(_ change: Change) {
    switch change {
    case .configure(let configuration): apply(configuration)
    case .pause, .keep, .beginAudit, .endAudit, .amendAudit, .keepToken: break
    }
  }

  private func apply(_ configuration: StoreConfiguration) {
    for destination in configuration.names.destinations {
      session.destinations.setMaxBacklog(
        configuration.maxBacklogBytes[destination] ?? configuration.maxBytes,
        of: session.names.destinations.row(of: destination)!)
    }
    keeper.configure(configuration)
  }

  // MARK: Answers

  private func answer(_ answers: () -> Void) {
    observer?.storeBeginsToAnswer()
    answers()
    observer?.storeHasAnswered()
  }

  /// - Parameter unseen: Why nobody knows whether they are kept.
  private func answerAppends(_ outcomes: [Result<AppendOutcome, StoreError>], _ unseen: StoreError?) {
    for (append, outcome) in zip(appends, outcomes) {
      let answer = unseen.map { error in outcome.flatMap { _ in .failure(error) } } ?? outcome
      let isTold = append.answer(answer) && unseen == nil
      // Its sender was told that nobody knows; it is in the store all the same.
      if !isTold, case .success(let outcome) = outcome, !outcome.claimed.isEmpty {
        append.late(outcome.claimed)
      }
    }
  }

  private static func count(_ calls: ArraySlice<SettleCall>) -> Int {
    calls.reduce(0) { $0 + $1.settlements.count }
  }

  /// Those of replays that fit into the transaction, at least one.
  private var chosenReplayed: ArraySlice<SettleCall> {
    guard let replaysLimit else { return replayedSettlements[...] }
    var count = 0
    return replayedSettlements.prefix { call in
      defer { count += call.settlements.count }
      return count < replaysLimit
    }
  }

  private mutating func takeSettlements() -> [SettleCall] {
    suspensions.removeAll()
    let replayed = chosenReplayed
    let taken = settlements + replayed
    settlements.removeAll()
    replayedSettlements.removeFirst(replayed.count)
    return taken
  }

  private mutating func refuse(_ error: StoreError) {
    for (_, completion) in changes { completion(.failure(error)) }
    for append in appends { append.answer(.failure(error)) }
    replays.refuseNew(error)
    forgetWhatIsNew()
  }

  private mutating func forgetWhatIsNew() {
    changes.removeAll()
    appends.removeAll(keepingCapacity: true)
  }
}

@available(*, unavailable)
extension BatchWriter: Sendable {}
