import RelayCore
import RelayStoring

/// What a commit stores for destinations that other nodes serve: they are told with a row of the same commit. A pure value.
struct NewsDraft: Equatable {
  private(set) var destinations: Set<DestinationRowID> = []
  private(set) var replayed: Set<DestinationRowID> = []
  /// Of what waits for its turn, which the other node is to look after.
  private(set) var keys: Set<OrderKey> = []

  var isEmpty: Bool { destinations.isEmpty }

  mutating func stored(_ destination: DestinationRowID, _ key: OrderKey?, in queue: DeliveryQueue) {
    destinations.insert(destination)
    if queue == .replay { replayed.insert(destination) }
    if let key { keys.insert(key) }
  }
}

/// What another node has stored with one commit.
struct NewsRow: Equatable {
  var slot: Int16
  var sequence: Int64
  /// Of the news of that slot before this one.
  var previous: Int64
  /// No delivery of the commit has a lower tick.
  var base: Int64
  var destinations: [DestinationRowID]
  var replayed: [DestinationRowID]
  /// Those of destinations that were asked for.
  var keys: [OrderKey]
}

/// How far the news of each slot were read: a pure value. One slot has one writer, so its commits become visible in the order of their
/// sequences, and the highest that was read stands for all before it.
struct NewsCursor: Equatable {
  private(set) var read: [Int16: Int64] = [:]

  /// - Returns: Whether all news of that slot before it were read. If not, some were removed before anybody came for them.
  mutating func add(_ row: NewsRow) -> Bool {
    defer { read[row.slot] = row.sequence }
    return row.previous == read[row.slot] ?? 0
  }

  /// The news up to there are of no interest.
  mutating func skip(to sequence: Int64, of slot: Int16) { read[slot] = sequence }
}
