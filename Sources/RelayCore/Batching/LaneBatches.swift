/// What a lane knows of its batches: how large they may be, and which deliveries may stand together.
struct LaneBatches: Sendable {
  private(set) var suspects = Suspects()
  private var limit = BatchLimit()
  /// How many events a request may hold, as far as its header lines go.
  private let mostByHeaders: Int

  init(for destination: Destination) {
    mostByHeaders = HeaderBudget.mostEvents(to: destination)
  }

  /// A request that holds this one, and of its followers those that have room.
  ///
  /// - Parameter most: How many events it may hold, whatever is known here.
  func begin(with first: Delivery, to destination: Destination, most: Int) -> Batch {
    let policy = destination.batch ?? BatchPolicy(maxEvents: 1)
    return Batch(
      first, for: destination, policy, limit: min(limit.events ?? .max, mostByHeaders, most), suspects)
  }

  /// A request of several ended.
  mutating func ended(
    _ batch: [Delivery], _ settlements: [Settlement], _ verdict: BatchVerdict, of destination: Destination
  ) {
    switch verdict {
    case .delivered: limit.succeeded(events: batch.count, of: destination.batch?.maxEvents ?? 1)
    case .refused: suspects.part(batch)
    case .perhapsTooLarge:
      limit.failed(events: batch.count)
      suspects.part(batch)
    case .answered: suspects.partByKind(batch)
    case .failed: break
    }
    for settlement in settlements where settlement.outcome.isFinal { suspects.forget(settlement.delivery) }
  }

  /// One that went alone ended.
  mutating func ended(_ delivery: DeliveryID, _ outcome: Settlement.Outcome, of destination: Destination) {
    guard let policy = destination.batch else { return }
    if outcome == .delivered { limit.succeeded(events: 1, of: policy.maxEvents) }
    if outcome.isFinal { suspects.forget(delivery) }
  }

  /// Deliveries may have been taken away: those that stay begin anew.
  mutating func forgetSuspects() { suspects.removeAll() }
}
