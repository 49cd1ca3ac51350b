import RelayCore
import RelayStoring

/// Commits a batch as one transaction of SQLite's. Confined to the store's thread.
final class SQLiteCommitter: BatchCommitter {
  private let session: StoreSession
  private let keeper: StoreKeeper
  private let clock: any SteadyClock
  /// When the store's files were last seen to be there.
  private var confirmedAt: Timestamp?

  /// How long outcomes alone may be answered without a look: what is lost of them is attempted again.
  private static let confirmingInterval = Duration.seconds(1)

  init(session: StoreSession, keeper: StoreKeeper, clock: any SteadyClock) {
    self.session = session
    self.keeper = keeper
    self.clock = clock
  }

  func refusal(at now: Timestamp) -> StoreError? { keeper.refusal(now) }

  func commit(_ batch: StoreBatch) throws(StoreError) -> CommittedBatch {
    var committed = try session.transactions.run { () throws(StoreError) in
      try session.clock.write(clock, at: batch.now)
      return try write(batch)
    }
    committed.overflows = session.destinations.overflows
    for change in batch.changes { takeEffect(change) }
    return committed
  }

  /// Whether the store's files are still there, where somebody is to be told that what was committed is kept: what is in
  /// no file that a restart would find must not be. Else now and then.
  func confirm(isTold: Bool, at now: Timestamp) throws(StoreError) -> StoreError? {
    let isOld = confirmedAt.map { $0 > now || $0.duration(to: now) >= Self.confirmingInterval } ?? true
    guard isTold || isOld else { return nil }
    let unseen = try session.confirm()
    confirmedAt = unseen == nil ? now : nil
    return unseen
  }

  func answered(appendedEvents: Int, at now: Timestamp) {
    keeper.committed(appendedEvents: appendedEvents, now)
  }

  /// A disk without room has been given the reserve.
  func failed(_ error: StoreError) -> Bool {
    keeper.commitFailed(error)
    return session.connection.lastErrorWasOfWriting
  }

  // MARK: Within the transaction

  private func write(_ batch: StoreBatch) throws(StoreError) -> CommittedBatch {
    var committed = CommittedBatch()
    for change in batch.changes { committed.faults.append(try make(change)) }
    for (destination, suspended) in batch.suspensions {
      session.change(destination) { $0.suspended = suspended }
    }
    // Before what arrives: it may be its turn then, and it may find more room.
    committed.turns.reserveCapacity(batch.settlements.count)
    try settle(batch.settlements, at: batch.now, turns: &committed.turns)
    if !batch.replayedSettlements.isEmpty {
      let start = ContinuousClock.now
      try settle(batch.replayedSettlements, at: batch.now, turns: &committed.turns)
      committed.spentOnReplays(batch.replayedSettlements.settlementCount, since: start)
    }
    try append(batch, outcomes: &committed.outcomes)
    try batch.write(session.replays, into: &committed)
    if !batch.isOutcomesAlone { try session.claims.shortenTail() }
    // What there is to do may write nothing; and only what has been written shows that it goes again.
    if batch.isTrial { try session.probe() }
    return committed
  }

  private func settle(
    _ calls: some Sequence<SettleCall>, at now: Timestamp, turns: inout [[Delivery]]
  ) throws(StoreError) {
    for call in calls {
      var next: [Delivery] = []
      for settlement in call.settlements {
        if let delivery = try session.settler.settle(settlement, settledAt: now) { next.append(delivery) }
      }
      turns.append(next)
    }
  }

  private func append(
    _ batch: StoreBatch, outcomes: inout [Result<AppendOutcome, StoreError>]
  ) throws(StoreError) {
    outcomes.reserveCapacity(batch.appends.count)
    for append in batch.appends {
      if let refusal = batch.refusal ?? session.appender.refusal(of: append.envelope) {
        outcomes.append(.failure(refusal))
      } else {
        let outcome = try session.appender.append(
          append.envelope, now: batch.now, history: { clock.history })
        outcomes.append(.success(outcome))
      }
    }
  }

  /// - Returns: Why it can't be made; nil: it is.
  private func make(_ change: StoreChange) throws(StoreError) -> StoreError? {
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

  // MARK: After it

  private func takeEffect(_ change: StoreChange) {
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
}

@available(*, unavailable)
extension SQLiteCommitter: Sendable {}
