import RelayCore
import RelayTestSupport
import RelayThreads

/// A real store, some of whose calls wait until a test lets them go: then they are done, in their order.
final class HeldStore: DeliveryStore {
  let kind = "held"
  var downTime: Gap? { real.downTime }
  enum Call: Sendable {
    case configure, pause, backup
  }

  private struct State: Sendable {
    var held: Call?
    var waiting: [@Sendable () -> Void] = []
    var configurations: [StoreConfiguration] = []
    var retryAfterEnd = RetryAfterEnd.own
  }

  private let real: any DeliveryStore
  private let state = Locked(State())
  /// The first held call has come.
  let hasCome = Promise<Void>("the first held call")
  /// Pauses that were done, and their callers told.
  let pauses = Tally()
  /// What a copy comes to.
  private let copy: Result<any StoreCopy, StoreError>
  /// What is left of what was erased; nil: what the real one says.
  private let traces: ErasedTraces?

  init(
    _ real: any DeliveryStore, copy: Result<any StoreCopy, StoreError>, traces: ErasedTraces? = nil
  ) {
    self.real = real
    self.copy = copy
    self.traces = traces
  }

  func hold(_ call: Call) { state.withLock { $0.held = call } }

  func letGo() {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      state.held = nil
      return state.waiting
    }
    for call in waiting { call() }
  }

  /// As they were done.
  var configurations: [StoreConfiguration] { state.withLock { $0.configurations } }

  private func run(_ call: Call, _ body: @escaping @Sendable () -> Void) {
    let place = state.withLock { state -> Int? in
      guard state.held == call else { return nil }
      state.waiting.append(body)
      return state.waiting.count
    }
    if place == nil { body() }
    if place == 1 { hasCome.keep(()) }
  }

  func configure(
    _ configuration: StoreConfiguration, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    run(.configure) { [self] in
      state.withLock { $0.configurations.append(configuration) }
      real.configure(configuration, completion: completion)
    }
  }

  func pause(
    _ destination: String, until: Timestamp?,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    run(.pause) { [self] in
      real.pause(destination, until: until) { [pauses] result in
        completion(result)
        pauses.add()
      }
    }
  }

  /// Another relay has the lanes, and says this of one.
  func laneIsElsewhere(_ end: RetryAfterEnd) { state.withLock { $0.retryAfterEnd = end } }

  func endRetryAfter(
    of destination: String, completion: @escaping @Sendable (Result<RetryAfterEnd, StoreError>) -> Void
  ) { completion(.success(state.withLock { $0.retryAfterEnd })) }

  func keep(_ gaps: [Gap], completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
    real.keep(gaps, completion: completion)
  }

  func backup(completion: @escaping @Sendable (Result<any StoreCopy, StoreError>) -> Void) {
    run(.backup) { [copy] in completion(copy) }
  }

  func beginAudit(
    _ entry: AuditEntry, completion: @escaping @Sendable (Result<AuditID, StoreError>) -> Void
  ) { real.beginAudit(entry, completion: completion) }

  func endAudit(
    _ id: AuditID, _ outcome: AuditOutcome, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) { real.endAudit(id, outcome, completion: completion) }

  func append(
    _ envelope: NewEnvelope, late: @escaping @Sendable ([Delivery]) -> Void,
    completion: @escaping @Sendable (Result<AppendOutcome, StoreError>) -> Void
  ) { real.append(envelope, late: late, completion: completion) }

  func settle(
    _ settlements: [Settlement], isUrgent: Bool, completion: @escaping @Sendable ([Delivery]) -> Void
  ) { real.settle(settlements, isUrgent: isUrgent, completion: completion) }

  func claim(_ request: ClaimRequest, completion: @escaping @Sendable (Claim) -> Void) {
    real.claim(request, completion: completion)
  }

  func release(_ deliveries: [DeliveryID]) { real.release(deliveries) }

  func destinations(completion: @escaping @Sendable (Result<[StoredDestination], StoreError>) -> Void) {
    real.destinations(completion: completion)
  }

  func usage(completion: @escaping @Sendable (Result<StoreUsage, StoreError>) -> Void) {
    real.usage(completion: completion)
  }

  func hold(_ destinations: [String], completion: @escaping @Sendable () -> Void) {
    real.hold(destinations, completion: completion)
  }

  func resume(_ destinations: [String]) { real.resume(destinations) }

  func reorder(
    _ destination: String, by ordering: Ordering,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) { real.reorder(destination, by: ordering, completion: completion) }

  func change(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String,
    completion: @escaping @Sendable (ChangedDeliveries, StoreError?) -> Void
  ) { real.change(change, selection, of: destination, completion: completion) }

  func keepToken(
    _ token: LearnedToken?, of source: String,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) { real.keepToken(token, of: source, completion: completion) }

  func learnedTokens(completion: @escaping @Sendable (Result<[String: LearnedToken], StoreError>) -> Void) {
    real.learnedTokens(completion: completion)
  }

  func erase(
    _ events: [EventID], completion: @escaping @Sendable (Result<ErasedEvents, StoreError>) -> Void
  ) { real.erase(events, completion: completion) }

  func overwriteErased(completion: @escaping @Sendable (Result<ErasedTraces, StoreError>) -> Void) {
    if let traces { return completion(.success(traces)) }
    real.overwriteErased(completion: completion)
  }

  func setSuspended(_ suspended: SuspendedTime, of destination: String) {
    real.setSuspended(suspended, of: destination)
  }

  func begin(_ replay: NewReplay, completion: @escaping @Sendable (Result<Replay, StoreError>) -> Void) {
    real.begin(replay, completion: completion)
  }

  func queue(
    _ step: ReplayStep, progress: @escaping @Sendable (Replay) -> Void,
    completion: @escaping @Sendable (Result<Replay, StoreError>) -> Void
  ) {
    real.queue(step, progress: progress, completion: completion)
  }

  func end(
    _ replay: Int, as end: ReplayEnd, completion: @escaping @Sendable (Result<Replay?, StoreError>) -> Void
  ) { real.end(replay, as: end, completion: completion) }

  func amend(
    _ replay: Int, plan: String, reason: String?,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) { real.amend(replay, plan: plan, reason: reason, completion: completion) }

  func amendAudit(
    _ amendments: [AuditAmendment], completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) { real.amendAudit(amendments, completion: completion) }

  func ping(_ answer: @escaping @Sendable () -> Void) { real.ping(answer) }

  func close() { real.close() }

  func close(within limit: Duration) -> Bool { real.close(within: limit) }
}
