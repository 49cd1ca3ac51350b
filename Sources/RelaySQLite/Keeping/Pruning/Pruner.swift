import RelayCore
import RelayStoring

/// Deletes what is settled and old enough, oldest first, in steps. Confined to the store's thread.
///
/// An event goes with its deliveries once all of them are delivered or discarded, the last one long enough ago. Three
/// walks find what may go, each from where it last stopped:
///
/// 1. events in order of arrival. What is held is passed, and so is what is too young and has an entry in
///    `delivery_revisit`: the second walk leads to both. At what is too young and has none the walk stops: it was settled
///    a minute after its receipt at the latest, so what stands behind it goes a minute late at most;
/// 2. the entries of `delivery_revisit` in order of time: each leads to its event;
/// 3. envelopes in order of arrival, to those that have no events and whose hash nobody needs.
///
/// The newest event, the newest envelope and the event of the newest delivery stay: after a restart the numbers of rows
/// go on from the highest there is, and none may be given twice.
///
/// docs/decisions/0015-two-indexes-less.md says why it walks.
final class Pruner: TransactionMember {
  /// The last envelopes, as many as this, are recognized when they come again; those before them need not stay for it.
  static let recognizedEnvelopes = 500_000

  private let statements: PrunerStatements
  private let revisits: RevisitStatements
  /// How far it has come, the transaction under way included.
  private var position = PrunePosition()
  /// The same, as it is on disk.
  private var committed = PrunePosition()
  /// As the last step has found them.
  private var newest = NewestRows()

  init(_ connection: Connection, _ transactions: Transactions) throws(StoreError) {
    statements = try PrunerStatements(connection)
    revisits = try RevisitStatements(connection)
    transactions.register(self)
  }

  /// The last delivery of all events that the walk along the events has ever passed.
  var lastDelivery: DeliveryID { committed.delivery }

  /// One step, within a transaction.
  ///
  /// - Returns: Whether all that may go now is gone.
  func step(_ cutoffs: PruneCutoffs, _ budget: inout StepBudget) throws(StoreError) -> Bool {
    newest = try statements.newestRows()
    let remover = EventRemover(statements, cutoffs, newest: newest)
    position.begin(cutoff: cutoffs.events)
    try retryNewest(remover, &budget)
    var events = PrunePage { [self] (limit) throws(StoreError) in
      try statements.events(after: position.event, limit: limit)
    }
    var entries = PrunePage { [self] (limit) throws(StoreError) in
      try revisits.entries(after: position.revisit, until: cutoffs.events, limit: limit)
    }
    while !budget.isSpent {
      let event = try events.first()
      if let entry = try entries.first(), entry.place.settled <= event?.received ?? .distantFuture {
        try revisit(entry.event, remover, &budget)
        position.pass(entry)
        entries.removeFirst()
      } else if let event {
        if try pass(event, remover, &budget) { events.removeFirst() } else { events.end() }
      } else {
        return try removeChildless(remover, &budget)
      }
    }
    return false
  }

  func commit() { committed = position }

  func rollback() { position = committed }

  /// The time, whenever something was committed: see `PrunePosition.clockShows`.
  func clockShows(_ now: Timestamp) {
    position.clockShows(now)
    committed = position
  }

  /// What grows old next. To be asked once a step has found that all is gone that may go.
  func heads() throws(StoreError) -> PruneHeads {
    let entry = try revisits.entries(after: position.revisit, until: .distantFuture, limit: 1).first
    let childless = try statements.envelope(after: position.childless)
    return PruneHeads(
      event: [position.waitsFor, entry?.place.settled].compactMap { $0 }.min(),
      childless: childless.flatMap { $0.id < newest.envelope ? $0.received : nil })
  }

  // MARK: The walks

  /// Removes the event if it may go; the walk along the events has come to it.
  ///
  /// - Returns: Whether the walk may pass it: then something will lead to it again, if it has not gone.
  private func pass(
    _ event: ArrivedEvent, _ remover: EventRemover, _ budget: inout StepBudget
  ) throws(StoreError) -> Bool {
    switch try remover.remove(event.row, childless: position.childless, &budget) {
    case .removed, .gone, .held, .young(settled: _, isAwaited: true): break
    case .newest: position.keepNewest(event.row)
    case .young(let settled, isAwaited: false):
      // Those behind it are younger, or a minute older at most. But a time that is yet to come tells nothing of them.
      guard remover.isAhead(settled) else {
        position.stop(at: settled)
        return false
      }
      position.comeAgain(to: event.row, settled: settled)
    }
    position.pass(event)
    return true
  }

  /// Removes the event if it may go; an entry has led to it.
  private func revisit(
    _ event: EventRowID, _ remover: EventRemover, _ budget: inout StepBudget
  ) throws(StoreError) {
    switch try remover.remove(event, childless: position.childless, &budget) {
    case .newest: position.keepNewest(event)
    // It was settled last by a clock that was ahead of the one which has made the last entry.
    case .young(let settled, isAwaited: false) where event <= position.event:
      position.comeAgain(to: event, settled: settled)
    case .removed, .gone, .held, .young: break
    }
  }

  /// Those that were the newest when their turn came.
  private func retryNewest(_ remover: EventRemover, _ budget: inout StepBudget) throws(StoreError) {
    for event in position.newest where !remover.isNewest(event) {
      switch try remover.remove(event, childless: position.childless, &budget) {
      case .young, .newest: break
      case .removed, .held, .gone: position.forgetNewest(event)
      }
    }
  }

  /// - Returns: Whether the walk has come to its end.
  private func removeChildless(
    _ remover: EventRemover, _ budget: inout StepBudget
  ) throws(StoreError) -> Bool {
    while let envelope = try statements.envelope(after: position.childless) {
      guard envelope.id < newest.envelope, remover.isForgettable(envelope) else { return true }
      guard !budget.isSpent else { return false }
      // One that still has events goes with the last of them.
      position.pass(envelope)
      try remover.removeIfEmpty(envelope)
      budget.spend(rows: 1)
    }
    return true
  }
}

@available(*, unavailable)
extension Pruner: Sendable {}
