import RelayCore
import Testing

/// The store's calls for tests: `posted…` returns at once, the others wait.
extension DeliveryStore {
  /// For who does not wait for what comes late.
  package func append(
    _ envelope: NewEnvelope, completion: @escaping @Sendable (Result<AppendOutcome, StoreError>) -> Void
  ) {
    append(envelope, late: { _ in }, completion: completion)
  }

  package func posted(
    _ envelope: NewEnvelope, late: @escaping @Sendable ([Delivery]) -> Void = { _ in }
  ) -> Promise<Result<AppendOutcome, StoreError>> {
    let promise = Promise<Result<AppendOutcome, StoreError>>("the answer to an append")
    append(envelope, late: late) { promise.keep($0) }
    return promise
  }

  package func posted(_ settlements: [Settlement]) -> Promise<[Delivery]> {
    let promise = Promise<[Delivery]>("the answer to settlements", otherwise: [])
    settle(settlements) { promise.keep($0) }
    return promise
  }

  package func posted(_ request: ClaimRequest) -> Promise<Claim> {
    let promise = Promise<Claim>(
      "the answer to a claim",
      otherwise: Claim(
        destination: request.destination, kind: request.kind, deliveries: [], isExhausted: false))
    claim(request) { promise.keep($0) }
    return promise
  }

  package func posted(_ configuration: StoreConfiguration) -> Promise<Result<Void, StoreError>> {
    let promise = Promise<Result<Void, StoreError>>("the end of a configuring")
    configure(configuration) { promise.keep($0) }
    return promise
  }

  package func postedDestinations() -> Promise<Result<[StoredDestination], StoreError>> {
    let promise = Promise<Result<[StoredDestination], StoreError>>("the destinations")
    destinations { promise.keep($0) }
    return promise
  }

  package func posted(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String = "crm"
  ) -> Promise<ChangeOutcome> {
    let promise = Promise<ChangeOutcome>("the end of a change", otherwise: ChangeOutcome(changed: -1))
    self.change(change, selection, of: destination) { promise.keep(ChangeOutcome($0, error: $1)) }
    return promise
  }

  package func postedReorder(
    _ destination: String = "crm", by ordering: Ordering
  ) -> Promise<Result<Void, StoreError>> {
    let promise = Promise<Result<Void, StoreError>>("the end of a reorder")
    reorder(destination, by: ordering) { promise.keep($0) }
    return promise
  }

  // MARK: The path

  package func append(_ envelope: NewEnvelope) async throws(StoreError) -> AppendOutcome {
    try await posted(envelope).value.get()
  }

  /// Appends what is no duplicate.
  package func stored(_ envelope: NewEnvelope) async throws -> [Delivery] {
    guard case .stored(let deliveries) = try await append(envelope) else { throw UnexpectedDuplicate() }
    return deliveries
  }

  /// - Returns: The deliveries whose turn it has become.
  @discardableResult
  package func settle(_ settlements: Settlement...) async -> [Delivery] {
    await posted(settlements).value
  }

  package func claim(
    _ kind: ClaimRequest.Kind = .fresh, in queue: DeliveryQueue = .live, of destination: String = "crm",
    now: Timestamp = .second(0),
    latestDue: Timestamp = .distantFuture, limit: Int = 10_000, byteLimit: Int = .max,
    after: DeliveryID? = nil
  ) async -> Claim {
    await posted(
      ClaimRequest(
        destination: destination, queue: queue, kind: kind, now: now, latestDue: latestDue, limit: limit,
        byteLimit: byteLimit, after: after)
    ).value
  }

  // MARK: Configuration and operation

  package func configure(_ configuration: StoreConfiguration) async throws(StoreError) {
    try await posted(configuration).value.get()
  }

  package func destinations() async throws(StoreError) -> [StoredDestination] {
    try await postedDestinations().value.get()
  }

  package func destination(_ name: String = "crm") async throws -> StoredDestination? {
    try await destinations().first { $0.name == name }
  }

  /// Of the destinations that have any deliveries.
  package func books() async throws(StoreError) -> [String: Books] { try await destinations().books }

  package func size() async throws(StoreError) -> Int {
    let promise = Promise<Result<Int, StoreError>>("the size")
    size { promise.keep($0) }
    return try await promise.value.get()
  }

  package func hold(_ destinations: String...) async {
    let promise = Promise<Void>("the beginning of a hold")
    hold(destinations) { promise.keep(()) }
    await promise.value
  }

  /// A sign of life.
  package func ping() async {
    let promise = Promise<Void>("a sign of life")
    ping { promise.keep(()) }
    await promise.value
  }

  package func reorder(_ destination: String = "crm", by ordering: Ordering) async throws(StoreError) {
    try await postedReorder(destination, by: ordering).value.get()
  }

  /// Withholds the destination meanwhile, as is asked of whoever calls this.
  ///
  /// - Returns: How many were changed.
  @discardableResult
  package func change(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String = "crm"
  ) async throws(StoreError) -> Int {
    let outcome = await outcome(of: change, selection, at: destination)
    if let error = outcome.error { throw error }
    return outcome.changed
  }

  /// The same, with all that came of it.
  package func outcome(
    of change: DeliveryChange, _ selection: DeliverySelection, at destination: String = "crm"
  ) async -> ChangeOutcome {
    await hold(destination)
    let outcome = await posted(change, selection, of: destination).value
    resume([destination])
    return outcome
  }

  package func beginAudit(_ entry: AuditEntry) async throws(StoreError) -> AuditID {
    let promise = Promise<Result<AuditID, StoreError>>("an entry of the audit")
    beginAudit(entry) { promise.keep($0) }
    return try await promise.value.get()
  }

  package func endAudit(_ id: AuditID, _ outcome: AuditOutcome) async throws(StoreError) {
    let promise = Promise<Result<Void, StoreError>>("an outcome in the audit")
    endAudit(id, outcome) { promise.keep($0) }
    try await promise.value.get()
  }

  package func amendAudit(_ amendments: [AuditAmendment]) async throws(StoreError) {
    let promise = Promise<Result<Void, StoreError>>("other words in the audit")
    amendAudit(amendments) { promise.keep($0) }
    try await promise.value.get()
  }

  package func amend(_ replay: Int, plan: String, reason: String?) async throws(StoreError) {
    let promise = Promise<Result<Void, StoreError>>("other words of a replay")
    amend(replay, plan: plan, reason: reason) { promise.keep($0) }
    try await promise.value.get()
  }

  package func erase(_ events: [EventID]) async throws(StoreError) -> ErasedEvents {
    let promise = Promise<Result<ErasedEvents, StoreError>>("the end of an erasure")
    erase(events) { promise.keep($0) }
    return try await promise.value.get()
  }

  package func overwriteErased() async throws(StoreError) -> ErasedTraces {
    let promise = Promise<Result<ErasedTraces, StoreError>>("the end of an overwriting")
    overwriteErased { promise.keep($0) }
    return try await promise.value.get()
  }

  package func pause(_ destination: String = "crm", until: Timestamp?) async throws(StoreError) {
    let promise = Promise<Result<Void, StoreError>>("the end of a pause's recording")
    pause(destination, until: until) { promise.keep($0) }
    try await promise.value.get()
  }

  package func keepToken(_ token: LearnedToken?, of source: String = "huggy") async throws(StoreError) {
    let promise = Promise<Result<Void, StoreError>>("the end of a token's recording")
    keepToken(token, of: source) { promise.keep($0) }
    try await promise.value.get()
  }

  package func allLearnedTokens() async throws(StoreError) -> [String: LearnedToken] {
    let promise = Promise<Result<[String: LearnedToken], StoreError>>("the learned tokens")
    learnedTokens { promise.keep($0) }
    return try await promise.value.get()
  }
}

package struct ChangeOutcome: Sendable, Equatable {
  package var changed: Int
  package var erased: Int
  package var error: StoreError?

  package init(changed: Int, erased: Int = 0, error: StoreError? = nil) {
    self.changed = changed
    self.erased = erased
    self.error = error
  }

  package init(_ made: ChangedDeliveries, error: StoreError?) {
    self.init(changed: made.changed, erased: made.erased, error: error)
  }
}

package struct UnexpectedDuplicate: Error {
  package init() {}
}

extension Claim {
  package var ids: [DeliveryID] { deliveries.map(\.id) }
}

extension [Delivery] {
  /// The one that there is.
  package var only: Delivery {
    get throws { try #require(count == 1 ? first : nil, "\(count) deliveries, and not one") }
  }
}
