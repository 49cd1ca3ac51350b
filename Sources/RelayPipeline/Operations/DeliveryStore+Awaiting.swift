import RelayCore

/// The store's calls for those that may wait, off its path.
extension DeliveryStore {
  func configure(_ configuration: StoreConfiguration) async throws(StoreError) {
    try await withCheckedContinuation { continuation in
      configure(configuration) { continuation.resume(returning: $0) }
    }.get()
  }

  func destinations() async throws(StoreError) -> [StoredDestination] {
    try await withCheckedContinuation { continuation in
      destinations { continuation.resume(returning: $0) }
    }.get()
  }

  func usage() async throws(StoreError) -> StoreUsage {
    try await withCheckedContinuation { continuation in
      usage { continuation.resume(returning: $0) }
    }.get()
  }

  func withhold(_ destinations: [String]) async {
    await withCheckedContinuation { continuation in
      withhold(destinations) { continuation.resume() }
    }
  }

  func reorder(_ destination: String, by ordering: Ordering) async throws(StoreError) {
    try await withCheckedContinuation { continuation in
      reorder(destination, by: ordering) { continuation.resume(returning: $0) }
    }.get()
  }

  func change(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String
  ) async -> (changed: Int, error: StoreError?) {
    await withCheckedContinuation { continuation in
      self.change(change, selection, of: destination) { continuation.resume(returning: ($0, $1)) }
    }
  }

  func backup() async throws(StoreError) -> any StoreCopy {
    try await withCheckedContinuation { continuation in
      backup { continuation.resume(returning: $0) }
    }.get()
  }

  func pause(_ destination: String, until: Timestamp?) async throws(StoreError) {
    try await withCheckedContinuation { continuation in
      pause(destination, until: until) { continuation.resume(returning: $0) }
    }.get()
  }
}

extension DeliveryLookup {
  func look() async throws(StoreError) {
    try await withCheckedContinuation { continuation in
      look { continuation.resume(returning: $0) }
    }.get()
  }

  func event(_ id: EventID) async throws(StoreError) -> EventRecord? {
    try await withCheckedContinuation { continuation in
      event(id) { continuation.resume(returning: $0) }
    }.get()
  }

  func deliveries(
    _ filter: DeliveryFilter, after: DeliveryID?, limit: Int
  ) async throws(StoreError) -> DeliveryPage {
    try await withCheckedContinuation { continuation in
      deliveries(filter, after: after, limit: limit) { continuation.resume(returning: $0) }
    }.get()
  }

  func places(of ids: [DeliveryID]) async throws(StoreError) -> [DeliveryPlace] {
    try await withCheckedContinuation { continuation in
      places(of: ids) { continuation.resume(returning: $0) }
    }.get()
  }

  /// Of all pages.
  func count(_ filter: DeliveryFilter) async throws(StoreError) -> DeliveryCounts {
    var counts = DeliveryCounts()
    var after: DeliveryID?
    repeat {
      let last = after
      let page = try await withCheckedContinuation { continuation in
        count(filter, after: last) { continuation.resume(returning: $0) }
      }.get()
      counts.add(page.counts)
      after = page.next
    } while after != nil
    return counts
  }

  func oldestPending() async throws(StoreError) -> [String: Timestamp] {
    try await withCheckedContinuation { continuation in
      oldestPending { continuation.resume(returning: $0) }
    }.get()
  }
}
