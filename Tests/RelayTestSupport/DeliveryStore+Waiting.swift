import RelayCore

/// The store's calls for tests: `posted…` returns at once, the others wait.
extension DeliveryStore {
  public func posted(_ envelope: NewEnvelope) -> Promise<Result<AppendOutcome, StoreError>> {
    let promise = Promise<Result<AppendOutcome, StoreError>>()
    append(envelope) { promise.keep($0) }
    return promise
  }

  public func posted(_ settlements: [Settlement]) -> Promise<Void> {
    let promise = Promise<Void>()
    settle(settlements) { promise.keep(()) }
    return promise
  }

  public func posted(_ request: ClaimRequest) -> Promise<Claim> {
    let promise = Promise<Claim>()
    claim(request) { promise.keep($0) }
    return promise
  }

  public func posted(_ names: StoreNames) -> Promise<Result<Void, StoreError>> {
    let promise = Promise<Result<Void, StoreError>>()
    register(names) { promise.keep($0) }
    return promise
  }

  public func postedCounts() -> Promise<Result<[String: DeliveryCounts], StoreError>> {
    let promise = Promise<Result<[String: DeliveryCounts], StoreError>>()
    pendingCounts { promise.keep($0) }
    return promise
  }

  public func append(_ envelope: NewEnvelope) async throws(StoreError) -> AppendOutcome {
    try await posted(envelope).value.get()
  }

  /// Appends what is no duplicate.
  public func stored(_ envelope: NewEnvelope) async throws -> [Delivery] {
    guard case .stored(let deliveries) = try await append(envelope) else { throw UnexpectedDuplicate() }
    return deliveries
  }

  public func settle(_ settlements: Settlement...) async {
    await posted(settlements).value
  }

  public func register(_ names: StoreNames) async throws(StoreError) {
    try await posted(names).value.get()
  }

  public func pendingCounts() async throws(StoreError) -> [String: DeliveryCounts] {
    try await postedCounts().value.get()
  }

  public func claim(
    _ kind: ClaimRequest.Kind = .fresh, of destination: String = "crm", now: Timestamp = .second(0),
    limit: Int = 10_000, byteLimit: Int = .max
  ) async -> Claim {
    await posted(
      ClaimRequest(destination: destination, kind: kind, now: now, limit: limit, byteLimit: byteLimit)
    ).value
  }
}

public struct UnexpectedDuplicate: Error {
  public init() {}
}

extension Claim {
  public var ids: [DeliveryID] { deliveries.map(\.id) }
}
