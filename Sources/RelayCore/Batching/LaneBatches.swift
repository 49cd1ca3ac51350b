/// What a lane knows of its batches: how large they may be, and which deliveries may stand together.
struct LaneBatches: Sendable {
  private(set) var suspects = Suspects()
  private var limit = BatchLimit()
  /// How many events a request may hold, as far as its header lines go.
  private let mostByHeaders: Int

  init(for destination: Destination) {
    mostByHeaders = HeaderBudget.mostEvents(to: destination)
  }

  /// How many events a request may hold at present.
  ///
  /// - Parameter burst: How many the destination's rate allows at once; nil: it has none.
  func mostEvents(of policy: BatchPolicy, _ burst: Int?) -> Int {
    min(policy.maxEvents, limit.events ?? .max, mostByHeaders, max(1, burst ?? .max))
  }

  /// How many deliveries of an order key may go together at present.
  func runLimit(of destination: Destination, _ burst: Int?) -> Int {
    guard let policy = destination.batch, destination.ordering != .none else { return 1 }
    return mostEvents(of: policy, burst)
  }

  /// A request that holds this one, and of its followers those that have room.
  ///
  /// - Parameters:
  ///   - most: How many events it may hold, whatever is known here.
  ///   - isPassed: What can't go with it.
  func begin(
    with first: Delivery, to destination: Destination, most: Int, unless isPassed: (Delivery) -> Bool
  ) -> Batch {
    let policy = destination.batch ?? BatchPolicy(maxEvents: 1)
    return Batch(
      first, for: destination, policy, limit: mostEvents(of: policy, most), suspects, unless: isPassed)
  }

  /// Whether the failure of a request of several counts for the circuit: not while its size may be why, nor where its answer
  /// kills nobody yet that would be killed alone.
  func counts(_ verdict: BatchVerdict, _ blame: Blame) -> Bool {
    switch verdict {
    case .perhapsTooLarge: limit.isExcluded
    case .refused: blame == .event
    case .delivered, .perhapsOneEvents, .failed: true
    }
  }

  /// A request of several ended.
  mutating func ended(
    _ batch: [Delivery], _ settlements: [Settlement], _ verdict: BatchVerdict, _ result: AttemptResult,
    of destination: Destination
  ) {
    if verdict == .delivered {
      limit.succeeded(events: batch.count, of: destination.batch?.maxEvents ?? 1)
    } else if verdict == .perhapsTooLarge || result.status == Self.tooLarge {
      limit.failed(events: batch.count)
    }
    if verdict.sparesTheOthers { suspects.part(batch) }
    for settlement in settlements where settlement.outcome.isFinal { suspects.forget(settlement.delivery) }
  }

  /// One that went alone ended.
  mutating func ended(
    _ delivery: DeliveryID, _ outcome: Settlement.Outcome, _ result: AttemptResult,
    of destination: Destination
  ) {
    guard let policy = destination.batch else { return }
    if outcome == .delivered {
      limit.succeeded(events: 1, of: policy.maxEvents)
    } else if BatchVerdict(of: result, to: destination) == .perhapsTooLarge {
      limit.failed(events: 1)
    }
    if outcome.isFinal { suspects.forget(delivery) }
  }

  private static let tooLarge = 413

  /// Deliveries may have been taken away: those that stay begin anew.
  mutating func forgetSuspects() { suspects.removeAll() }
}
