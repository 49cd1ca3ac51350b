import RelayCore
import RelayStoring
import RelayThreads

/// Commits a batch as one pipeline with one Sync. Confined to the store's thread.
final class PostgresCommitter: BatchCommitter {
  private let session: StoreSession
  private let sharing: Sharing
  private let clock: any SteadyClock
  private let word: Locked<KeepingWord>
  private let ages: AgeKeeper

  /// How often one batch is put together again, since other nodes have stored some of it meanwhile.
  private static let attempts = 16

  init(
    session: StoreSession, sharing: Sharing, ages: AgeKeeper, clock: any SteadyClock,
    word: Locked<KeepingWord>
  ) {
    self.session = session
    self.sharing = sharing
    self.ages = ages
    self.clock = clock
    self.word = word
  }

  func refusal(at now: Timestamp) -> StoreError? {
    session.connection.loss ?? word.withLock { $0.refusal }
  }

  func commit(_ batch: StoreBatch) throws(StoreError) -> CommittedBatch {
    // Names are made known by commits of their own: what follows in the batch may use them.
    for case .configure(let configuration) in batch.changes {
      try session.register(configuration)
      session.connection.configured(as: configuration.names.configuration)
      sharing.configure(configuration.names.destinations)
    }
    if !batch.appends.isEmpty { try sharing.telling.catchUp() }
    var committed = try carryOut(batch)
    committed.overflows = session.destinations.overflows
    for case .configure(let configuration) in batch.changes { apply(configuration) }
    return committed
  }

  /// A commit that has succeeded is where every other session sees it.
  func confirm(isTold: Bool, at now: Timestamp) -> StoreError? { nil }

  func answered(appendedEvents: Int, at now: Timestamp) { ages.committed(at: now) }

  func failed(_ error: StoreError) -> Bool { false }

  /// What another node has stored meanwhile is known before the next attempt, and answered as what comes again.
  private func carryOut(_ batch: StoreBatch) throws(StoreError) -> CommittedBatch {
    session.twins.begin()
    for _ in 1..<Self.attempts {
      do throws(StoreError) {
        return try attempt(batch)
      } catch {
        guard session.connection.failure == .twin else { throw error }
        try sharing.telling.learnTwins()
      }
    }
    return try attempt(batch)
  }

  private func attempt(_ batch: StoreBatch) throws(StoreError) -> CommittedBatch {
    try session.commit(at: batch.now, isTrial: batch.isTrial) { (commit) throws(StoreError) in
      if !batch.appends.isEmpty { commit.connectionNumber = sharing.telling.connectionNumber }
      session.clock.write(clock, in: commit)
      return try plan(batch, in: commit)
    }
  }

  // MARK: The plan

  /// - Returns: What gives, after the commit, what has come of the batch.
  private func plan(
    _ batch: StoreBatch, in commit: PendingCommit
  ) throws(StoreError) -> () -> CommittedBatch {
    var planned = CommittedBatch()
    for change in batch.changes { planned.faults.append(make(change, in: commit)) }
    // Of one that another node serves by now, that node says it.
    for (destination, suspended) in batch.suspensions where session.serves(destination) {
      session.change(destination) { $0.suspended = suspended }
    }
    // Before what arrives: it may be its turn then, and it may find more room.
    let start = ContinuousClock.now
    let turns = try session.settler.settle(
      batch.settlements.map(\.settlements) + batch.replayedSettlements.map(\.settlements), in: commit)
    if !batch.replayedSettlements.isEmpty {
      planned.spentOnReplays(batch.replayedSettlements.settlementCount, since: start)
    }
    let outcomes = try append(batch, in: commit)
    try batch.write(session.replays.queuing(in: commit), into: &planned)
    let committed = planned
    return {
      var committed = committed
      committed.turns = turns()
      committed.outcomes = outcomes.map { $0() }
      return committed
    }
  }

  private func append(
    _ batch: StoreBatch, in commit: PendingCommit
  ) throws(StoreError) -> [() -> Result<AppendOutcome, StoreError>] {
    let refusals = batch.appends.map { batch.refusal ?? session.appender.refusal(of: $0.envelope) }
    let taken = zip(batch.appends, refusals).filter { $0.1 == nil }.map(\.0.envelope)
    var outcomes = try session.appender.append(taken, in: commit, history: { clock.history })[...]
    return refusals.map { refusal in
      if let refusal { return { .failure(refusal) } }
      let outcome = outcomes.removeFirst()
      return { .success(outcome()) }
    }
  }

  /// - Returns: Why it can't be made; nil: it is.
  private func make(_ change: StoreChange, in commit: PendingCommit) -> StoreError? {
    switch change {
    case .configure: break
    case .pause(let destination, let until):
      return session.change(destination) { $0.pausedUntil = until } ? nil : .unknown(destination: destination)
    case .beginAudit(let call): session.people.add(call.entry, in: commit) { call.id = $0 }
    case .endAudit(let id, let outcome): session.people.end(id, outcome, in: commit)
    case .amendAudit(let amendments):
      for amendment in amendments { session.people.amend(amendment, in: commit) }
    case .keepToken(let token, let source): session.people.keep(token, of: source, in: commit)
    case .keep(let gaps):
      let placed = gaps.map { ($0, $0.source.flatMap { session.names.source($0) } ?? 0) }
      if !placed.isEmpty { session.people.keep(placed, in: commit) }
    }
    return nil
  }

  private func apply(_ configuration: StoreConfiguration) {
    word.withLock { $0.rules = KeepingRules(configuration) }
    session.appender.retention = configuration.retention
    ages.configure(configuration, at: clock.now())
    for destination in configuration.names.destinations {
      session.destinations.setMaxBacklog(
        configuration.maxBacklogBytes[destination] ?? configuration.maxBytes,
        of: session.names.destination(destination)!)
    }
  }
}

@available(*, unavailable)
extension PostgresCommitter: Sendable {}
