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
    case count(ChangeVerb, DeliverySelection)
    case retry(DeliverySelection)
    case discard(DeliverySelection)
    case pause(String, until: Timestamp?)
    case resume(String)
    case reload
    case backup
    case audit(AuditFilter, after: AuditID?, limit: Int)
  }

  struct State {
    var calls: [Call] = []
    var readiness = Readiness.ready
    var metrics = "huggy_relay_build_info{version=\"1\"} 1\n"
    var status = Samples.status
    var events: [EventID: EventReport] = [:]
    var page = DeliveryReportPage(deliveries: [], next: nil)
    var eventPage = EventPage(events: [], next: nil, reached: nil)
    var changed = 0
    var resumed = ResumeReport(wasPaused: true, liftedHold: nil)
    var counts = DeliveryCounts()
    var reload = ReloadReport(
      hash: "0123456789ab", loadedAt: Samples.now, isUnchanged: false, warnings: [], needsRestart: [])
    var refusedRequests: [RefusedRequest] = []
    var copy: [UInt8] = []
    var gaps: [Gap] = []
    var error: OperationError?
    /// What was kept, in order, each with its outcome once there is one.
    var audit: [AuditRecord] = []
    /// Why nothing can be kept.
    var auditError: OperationError?
  }

  let state: Locked<State>
  /// The calls that have come.
  let tally = Tally()

  init(_ change: (inout State) -> Void = { _ in }) {
    var state = State()
    change(&state)
    self.state = Locked(state)
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

  func events(_ request: EventPageRequest) async throws(OperationError) -> EventPage {
    try answer(.events(request)) { $0.eventPage }
  }

  func count(
    _ change: ChangeVerb, _ selection: DeliverySelection
  ) async throws(OperationError) -> DeliveryCounts {
    try answer(.count(change, selection)) { $0.counts }
  }

  func retry(_ selection: DeliverySelection) async throws(OperationError) -> Int {
    try answer(.retry(selection)) { $0.changed }
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
      AuditPage(records: $0.audit.reversed(), next: AuditID(rawValue: 7))
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
