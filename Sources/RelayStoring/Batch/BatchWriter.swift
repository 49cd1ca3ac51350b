import RelayCore

/// Puts all that is waiting into one batch: the group commit. It knows what is in, what is refused, what is kept and tried again, and
/// who is told; how a batch is committed is the committer's. Confined to the store's thread.
package struct BatchWriter {
  package typealias Completion = (Result<Void, StoreError>) -> Void

  private let committer: any BatchCommitter
  private let clock: any SteadyClock
  private let observer: (any StoreObserver)?

  private var changes: [StoreChange] = []
  /// Who asked for each of them.
  private var completions: [Completion] = []
  private var appends: [AppendCall] = []
  /// Outcomes of attempts are never dropped: those that can't be committed stay here.
  private var settlements: [SettleCall] = []
  /// The same of what replays have queued: they come after all others.
  private var replayedSettlements: [SettleCall] = []
  /// Nor is this, by the destination's name.
  private var suspensions: [String: SuspendedTime] = [:]
  private var replays = ReplayCalls()
  /// How much of what replays ask for a batch has; nil: all.
  private var replaysLimit: Int?
  /// The same for one beside envelopes.
  package private(set) var replayShare = ReplayShare()
  /// Why the last envelopes or outcomes could not be committed; nil: they could, or a write since then has shown that it goes again.
  package private(set) var failure: StoreError?

  package init(
    _ committer: any BatchCommitter, clock: any SteadyClock, observer: (any StoreObserver)? = nil
  ) {
    self.committer = committer
    self.clock = clock
    self.observer = observer
  }

  // MARK: What is to be written

  package mutating func add(_ write: StoreOperation.Write) {
    switch write {
    case .configure(let value, let completion): add(.configure(value), completion)
    case .append(let call): append(call)
    case .settle(let settlements, _, let completion): settle(settlements, completion: completion)
    case .pause(let destination, let until, let completion):
      add(.pause(destination, until: until), completion)
    case .setSuspended(let suspended, let destination): setSuspended(suspended, of: destination)
    case .beginAudit(let call): add(.beginAudit(call), call.answer)
    case .endAudit(let id, let outcome, let completion): add(.endAudit(id, outcome), completion)
    case .amendAudit(let amendments, let completion): add(.amendAudit(amendments), completion)
    case .keepToken(let token, let source, let completion): add(.keepToken(token, of: source), completion)
    case .replay(let call): replays.add(call)
    case .keep(let gaps, let completion): add(.keep(gaps), completion)
    }
  }

  private mutating func add(_ change: StoreChange, _ completion: @escaping Completion) {
    changes.append(change)
    completions.append(completion)
  }

  package mutating func configure(_ configuration: StoreConfiguration, completion: @escaping Completion) {
    add(.configure(configuration), completion)
  }

  package mutating func append(_ call: AppendCall) { appends.append(call) }

  package mutating func settle(_ settlements: [Settlement], completion: @escaping ([Delivery]) -> Void) {
    let call = SettleCall(settlements, completion: completion)
    if settlements.first?.queue == .replay {
      replayedSettlements.append(call)
    } else {
      self.settlements.append(call)
    }
  }

  package mutating func setSuspended(_ suspended: SuspendedTime, of destination: String) {
    suspensions[destination] = suspended
  }

  // MARK: Writing

  package var hasHeldSettlements: Bool {
    !settlements.isEmpty || failure != nil && !replayedSettlements.isEmpty
  }
  /// How much of what replays ask for waits for the next commits.
  package var replayedLeft: Int { replays.left + replayedSettlements.settlementCount }
  /// It is to be tried again, also if nothing comes.
  package var mustTryAgain: Bool {
    !settlements.isEmpty || !suspensions.isEmpty || failure != nil || replays.mayHaveRoom
  }

  /// Others than it have made room for what replays queue.
  package mutating func roomMayHaveCome() { replays.roomMayHaveCome() }

  private var canBeRefused: Bool { !(changes.isEmpty && appends.isEmpty && replays.isEmpty) }

  /// Commits, then answers. If everything together can't be committed, what is new is refused, and the settlements
  /// are tried alone.
  ///
  /// - Parameter replaysGiveWay: What replays ask for has a small share of it, and the rest waits.
  /// - Returns: How many envelopes it was for; nil: there was nothing to do.
  @discardableResult
  package mutating func write(replaysGiveWay: Bool = false) -> Int? {
    guard canBeRefused || mustTryAgain || replayedLeft > 0 else { return nil }
    replaysLimit = replaysGiveWay ? replayShare.items : nil
    let envelopes = appends.count
    do throws(StoreError) {
      failure = try commitAll()
    } catch {
      let mayGoNow = committer.failed(error)
      let wasAlone = !canBeRefused
      refuse(error)
      if !wasAlone || mayGoNow { try? commitSettlements() }
      if envelopes > 0 || !(settlements.isEmpty && replayedSettlements.isEmpty) { failure = error }
    }
    return envelopes
  }

  /// Answers what is held for ever now: the store closes. Those deliveries stay pending in it.
  package mutating func abandon() {
    for settled in settlements + replayedSettlements { settled.completion([]) }
    (settlements, replayedSettlements) = ([], [])
    replays.refuseAll(.closed)
  }

  /// - Returns: Why nobody knows whether that is kept.
  private mutating func commitAll() throws(StoreError) -> StoreError? {
    let now = clock.now()
    let refusal = appends.isEmpty && !replays.hasCalls ? nil : committer.refusal(at: now)
    let (committed, duration) = try commit(
      StoreBatch(
        now: now, changes: changes, suspensions: suspensions, settlements: settlements,
        replayedSettlements: chosenReplayed, appends: appends, refusal: refusal, replays: replays,
        replaysLimit: replaysLimit, isTrial: failure != nil))
    if replaysLimit != nil && !appends.isEmpty {
      replayShare.committed(in: duration, replayed: committed.replayedTime, items: committed.replayedItems)
    }
    // Before anything is taken for done: what is not where a restart finds it is refused.
    let doubt = try committer.confirm(isTold: canBeRefused || failure != nil, at: now)
    replays.written(committed.replays)
    if !changes.isEmpty { replays.roomMayHaveCome() }
    let events = refusal == nil ? appends.reduce(0) { $0 + $1.envelope.events.count } : 0
    let settled = takeSettlements()
    answer {
      for (call, turns) in zip(settled, committed.turns) { call.completion(turns) }
      answerChanges(committed.faults, doubt)
      answerAppends(committed.outcomes, doubt)
      for answer in committed.replays.answers { answer.give(doubt) }
    }
    forgetWhatIsNew()
    committer.answered(appendedEvents: events, at: now)
    return doubt
  }

  private mutating func commitSettlements() throws(StoreError) {
    guard !(settlements.isEmpty && replayedSettlements.isEmpty && suspensions.isEmpty) else { return }
    let now = clock.now()
    let (committed, _) = try commit(
      StoreBatch(
        now: now, suspensions: suspensions, settlements: settlements, replayedSettlements: chosenReplayed,
        isOutcomesAlone: true))
    let settled = takeSettlements()
    answer { for (call, turns) in zip(settled, committed.turns) { call.completion(turns) } }
    committer.answered(appendedEvents: 0, at: now)
  }

  private func commit(
    _ batch: StoreBatch
  ) throws(StoreError) -> (CommittedBatch, took: Duration) {
    let start = ContinuousClock.now
    let committed = try committer.commit(batch)
    let duration = start.duration(to: .now)
    // Else somebody would never be answered.
    precondition(committed.answersAll(of: batch), "a committer has left a part of its batch out")
    if let observer {
      let envelopes = batch.refusal == nil ? batch.appends.count : 0
      let outcomes = batch.settlements.settlementCount + batch.replayedSettlements.settlementCount
      observer.storeCommitted(operations: envelopes + outcomes, duration: duration)
      for (destination, count) in committed.overflows {
        observer.storeOverflowed(destination: destination, count: count)
      }
    }
    return (committed, duration)
  }

  // MARK: Answers

  private func answer(_ answers: () -> Void) {
    observer?.storeBeginsToAnswer()
    answers()
    observer?.storeHasAnswered()
  }

  private func answerChanges(_ faults: [StoreError?], _ doubt: StoreError?) {
    for ((change, completion), fault) in zip(zip(changes, completions), faults) {
      let error = fault ?? (change.mustBeSure ? doubt : nil)
      completion(error.map { .failure($0) } ?? .success(()))
    }
  }

  /// - Parameter doubt: Why nobody knows whether they are kept.
  private func answerAppends(_ outcomes: [Result<AppendOutcome, StoreError>], _ doubt: StoreError?) {
    for (append, outcome) in zip(appends, outcomes) {
      let answer = doubt.map { error in outcome.flatMap { _ in .failure(error) } } ?? outcome
      let isTold = append.answer(answer) && doubt == nil
      // Its sender was told that nobody knows; it is in the store all the same.
      if !isTold, case .success(let outcome) = outcome, !outcome.claimed.isEmpty {
        append.late(outcome.claimed)
      }
    }
  }

  /// Those of replays that fit into the batch, at least one.
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
    for completion in completions { completion(.failure(error)) }
    for append in appends { append.answer(.failure(error)) }
    replays.refuseNew(error)
    forgetWhatIsNew()
  }

  private mutating func forgetWhatIsNew() {
    changes.removeAll()
    completions.removeAll()
    appends.removeAll(keepingCapacity: true)
  }
}

@available(*, unavailable)
extension BatchWriter: Sendable {}
