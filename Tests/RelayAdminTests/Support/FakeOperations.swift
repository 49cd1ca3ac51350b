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
    case deliveries(DeliveryFilter, after: DeliveryID?, limit: Int)
    case count(ChangeVerb, DeliverySelection)
    case retry(DeliverySelection)
    case discard(DeliverySelection)
    case pause(String, until: Timestamp?)
    case resume(String)
    case reload
    case backup
  }

  struct State {
    var calls: [Call] = []
    var readiness = Readiness.ready
    var metrics = "huggy_relay_build_info{version=\"1\"} 1\n"
    var status = Samples.status
    var events: [EventID: EventReport] = [:]
    var page = DeliveryReportPage(deliveries: [], next: nil)
    var changed = 0
    var resumed = ResumeReport(wasPaused: true, liftedHold: nil)
    var counts = DeliveryCounts()
    var reload = ReloadReport(
      hash: "0123456789ab", loadedAt: Samples.now, isUnchanged: false, warnings: [], needsRestart: [])
    var refusedRequests: [RefusedRequest] = []
    var copy: [UInt8] = []
    var error: OperationError?
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

  func event(_ id: EventID) async throws(OperationError) -> EventReport? {
    try answer(.event(id)) { $0.events[id] }
  }

  func deliveries(
    _ filter: DeliveryFilter, after: DeliveryID?, limit: Int
  ) async throws(OperationError) -> DeliveryReportPage {
    try answer(.deliveries(filter, after: after, limit: limit)) { $0.page }
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
