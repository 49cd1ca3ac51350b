import Logging
import RelayCore
import RelayText

/// Retries and discards stored deliveries, one change after another.
final class DeliveryChanges: Sendable {
  private let store: any DeliveryStore
  private let asked: PatientStore
  private let holds: DestinationHolds
  private let typeCheck: TypeCheck
  private let metrics: RelayMetrics
  private let feed: LiveFeed
  private let logger: Logger
  private let turnstile = Turnstile()

  init(
    store: any DeliveryStore, asked: PatientStore, holds: DestinationHolds, typeCheck: TypeCheck,
    metrics: RelayMetrics, feed: LiveFeed, logger: Logger
  ) {
    self.store = store
    self.asked = asked
    self.holds = holds
    self.typeCheck = typeCheck
    self.metrics = metrics
    self.feed = feed
    self.logger = logger
  }

  /// What the change would be made to, as it is now.
  func count(
    _ verb: ChangeVerb, _ selection: DeliverySelection
  ) async throws(OperationError) -> DeliveryCounts {
    var counts = DeliveryCounts()
    switch selection {
    case .ids(let ids):
      for place in try await places(of: ids) where verb.states.contains(place.state) {
        if place.isErased { counts.erased += 1 } else { counts.add(of: place.destination, place.state) }
      }
    // The replay itself says how many of its deliveries are pending.
    case .replay: break
    case .filter(let filter):
      if let name = filter.destination {
        _ = try await asked.destination(name)
      }
      // Page by page: however many there are, each page has an answer in time, or none has.
      var after: DeliveryID?
      repeat {
        let last = after
        let page = try await asked.look { lookup async throws(StoreError) in
          try await lookup.count(filter, after: last)
        }
        counts.add(page.counts)
        after = page.next
      } while after != nil
      if counts.total == 0, counts.erased == 0 { try await typeCheck.check(filter) }
    }
    return counts
  }

  /// Destination by destination, so that each waits only for its own.
  ///
  /// (Where no destination is named, a walk along what is discarded is one for each that has any: what is discarded stands in no
  /// index, and one walk for all would have to hold them all until its end.)
  func make(
    _ change: DeliveryChange, _ selection: DeliverySelection
  ) async throws(OperationError) -> ChangedDeliveries {
    try asked.refuseWhileItHangs()
    return try await turnstile.pass { () async throws(OperationError) in
      try asked.refuseWhileItHangs()
      var total = ChangedDeliveries()
      for destination in try await destinations(of: selection) {
        let (made, error) = await make(change, selection, of: destination)
        total += made
        guard let error else { continue }
        throw OperationError(
          code: .unavailable,
          message:
            "\(total.changed.counted("was", "were")) changed, then the store failed: \(error.message); try again"
        )
      }
      if total == ChangedDeliveries(), case .filter(let filter) = selection {
        try await typeCheck.check(filter)
      }
      return total
    }
  }

  private func make(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String
  ) async -> (made: ChangedDeliveries, error: StoreError?) {
    await holds.hold([destination])
    let (made, error) = await store.change(change, selection, of: destination)
    let changed = made.changed
    holds.resume([destination], areRetried: !change.isDiscard && changed > 0)
    log(change, of: destination, changed)
    if change.isDiscard {
      metrics.discarded(destination, changed)
      if changed > 0, feed.isWatched {
        feed.tell(.discarded(changed, destination: destination, reason: .person))
      }
    }
    return (made, error)
  }

  private func log(_ change: DeliveryChange, of destination: String, _ count: Int) {
    guard count > 0 else { return }
    logger.notice(
      change.isDiscard ? "discarded by a person" : "retried by a person",
      metadata: ["destination": "\(destination)", "deliveries": .number(count)])
  }

  /// Which destinations' deliveries it may be about.
  private func destinations(of selection: DeliverySelection) async throws(OperationError) -> [String] {
    switch selection {
    case .ids(let ids):
      var names: [String] = []
      for place in try await places(of: ids) where !names.contains(place.destination) {
        names.append(place.destination)
      }
      return names
    case .replay:
      let all = try await asked.ask { store async throws(StoreError) in try await store.destinations() }
      return all.filter { $0.replaying > 0 }.map(\.name)
    case .filter(let filter):
      if let name = filter.destination {
        _ = try await asked.destination(name)
        return [name]
      }
      let all = try await asked.ask { store async throws(StoreError) in try await store.destinations() }
      // Of discarded ones nobody knows how many are still stored.
      let isDiscarded = filter.state == .discarded || filter.state == .overflowed
      return all.filter { isDiscarded ? $0.discarded + $0.overflowed > 0 : $0.pending + $0.dead > 0 }.map(
        \.name)
    }
  }

  /// - Throws: `notFound`, if one of them is not there.
  private func places(of ids: [DeliveryID]) async throws(OperationError) -> [DeliveryPlace] {
    let places = try await asked.look { lookup async throws(StoreError) in try await lookup.places(of: ids) }
    let known = Set(places.map(\.id))
    let unknown = ids.filter { !known.contains($0) }.map(\.description)
    guard !unknown.isEmpty else { return places }
    let more = unknown.count > 10 ? " and \((unknown.count - 10).counted("other", "others"))" : ""
    throw OperationError(
      code: .notFound,
      message: "the store has no delivery \(unknown.prefix(10).joined(separator: ", "))\(more) (any more); "
        + "`deliveries` and `event` show their ids")
  }
}

extension DeliveryChange {
  fileprivate var isDiscard: Bool {
    switch self {
    case .retry: false
    case .discard, .cancelForErasure: true
    }
  }
}
