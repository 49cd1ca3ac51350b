import RelayCore

/// Deletes what is settled and old enough, oldest first, in steps. Confined to the store's thread.
///
/// An event goes with its deliveries once all of them are delivered or discarded, the last one long enough ago. Three
/// walks find what may go, each from where it last stopped:
///
/// 1. settled deliveries in order of time: each leads to its event;
/// 2. envelopes in order of arrival, to those of their events that no route sent anywhere;
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
    try retrySpared(cutoffs, &budget)
    var entries = try settledEntries(until: cutoffs.events)[...]
    var isLastPage = entries.count < Self.page
    var envelope = try envelope(after: position.eventless)
    while !budget.isSpent {
      if entries.isEmpty && !isLastPage {
        entries = try settledEntries(until: cutoffs.events)[...]
        isLastPage = entries.count < Self.page
      }
      if let entry = entries.first, entry.settled <= envelope?.received ?? .distantFuture {
        try take(entry.event, cutoffs, &budget)
        position.settled = (entry.settled.microseconds, entry.delivery)
        entries.removeFirst()
      } else if let older = envelope, older.received <= cutoffs.events {
        try removeEventless(older, cutoffs, &budget)
        envelope = try self.envelope(after: position.eventless)
      } else {
        return try removeChildless(cutoffs, &budget)
      }
    }
    return false
  }

  /// When the next on each walk was settled or received, if it may ever go as things are.
  func heads() throws(StoreError) -> (settled: Timestamp?, eventless: Timestamp?, childless: Timestamp?) {
    let childless = try envelope(after: position.childless)
    return (
      try settledEntries(until: .distantFuture, limit: 1).first?.settled,
      try envelope(after: position.eventless)?.received,
      childless.flatMap { $0.id < newest.envelope ? $0.received : nil }
    )
  }

  // MARK: The walks

  private func settledEntries(
    until cutoff: Timestamp, limit: Int = Pruner.page
  ) throws(StoreError) -> [SettledEntry] {
    var entries: [SettledEntry] = []
    let (then, later) = (statements.settledThen, statements.settledLater)
    then.bind(1, position.settled.time)
    then.bind(2, position.settled.delivery)
    then.bind(3, limit)
    try SettledEntry.read(then, until: cutoff, into: &entries)
    guard entries.count < limit else { return entries }
    later.bind(1, position.settled.time)
    later.bind(2, limit - entries.count)
    try SettledEntry.read(later, until: cutoff, into: &entries)
    return entries
  }

  private func envelope(after row: Int64) throws(StoreError) -> EnvelopeRow? {
    try statements.envelope(statements.envelopeAfter, row)
  }

  /// A page of the envelope's events; the position moves past the envelope with the last one.
  private func removeEventless(
    _ envelope: EnvelopeRow, _ cutoffs: PruneCutoffs, _ budget: inout StepBudget
  ) throws(StoreError) {
    let first = position.eventWithin?.advanced(by: 1) ?? envelope.firstEvent
    let events = try statements.events(from: first, through: envelope.lastEvent, limit: Self.page)
    budget.spend(rows: 1)
    for (id, event) in events {
      guard !budget.isSpent else { return }
      if try !statements.hasDeliveries(event) { try take(event, cutoffs, &budget) }
      budget.spend(rows: 1)
      position.eventWithin = id
    }
    guard events.count < Self.page else { return }
    position.eventless = envelope.id
    position.eventWithin = nil
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
