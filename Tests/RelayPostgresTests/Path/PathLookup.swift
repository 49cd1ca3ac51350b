import RelayCore
import Testing

@testable import RelayPostgres

/// What can be looked up of the store so far: the audit, and gaps. A claim that asks for anything else fails.
final class PathLookup: DeliveryLookup {
  private let address: ServerAddress
  private let clock: any SteadyClock

  init(_ address: ServerAddress, clock: any SteadyClock) {
    self.address = address
    self.clock = clock
  }

  private func read<Value>(_ body: (PeopleReader) throws -> Value) -> Result<Value, StoreError> {
    do {
      let opener = SessionOpener(address: address, applicationName: "lookup", limit: .seconds(60))
      let connection = try opener.open(.watch)
      defer { connection.close() }
      return .success(try body(PeopleReader(connection, TableNames(), within: .seconds(60))))
    } catch {
      return .failure(StoreError(code: .failing, message: "\(error)"))
    }
  }

  func audit(
    _ filter: AuditFilter, after: AuditID?, limit: Int,
    completion: @escaping @Sendable (Result<AuditPage, StoreError>) -> Void
  ) {
    completion(read { try $0.audit(filter, after: after, limit: limit) })
  }

  func gaps(
    since: Timestamp?, until: Timestamp?, completion: @escaping @Sendable (Result<[Gap], StoreError>) -> Void
  ) {
    completion(read { try $0.gaps(since: since, until: until, by: clock.history) })
  }

  func close(within limit: Duration) -> Bool { true }

  // MARK: What is not there yet

  private func refuse<Value>(
    _ completion: (Result<Value, StoreError>) -> Void, _ call: String = #function
  ) {
    Issue.record("the store in PostgreSQL has no \(call) yet")
    completion(.failure(StoreError(code: .failing, message: call)))
  }

  func look(completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) { refuse(completion) }

  func event(_ id: EventID, completion: @escaping @Sendable (Result<EventRecord?, StoreError>) -> Void) {
    refuse(completion)
  }

  func events(
    _ request: EventPageRequest, completion: @escaping @Sendable (Result<EventPage, StoreError>) -> Void
  ) { refuse(completion) }

  func deliveries(
    _ filter: DeliveryFilter, after: DeliveryID?, limit: Int,
    completion: @escaping @Sendable (Result<DeliveryPage, StoreError>) -> Void
  ) { refuse(completion) }

  func places(
    of ids: [DeliveryID], completion: @escaping @Sendable (Result<[DeliveryPlace], StoreError>) -> Void
  ) { refuse(completion) }

  func count(
    _ filter: DeliveryFilter, after: DeliveryID?,
    completion: @escaping @Sendable (Result<DeliveryCountPage, StoreError>) -> Void
  ) { refuse(completion) }

  func groups(
    _ filter: DeliveryFilter, after: DeliveryID?,
    completion: @escaping @Sendable (Result<DeliveryGroupPage, StoreError>) -> Void
  ) { refuse(completion) }

  func oldestPending(completion: @escaping @Sendable (Result<[String: Timestamp], StoreError>) -> Void) {
    refuse(completion)
  }

  func oldestDue(completion: @escaping @Sendable (Result<[String: Timestamp], StoreError>) -> Void) {
    refuse(completion)
  }

  func pendingWaits(
    at now: Timestamp, completion: @escaping @Sendable (Result<[String: PendingWaits], StoreError>) -> Void
  ) { refuse(completion) }

  func replays(
    before: Int?, limit: Int, completion: @escaping @Sendable (Result<[Replay], StoreError>) -> Void
  ) { refuse(completion) }

  func replay(_ id: Int, completion: @escaping @Sendable (Result<Replay?, StoreError>) -> Void) {
    refuse(completion)
  }

  func unfinishedReplays(completion: @escaping @Sendable (Result<[Replay], StoreError>) -> Void) {
    refuse(completion)
  }

  func replayable(
    _ request: EventPageRequest, completion: @escaping @Sendable (Result<ReplayPage, StoreError>) -> Void
  ) { refuse(completion) }
}
