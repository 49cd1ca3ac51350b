import RelayCore
import RelayPipeline
import RelayTestSupport
import RelayThreads

@testable import RelayAdmin

/// A relay that answers what it is told to, and remembers what it was asked.
final class FakeOperations: RelayOperations, WithFakeRules {
  let rules = FakeRules()
  enum Call: Equatable {
    case event(EventID)
    case events(EventPageRequest)
    case deliveries(DeliveryFilter, after: DeliveryID?, limit: Int)
    /// With what the filter does not say.
    case search(DeliverySearch, after: DeliveryID?, limit: Int)
    case groups(DeliveryFilter, after: DeliveryID?)
    case count(ChangeVerb, DeliverySelection)
    case retry(DeliverySelection)
    case discard(DeliverySelection)
    case pause(String, until: Timestamp?)
    case resume(String)
    case reload
    case backup
    case audit(AuditFilter, after: AuditID?, limit: Int)
    case countReplay(ReplayPlan)
    case replay(ReplayPlan, expected: Int?, who: String?, reason: String?)
    case replays(before: Int?, limit: Int)
    case cancelReplay(Int)
    case erase(ErasureRequest, audit: AuditID?)
    case exported(EventPageRequest)
    case series(SeriesRequest)
  }

  struct State {
    var calls: [Call] = []
    var readiness = Readiness.ready
    var metrics = "huggy_relay_build_info{version=\"1\"} 1\n"
    var status = Samples.status
    var events: [EventID: EventReport] = [:]
    var page = DeliveryReportPage(deliveries: [], next: nil)
    var groupPage = DeliveryGroupPage(groups: DeliveryGroups(), next: nil)
    var eventPage = EventPage(events: [], next: nil, reached: nil)
    var changed = 0
    var resumed = ResumeReport(wasPaused: true, liftedHold: nil)
    var counts = DeliveryCounts()
    var reload = ReloadReport(
      hash: "0123456789ab", loadedAt: Samples.now, isUnchanged: false, warnings: [], needsRestart: [])
    var refusedRequests: [RefusedRequest] = []
    var copy: [UInt8] = []
    var replayCount = ReplayCount()
    var replays: [ReplayReport] = []
    var gaps: [Gap] = []
    var series = SeriesReport(
      step: .tenSeconds, since: Samples.now, until: Samples.now, storeBytes: .init([]))
    var erasure = ErasureReport(id: "erase_1", isDryRun: false, startedAt: Samples.now)
    /// What an export gives, a page after the other.
    var pages: [EventPage] = []
    var error: OperationError?
    /// What was kept, in order, each with its outcome once there is one.
    var audit: [AuditRecord] = []
    /// Why nothing can be kept.
    var auditError: OperationError?
  }

  let state: Locked<State>
  private let currentFeed: Locked<LiveFeed>
  /// How many readers have left the stream.
  private let left = Monitor(0)
  /// The calls that have come.
  let tally = Tally()

  init(_ change: (inout State) -> Void = { _ in }) {
    var state = State()
    change(&state)
    self.state = Locked(state)
    currentFeed = Locked(Self.feed(LiveLimits(), left))
  }

  /// What the stream is fed by.
  var feed: LiveFeed { currentFeed.withLock { $0 } }
  var stream: LiveStream { LiveStream(feed: feed) }

  /// Before anybody reads the stream.
  func limit(_ change: (inout LiveLimits) -> Void) {
    var limits = LiveLimits()
    change(&limits)
    currentFeed.withLock { $0 = Self.feed(limits, left) }
  }

  private static func feed(_ limits: LiveLimits, _ left: Monitor<Int>) -> LiveFeed {
    var limits = limits
    limits.pace = .zero
    return LiveFeed(clock: ManualClock(), limits: limits) { left.update { $0 += 1 } }
  }

  /// Waits until so many readers have left the stream; at most a minute.
  func waitUntilLeft(by count: Int) {
    _ = left.wait(timeout: .seconds(60)) { $0 >= count ? true : nil }
  }

  func nodes() -> StoreNodes? { state.withLock(\.status.nodes) }

  func count(_ plan: ReplayPlan, within limit: Duration) async throws(OperationError) -> ReplayCount {
    try answer(.countReplay(plan)) { $0.replayCount }
  }

  func replay(
    _ plan: ReplayPlan, expected: Int?, who: String?, reason: String?
  ) async throws(OperationError) -> ReplayReport {
    try answer(.replay(plan, expected: expected, who: who, reason: reason)) { _ in
      let new = NewReplay(
        plan: plan.text, expected: expected, who: who, reason: reason, startedAt: Samples.now)
      return ReplayReport(replay: Replay(id: 7, new: new), plan: plan)
    }
  }

  func replays(before: Int?, limit: Int) async throws(OperationError) -> [ReplayReport] {
    try answer(.replays(before: before, limit: limit)) { $0.replays }
  }

  func replay(_ id: Int) async throws(OperationError) -> ReplayReport? {
    try answer(nil) { state in state.replays.first { $0.replay.id == id } }
  }

  func cancelReplay(_ id: Int) async throws(OperationError) -> ReplayReport? {
    try answer(.cancelReplay(id)) { state in state.replays.first { $0.replay.id == id } }
  }

  var calls: [Call] { state.withLock(\.calls) }

  private func answer<Value>(_ call: Call?, _ value: (State) -> Value) throws(OperationError) -> Value {
    let (result, error) = state.withLock { state in
      if let call { state.calls.append(call) }
      return (value(state), state.error)
    }
    if call != nil { tally.add() }
    if let error { throw error }
    return result
  }

  var readiness: Readiness { state.withLock(\.readiness) }
  func metrics() async -> [UInt8] { Array(state.withLock(\.metrics).utf8) }
  func refusedRequests() -> [RefusedRequest] { state.withLock(\.refusedRequests) }
  func backup() async throws(OperationError) -> any StoreCopy { try answer(.backup) { FakeCopy($0.copy) } }
  func status() async throws(OperationError) -> RelayStatus { try answer(nil) { $0.status } }

  func series(_ request: SeriesRequest) throws(OperationError) -> SeriesReport {
    try answer(.series(request)) { $0.series }
  }

  func gaps(since: Timestamp?, until: Timestamp?) async throws(OperationError) -> [Gap] {
    try answer(nil) { $0.gaps }
  }

  func event(_ id: EventID) async throws(OperationError) -> EventReport? {
    try answer(.event(id)) { $0.events[id] }
  }

  func deliveries(
    _ search: DeliverySearch, after: DeliveryID?, limit: Int
  ) async throws(OperationError) -> DeliveryReportPage {
    let call: Call =
      search.isPlain
      ? .deliveries(search.filter, after: after, limit: limit) : .search(search, after: after, limit: limit)
    return try answer(call) { $0.page }
  }

  func groups(
    _ filter: DeliveryFilter, after: DeliveryID?
  ) async throws(OperationError) -> DeliveryGroupPage {
    try answer(.groups(filter, after: after)) { $0.groupPage }
  }

  func events(_ request: EventPageRequest) async throws(OperationError) -> EventPage {
    try answer(.events(request)) { $0.eventPage }
  }

  func count(
    _ change: ChangeVerb, _ selection: DeliverySelection
  ) async throws(OperationError) -> DeliveryCounts {
    try answer(.count(change, selection)) { $0.counts }
  }

  func retry(_ selection: DeliverySelection) async throws(OperationError) -> RetryOutcome {
    try answer(.retry(selection)) { RetryOutcome(changed: $0.changed, erased: $0.counts.erased) }
  }

  func discard(_ selection: DeliverySelection) async throws(OperationError) -> Int {
    try answer(.discard(selection)) { $0.changed }
  }

  func pause(_ destination: String, until: Timestamp?) async throws(OperationError) {
    try answer(.pause(destination, until: until)) { _ in }
  }

  func resume(_ destination: String) async throws(OperationError) -> ResumeReport {
    try answer(.resume(destination)) { $0.resumed }
  }

  func erase(_ request: ErasureRequest, audit: AuditID?) async throws(OperationError) -> ErasureReport {
    try answer(.erase(request, audit: audit)) { $0.erasure }
  }

  func erasure(_ id: String) -> ErasureReport? {
    state.withLock { $0.erasure.id == id ? $0.erasure : nil }
  }

  func exported(_ request: EventPageRequest) async throws(OperationError) -> EventPage {
    let page = try answer(.exported(request)) { $0.pages.first }
    state.withLock { if !$0.pages.isEmpty { $0.pages.removeFirst() } }
    return page ?? EventPage(events: [], next: nil, reached: nil)
  }

  func reload() async throws(OperationError) -> ReloadReport { try answer(.reload) { $0.reload } }

  func beginAudit(_ entry: AuditEntry) async throws(OperationError) -> AuditID {
    let (id, error) = state.withLock { state in
      let id = AuditID(rawValue: Int64(state.audit.count + 1))
      if state.auditError == nil { state.audit.append(AuditRecord(id: id, entry: entry, outcome: nil)) }
      return (id, state.auditError)
    }
    if let error { throw error }
    return id
  }

  func endAudit(_ id: AuditID, _ outcome: AuditOutcome) async {
    state.withLock { $0.audit[Int(id.rawValue) - 1].outcome = outcome }
  }

  func audit(
    _ filter: AuditFilter, after: AuditID?, limit: Int
  ) async throws(OperationError) -> AuditPage {
    try answer(.audit(filter, after: after, limit: limit)) {
      AuditPage(
        records: $0.audit.reversed().filter { filter.kinds?.contains($0.entry.what) ?? true },
        next: AuditID(rawValue: 7))
    }
  }
}

private final class FakeCopy: StoreCopy {
  let format = StoreCopyFormat(contentType: "application/x-copy", name: "copy") { _ in nil }
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  var byteCount: Int { bytes.count }

  func read(at offset: Int, upTo count: Int) throws(StoreError) -> [UInt8] {
    Array(bytes[min(offset, bytes.count)...].prefix(count))
  }
}
