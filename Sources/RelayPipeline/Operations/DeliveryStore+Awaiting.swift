import RelayCore

/// The store's calls for those that may wait, off its path.
extension DeliveryStore {
  /// Other relays take in for it now.
  var isSharedNow: Bool { (nodes?.nodes.count ?? 0) > 1 }

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

  func hold(_ destinations: [String]) async {
    await withCheckedContinuation { continuation in
      hold(destinations) { continuation.resume() }
    }
  }

  func reorder(_ destination: String, by ordering: Ordering) async throws(StoreError) {
    try await withCheckedContinuation { continuation in
      reorder(destination, by: ordering) { continuation.resume(returning: $0) }
    }.get()
  }

  func change(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String
  ) async -> (made: ChangedDeliveries, error: StoreError?) {
    await withCheckedContinuation { continuation in
      self.change(change, selection, of: destination) { continuation.resume(returning: ($0, $1)) }
    }
  }

  func endRetryAfter(of destination: String) async throws(StoreError) -> RetryAfterEnd {
    try await withCheckedContinuation { continuation in
      endRetryAfter(of: destination) { continuation.resume(returning: $0) }
    }.get()
  }

  func erase(_ events: [EventID]) async throws(StoreError) -> ErasedEvents {
    try await withCheckedContinuation { continuation in
      erase(events) { continuation.resume(returning: $0) }
    }.get()
  }

  func overwriteErased() async throws(StoreError) -> ErasedTraces {
    try await withCheckedContinuation { continuation in
      overwriteErased { continuation.resume(returning: $0) }
    }.get()
  }

  func backup() async throws(StoreError) -> any StoreCopy {
    try await withCheckedContinuation { continuation in
      backup { continuation.resume(returning: $0) }
    }.get()
  }

  func beginAudit(_ entry: AuditEntry) async throws(StoreError) -> AuditID {
    try await withCheckedContinuation { continuation in
      beginAudit(entry) { continuation.resume(returning: $0) }
    }.get()
  }

  func endAudit(_ id: AuditID, _ outcome: AuditOutcome) async throws(StoreError) {
    try await withCheckedContinuation { continuation in
      endAudit(id, outcome) { continuation.resume(returning: $0) }
    }.get()
  }

  func amendAudit(_ amendments: [AuditAmendment]) async throws(StoreError) {
    try await withCheckedContinuation { continuation in
      amendAudit(amendments) { continuation.resume(returning: $0) }
    }.get()
  }

  func learnedTokens() async throws(StoreError) -> [String: LearnedToken] {
    try await withCheckedContinuation { continuation in
      learnedTokens { continuation.resume(returning: $0) }
    }.get()
  }

  /// - Parameter committed: Runs on the store's thread, in the order of the commits; whoever waits or not.
  func keepToken(
    _ token: LearnedToken?, of source: String, committed: @escaping @Sendable () -> Void
  ) async throws(StoreError) {
    try await withCheckedContinuation { continuation in
      keepToken(token, of: source) { result in
        if case .success = result { committed() }
        continuation.resume(returning: result)
      }
    }.get()
  }

  /// - Parameter committed: Runs on the store's thread, in the order of the commits; whoever waits or not.
  func pause(
    _ destination: String, until: Timestamp?, committed: @escaping @Sendable () -> Void
  ) async throws(StoreError) {
    try await withCheckedContinuation { continuation in
      pause(destination, until: until) { result in
        if case .success = result { committed() }
        continuation.resume(returning: result)
      }
    }.get()
  }
}

extension ReplayStore {
  func begin(_ replay: NewReplay) async throws(StoreError) -> Replay {
    try await withCheckedContinuation { continuation in
      begin(replay) { continuation.resume(returning: $0) }
    }.get()
  }

  /// - Parameter committed: Runs on the store's thread, in the order of the commits, whenever something of it may have been queued.
  func queue(
    _ step: ReplayStep, committed: @escaping @Sendable (Replay) -> Void
  ) async throws(StoreError) -> Replay {
    try await withCheckedContinuation { continuation in
      queue(step, progress: committed) { result in
        if case .success(let replay) = result { committed(replay) }
        continuation.resume(returning: result)
      }
    }.get()
  }

  func end(_ replay: Int, as end: ReplayEnd) async throws(StoreError) -> Replay? {
    try await withCheckedContinuation { continuation in
      self.end(replay, as: end) { continuation.resume(returning: $0) }
    }.get()
  }

  func amend(_ replay: Int, plan: String, reason: String?) async throws(StoreError) {
    try await withCheckedContinuation { continuation in
      amend(replay, plan: plan, reason: reason) { continuation.resume(returning: $0) }
    }.get()
  }
}

extension ReplayLookup {
  func replays(before: Int?, limit: Int) async throws(StoreError) -> [Replay] {
    try await withCheckedContinuation { continuation in
      replays(before: before, limit: limit) { continuation.resume(returning: $0) }
    }.get()
  }

  func replay(_ id: Int) async throws(StoreError) -> Replay? {
    try await withCheckedContinuation { continuation in
      replay(id) { continuation.resume(returning: $0) }
    }.get()
  }

  func replayable(_ request: EventPageRequest) async throws(StoreError) -> ReplayPage {
    try await withCheckedContinuation { continuation in
      replayable(request) { continuation.resume(returning: $0) }
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

  func events(_ request: EventPageRequest) async throws(StoreError) -> EventPage {
    try await withCheckedContinuation { continuation in
      events(request) { continuation.resume(returning: $0) }
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

  func count(
    _ filter: DeliveryFilter, after: DeliveryID?
  ) async throws(StoreError) -> DeliveryCountPage {
    try await withCheckedContinuation { continuation in
      count(filter, after: after) { continuation.resume(returning: $0) }
    }.get()
  }

  func groups(
    _ filter: DeliveryFilter, after: DeliveryID?
  ) async throws(StoreError) -> DeliveryGroupPage {
    try await withCheckedContinuation { continuation in
      groups(filter, after: after) { continuation.resume(returning: $0) }
    }.get()
  }

  func oldestPending() async throws(StoreError) -> [String: Timestamp] {
    try await withCheckedContinuation { continuation in
      oldestPending { continuation.resume(returning: $0) }
    }.get()
  }

  func audit(_ filter: AuditFilter, after: AuditID?, limit: Int) async throws(StoreError) -> AuditPage {
    try await withCheckedContinuation { continuation in
      audit(filter, after: after, limit: limit) { continuation.resume(returning: $0) }
    }.get()
  }

  func oldestDue() async throws(StoreError) -> [String: Timestamp] {
    try await withCheckedContinuation { continuation in
      oldestDue { continuation.resume(returning: $0) }
    }.get()
  }

  func pendingWaits(at now: Timestamp) async throws(StoreError) -> [String: PendingWaits] {
    try await withCheckedContinuation { continuation in
      pendingWaits(at: now) { continuation.resume(returning: $0) }
    }.get()
  }

  func gaps(since: Timestamp?, until: Timestamp?) async throws(StoreError) -> [Gap] {
    try await withCheckedContinuation { continuation in
      gaps(since: since, until: until) { continuation.resume(returning: $0) }
    }.get()
  }
}
