import RelayCore

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
final class Pruner {
  /// So many envelopes are recognized when they come again; those before them need not stay for it.
  static let recognizedEnvelopes: Int64 = 500_000
  /// Rows that are read at once.
  static let page = 256

  let statements: PrunerStatements
  var position = PrunePosition()
  private(set) var newest = NewestRows()

  init(_ connection: Connection) throws(StoreError) {
    statements = try PrunerStatements(connection)
  }

  /// One step, within a transaction. If that fails, `position` is to be put back.
  ///
  /// - Returns: Whether all that may go now is gone.
  func step(_ cutoffs: PruneCutoffs, _ budget: inout StepBudget) throws(StoreError) -> Bool {
    newest = try statements.newestRows()
    position.turnBack(cutoffs.events)
    position.stop = nil
    try retrySpared(cutoffs, &budget)
    var events = PrunePage { [self] () throws(StoreError) in
      try statements.events(after: position.event, limit: Self.page)
    }
    var entries = PrunePage { [self] () throws(StoreError) in try revisits(until: cutoffs.events) }
    while !budget.isSpent {
      let event = try events.first()
      if let entry = try entries.first(), entry.settled <= event?.received ?? .distantFuture {
        try revisit(entry.event, cutoffs, &budget)
        position.revisit = (entry.settled.microseconds, entry.delivery)
        entries.removeFirst()
      } else if let event {
        if try pass(event, cutoffs, &budget) { events.removeFirst() } else { events.end() }
      } else {
        return try removeChildless(cutoffs, &budget)
      }
    }
    return false
  }

  /// Once a step has found that all is gone that may go: when the first event that is waited for was settled, and when
  /// the next envelope without events was received.
  func heads() throws(StoreError) -> (event: Timestamp?, childless: Timestamp?) {
    let entry = try revisits(until: .distantFuture, limit: 1).first
    let childless = try envelope(after: position.childless)
    return (
      [position.stop, position.again?.time, entry?.settled].compactMap { $0 }.min(),
      childless.flatMap { $0.id < newest.envelope ? $0.received : nil }
    )
  }

  // MARK: The walks

  private func revisits(
    until cutoff: Timestamp, limit: Int = Pruner.page
  ) throws(StoreError) -> [RevisitEntry] {
    var entries: [RevisitEntry] = []
    let (then, later) = (statements.revisitThen, statements.revisitLater)
    then.bind(1, position.revisit.time)
    then.bind(2, position.revisit.delivery)
    then.bind(3, limit)
    try RevisitEntry.read(then, until: cutoff, into: &entries)
    guard entries.count < limit else { return entries }
    later.bind(1, position.revisit.time)
    later.bind(2, limit - entries.count)
    try RevisitEntry.read(later, until: cutoff, into: &entries)
    return entries
  }

  private func envelope(after row: Int64) throws(StoreError) -> EnvelopeRow? {
    try statements.envelope(statements.envelopeAfter, row)
  }

  /// - Returns: Whether the walk has come to its end.
  private func removeChildless(
    _ cutoffs: PruneCutoffs, _ budget: inout StepBudget
  ) throws(StoreError) -> Bool {
    while let envelope = try envelope(after: position.childless) {
      guard envelope.id < newest.envelope, isForgettable(envelope, cutoffs) else { return true }
      guard !budget.isSpent else { return false }
      // One that still has events goes with the last of them.
      position.childless = envelope.id
      try removeEnvelope(envelope)
      budget.spend(rows: 1)
    }
    return true
  }

  /// Those that were the newest when their turn came.
  private func retrySpared(_ cutoffs: PruneCutoffs, _ budget: inout StepBudget) throws(StoreError) {
    for event in position.spared where !newest.holds(event: event) {
      switch try remove(event, cutoffs, &budget) {
      case .young, .newest: break
      case .removed, .held, .gone: position.spared.remove(event)
      }
    }
  }
}

@available(*, unavailable)
extension Pruner: Sendable {}
