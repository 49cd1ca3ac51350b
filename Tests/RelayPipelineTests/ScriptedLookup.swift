import RelayCore
import RelayTestSupport
import RelayThreads

/// A lookup whose store holds `pages` pages of pending deliveries, and which can be told not to answer.
final class ScriptedLookup: DeliveryLookup {
  private struct State: Sendable {
    var isHanging = false
    var waiting: [@Sendable () -> Void] = []
  }

  private let state = Locked(State())
  private let pages: Int
  /// Runs before each page is answered.
  private let page: @Sendable () -> Void

  init(pages: Int = 1, page: @escaping @Sendable () -> Void = {}) {
    self.pages = pages
    self.page = page
  }

  /// The questions that have come.
  let questions = Tally()

  func hang() { state.withLock { $0.isHanging = true } }

  func goOn() {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      state.isHanging = false
      return state.waiting
    }
    for answer in waiting { answer() }
  }

  private func answer(_ body: @escaping @Sendable () -> Void) {
    let isHanging = state.withLock { state in
      if state.isHanging { state.waiting.append(body) }
      return state.isHanging
    }
    questions.add()
    if !isHanging { body() }
  }

  func look(completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
    answer { completion(.success(())) }
  }

  func event(_ id: EventID, completion: @escaping @Sendable (Result<EventRecord?, StoreError>) -> Void) {
    answer { completion(.success(nil)) }
  }

  func events(
    _ request: EventPageRequest, completion: @escaping @Sendable (Result<EventPage, StoreError>) -> Void
  ) {
    answer { completion(.success(EventPage(events: [], next: nil, reached: nil))) }
  }

  private func next(after: DeliveryID?) -> DeliveryID? {
    page()
    let number = (after?.rawValue ?? 0) + 1
    return number < pages ? DeliveryID(rawValue: number) : nil
  }

  func deliveries(
    _ filter: DeliveryFilter, after: DeliveryID?, limit: Int,
    completion: @escaping @Sendable (Result<DeliveryPage, StoreError>) -> Void
  ) {
    answer { [self] in completion(.success(DeliveryPage(deliveries: [], next: next(after: after)))) }
  }

  func places(
    of ids: [DeliveryID], completion: @escaping @Sendable (Result<[DeliveryPlace], StoreError>) -> Void
  ) {
    answer { completion(.success([])) }
  }

  /// One delivery a page.
  func count(
    _ filter: DeliveryFilter, after: DeliveryID?,
    completion: @escaping @Sendable (Result<DeliveryCountPage, StoreError>) -> Void
  ) {
    answer { [self] in
      var counts = DeliveryCounts()
      if filter.type == nil { counts.add(of: "crm", .pending) }
      completion(.success(DeliveryCountPage(counts: counts, next: next(after: after))))
    }
  }

  func groups(
    _ filter: DeliveryFilter, after: DeliveryID?,
    completion: @escaping @Sendable (Result<DeliveryGroupPage, StoreError>) -> Void
  ) {
    answer { [self] in
      completion(.success(DeliveryGroupPage(groups: DeliveryGroups(), next: next(after: after))))
    }
  }

  func audit(
    _ filter: AuditFilter, after: AuditID?, limit: Int,
    completion: @escaping @Sendable (Result<AuditPage, StoreError>) -> Void
  ) {
    answer { completion(.success(AuditPage(records: [], next: nil))) }
  }

  func oldestPending(completion: @escaping @Sendable (Result<[String: Timestamp], StoreError>) -> Void) {
    answer { completion(.success([:])) }
  }

  func oldestDue(completion: @escaping @Sendable (Result<[String: Timestamp], StoreError>) -> Void) {
    answer { completion(.success([:])) }
  }

  func pendingWaits(
    at now: Timestamp, completion: @escaping @Sendable (Result<[String: PendingWaits], StoreError>) -> Void
  ) {
    answer { completion(.success([:])) }
  }

  func replays(
    before: Int?, limit: Int, completion: @escaping @Sendable (Result<[Replay], StoreError>) -> Void
  ) {
    answer { completion(.success([])) }
  }

  func gaps(
    since: Timestamp?, until: Timestamp?, completion: @escaping @Sendable (Result<[Gap], StoreError>) -> Void
  ) {
    answer { completion(.success([])) }
  }

  func replay(_ id: Int, completion: @escaping @Sendable (Result<Replay?, StoreError>) -> Void) {
    answer { completion(.success(nil)) }
  }

  func unfinishedReplays(completion: @escaping @Sendable (Result<[Replay], StoreError>) -> Void) {
    answer { completion(.success([])) }
  }

  func replayable(
    _ request: EventPageRequest, completion: @escaping @Sendable (Result<ReplayPage, StoreError>) -> Void
  ) {
    answer { completion(.success(ReplayPage(events: [], next: nil))) }
  }

  func close(within limit: Duration) -> Bool { true }
}
