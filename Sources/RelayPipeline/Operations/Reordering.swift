import Logging
import RelayCore
import RelayThreads

/// Changes of `order_by`: pending deliveries are brought into the new order before any more of them is attempted.
final class Reordering: Sendable {
  private let store: any DeliveryStore
  private let holds: DestinationHolds
  private let active: ActiveConfiguration
  private let logger: Logger
  /// Destinations that are being brought into their configured order, and how often each was held for it.
  ///
  /// Whoever holds this lock may read the active configuration, and lets lanes go on; never the other way round.
  private let underWay = Locked<[String: Int]>([:])

  init(store: any DeliveryStore, holds: DestinationHolds, active: ActiveConfiguration, logger: Logger) {
    self.store = store
    self.holds = holds
    self.active = active
    self.logger = logger
  }

  var destinations: Set<String> { Set(underWay.withLock { $0 }.keys) }

  /// The destinations whose stored deliveries are not, or may soon not be, in their configured order.
  ///
  /// - Parameters:
  ///   - stored: As it was read after `underWay`.
  ///   - underWay: Destinations that were being brought into order: into which, only the task knows.
  static func disordered(
    _ destinations: [Destination], _ stored: [StoredDestination], underWay: Set<String>
  ) -> [String] {
    let orderings = Dictionary(uniqueKeysWithValues: stored.map { ($0.name, $0.ordering) })
    return destinations.lazy
      .filter { underWay.contains($0.name) || orderings[$0.name] != .some($0.ordering) }
      .map(\.name)
  }

  /// Brings the pending deliveries of held destinations into their configured order, then lets them go on. In the
  /// background: there may be millions.
  func begin(_ held: [String]) {
    for name in held {
      let isFirst = underWay.withLock { underWay in
        underWay[name, default: 0] += 1
        return underWay[name] == 1
      }
      // One that is under way sees what is configured now, before it ends.
      if isFirst { Task { await putInOrder(name) } }
    }
  }

  private func putInOrder(_ name: String) async {
    while true {
      let ordering = active.destination(name)?.ordering
      if let ordering, await !reorder(name, by: ordering) { continue }
      let isInOrder = underWay.withLock { underWay in
        guard active.destination(name)?.ordering == ordering else { return false }
        // Within the lock, so that what is seen to be under way no more does go on.
        for _ in 0..<(underWay.removeValue(forKey: name) ?? 0) { holds.resume([name]) }
        return true
      }
      if isInOrder { return }
    }
  }

  /// - Returns: Whether there is nothing more to try for this order.
  private func reorder(_ name: String, by ordering: Ordering) async -> Bool {
    do throws(StoreError) {
      try await store.reorder(name, by: ordering)
      return true
    } catch {
      guard error.code != .closed else { return true }
      logger.error(
        "pending deliveries can't be put in order; trying again",
        metadata: ["destination": "\(name)", "reason": "\(error)"])
      // Without its order nothing of it may be attempted.
      try? await Task.sleep(for: .seconds(5))
      return false
    }
  }
}
