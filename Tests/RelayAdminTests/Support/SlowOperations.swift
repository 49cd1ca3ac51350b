import RelayCore
import RelayPipeline
import RelayTestSupport

/// Says how it is only once it may.
final class SlowOperations: RelayOperations, WithFakeRules {
  let rules = FakeRules()
  let stream = LiveStream(feed: LiveFeed(clock: ManualClock()))
  let isAsked = Latch()
  let mayAnswer = Latch()
  private let fake = FakeOperations()

  func status() async throws(OperationError) -> RelayStatus {
    isAsked.open()
    await mayAnswer.wait()
    return try await fake.status()
  }

  func nodes() -> StoreNodes? { fake.nodes() }
  var readiness: Readiness { fake.readiness }
  func metrics() async -> [UInt8] { await fake.metrics() }
  func refusedRequests() -> [RefusedRequest] { [] }
  func beginAudit(_ entry: AuditEntry) async throws(OperationError) -> AuditID {
    try await fake.beginAudit(entry)
  }
  func endAudit(_ id: AuditID, _ outcome: AuditOutcome) async { await fake.endAudit(id, outcome) }
  func audit(
    _ filter: AuditFilter, after: AuditID?, limit: Int
  ) async throws(OperationError) -> AuditPage { AuditPage(records: [], next: nil) }
  func backup() async throws(OperationError) -> any StoreCopy {
    throw OperationError(code: .unavailable, message: "there is no store")
  }
  func series(_ request: SeriesRequest) throws(OperationError) -> SeriesReport { try fake.series(request) }
  func gaps(since: Timestamp?, until: Timestamp?) async throws(OperationError) -> [Gap] { [] }
  func event(_ id: EventID) async throws(OperationError) -> EventReport? { try await fake.event(id) }
  func count(
    _ change: ChangeVerb, _ selection: DeliverySelection
  ) async throws(OperationError) -> DeliveryCounts { DeliveryCounts() }
  func retry(_ selection: DeliverySelection) async throws(OperationError) -> RetryOutcome {
    RetryOutcome(changed: 0)
  }
  func discard(_ selection: DeliverySelection) async throws(OperationError) -> Int { 0 }
  func pause(_ destination: String, until: Timestamp?) async throws(OperationError) {}
  func resume(_ destination: String) async throws(OperationError) -> ResumeReport {
    ResumeReport(wasPaused: false, liftedHold: nil)
  }
  func count(_ plan: ReplayPlan, within limit: Duration) async throws(OperationError) -> ReplayCount {
    ReplayCount()
  }
  func replay(
    _ plan: ReplayPlan, expected: Int?, who: String?, reason: String?
  ) async throws(OperationError) -> ReplayReport {
    try await fake.replay(plan, expected: expected, who: who, reason: reason)
  }
  func replays(before: Int?, limit: Int) async throws(OperationError) -> [ReplayReport] { [] }
  func replay(_ id: Int) async throws(OperationError) -> ReplayReport? { nil }
  func cancelReplay(_ id: Int) async throws(OperationError) -> ReplayReport? { nil }
  func reload() async throws(OperationError) -> ReloadReport { try await fake.reload() }

  func erase(_ request: ErasureRequest, audit: AuditID?) async throws(OperationError) -> ErasureReport {
    try await fake.erase(request, audit: audit)
  }
  func erasure(_ id: String) -> ErasureReport? { fake.erasure(id) }
  func exported(_ request: EventPageRequest) async throws(OperationError) -> EventPage {
    try await fake.exported(request)
  }

  func deliveries(
    _ search: DeliverySearch, after: DeliveryID?, limit: Int
  ) async throws(OperationError) -> DeliveryReportPage {
    try await fake.deliveries(search, after: after, limit: limit)
  }

  func groups(
    _ filter: DeliveryFilter, after: DeliveryID?
  ) async throws(OperationError) -> DeliveryGroupPage { try await fake.groups(filter, after: after) }

  func events(_ request: EventPageRequest) async throws(OperationError) -> EventPage {
    try await fake.events(request)
  }
}

/// Opens once, for all who wait.
final class Latch: Sendable {
  private let (waits, opens) = AsyncStream.makeStream(of: Void.self)

  func open() { opens.finish() }

  func wait() async {
    for await _ in waits {}
  }
}
