import RelayCore
import RelayStoring

/// Outcomes that are written together, by kind. Each delivery is in it once. What comes to one again in the same commit is in a wave after
/// it, and so is what comes to another of its order key that no lane holds: then the rows are those that the wave before has left.
struct SettleWave {
  /// The last outcome of an order key: it is what makes way for the next.
  struct Last: Equatable {
    var delivery: DeliveryID
    var isRetry: Bool
    var call: Int
    /// Its place among all outcomes of the wave.
    var order: Int
    var runLimit: Int
  }

  /// Delivered by the first attempt, as nearly all are.
  private(set) var deliveredAtOnce: [Settlement] = []
  private(set) var orderedRetries: [(settlement: Settlement, key: OrderKey)] = []
  private(set) var others: [Settlement] = []
  private(set) var failures: [Settlement] = []
  private(set) var keys: [OrderKey: Last] = [:]
  private var count = 0

  mutating func add(_ settlement: Settlement, _ entry: ClaimTable.Entry, call: Int) {
    let key = entry.key
    let isRetry = settlement.outcome.state == .retrying
    if isRetry, let key {
      orderedRetries.append((settlement, key))
    } else if entry.isFresh && settlement.isDeliveredAtOnce {
      deliveredAtOnce.append(settlement)
    } else {
      others.append(settlement)
    }
    if !settlement.attempt.isSuccess { failures.append(settlement) }
    if let key {
      keys[key] = Last(
        delivery: settlement.delivery, isRetry: isRetry, call: call, order: count,
        runLimit: max(1, settlement.runLimit))
    }
    count += 1
  }
}

/// Which wave each outcome of a commit is in: a pure value.
struct WavePlaces {
  private struct Place {
    var wave: Int
    /// What is known of it, where it is pending still; nil: it has come to its end.
    var pending: ClaimTable.Entry?
  }

  private var deliveries: [DeliveryID: Place] = [:]
  private var keys: [OrderKey: Int] = [:]

  /// It has come to its end in this commit.
  func isSettled(_ delivery: DeliveryID) -> Bool { deliveries[delivery].map { $0.pending == nil } ?? false }

  /// What is known of one that has failed before in this commit; nil: it has not, or has come to its end.
  func pendingAgain(_ delivery: DeliveryID) -> ClaimTable.Entry? { deliveries[delivery]?.pending }

  mutating func wave(of settlement: Settlement, _ entry: ClaimTable.Entry, isClaimed: Bool) -> Int {
    var wave = deliveries[settlement.delivery].map { $0.wave + 1 } ?? 0
    if let key = entry.key {
      if let last = keys[key] { wave = max(wave, isClaimed ? last : last + 1) }
      keys[key] = wave
    }
    var pending: ClaimTable.Entry?
    if case .retry = settlement.outcome {
      pending = entry
      pending?.isFresh = false
    }
    deliveries[settlement.delivery] = Place(wave: wave, pending: pending)
    return wave
  }
}
