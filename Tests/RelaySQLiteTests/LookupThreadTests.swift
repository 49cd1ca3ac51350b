import Foundation
import RelayCore
import RelayHarness
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// The lookup's own thread.
@Suite(.timeLimit(.minutes(15)))
struct LookupThreadTests {
  private func ask<Answer>(
    _ question: (@escaping @Sendable (Result<Answer, StoreError>) -> Void) -> Void
  ) -> Promise<Result<Answer, StoreError>> {
    let promise = Promise<Result<Answer, StoreError>>("the answer to a question")
    question { promise.keep($0) }
    return promise
  }

  @Test func everyQuestionIsAnswered() async throws {
    let bench = try KeepingBench()
    try bench.add(at: 3, [.pending, .dead(4)])
    let lookup = SQLiteLookup(path: bench.path, clock: ManualClock())
    let page = try await ask {
      lookup.deliveries(DeliveryFilter(state: .dead), after: nil, limit: 5, completion: $0)
    }
    .value.get()
    #expect(page.deliveries.map(\.id.rawValue) == [2])
    let id = page.deliveries[0].event
    #expect(try await ask { lookup.event(id, completion: $0) }.value.get()?.deliveries.count == 2)
    #expect(try await ask { lookup.oldestPending(completion: $0) }.value.get() == ["crm": .second(3)])
    #expect(
      try await ask { lookup.places(of: [DeliveryID(rawValue: 1)], completion: $0) }.value.get() == [
        DeliveryPlace(id: DeliveryID(rawValue: 1), destination: "crm", state: .pending)
      ])
    let count = try await ask { lookup.count(DeliveryFilter(), after: nil, completion: $0) }.value.get()
    #expect(count.counts.total == 2 && count.next == nil)
    lookup.close()
  }

  @Test func closingAnswersWhatWasAskedAndRefusesWhatComesLater() async throws {
    let bench = try KeepingBench()
    try bench.add(at: 3, [.pending])
    let lookup = SQLiteLookup(path: bench.path, clock: ManualClock())
    let asked = (0..<20).map { _ in ask { lookup.oldestPending(completion: $0) } }
    lookup.close()
    for promise in asked { #expect(promise.isKept) }
    #expect(try await asked[19].value.get() == ["crm": .second(3)])
    let late = await ask { lookup.oldestPending(completion: $0) }.value
    #expect(throws: StoreError(code: .closed, message: "the store is closed")) { try late.get() }
    lookup.close()
  }

  @Test func aStoreThatCantBeOpenedIsTriedAgainWithTheNextQuestion() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/relay.db"
    let lookup = SQLiteLookup(path: path, clock: ManualClock())
    let refused = await ask { lookup.oldestPending(completion: $0) }.value
    let error = #expect(throws: StoreError.self) { try refused.get() }
    #expect(error?.code == .cannotOpen)
    let bench = try KeepingBench(path: path)
    #expect(try await ask { lookup.oldestPending(completion: $0) }.value.get() == [:])
    lookup.close()
    withExtendedLifetime(bench) {}
  }

  @Test func aQuestionThatFailsCostsNoOther() async throws {
    let bench = try KeepingBench()
    try bench.add(at: 3, [.pending])
    let lookup = SQLiteLookup(path: bench.path, clock: ManualClock())
    try bench.execute("ALTER TABLE envelope RENAME TO gone")
    let failed = await ask { lookup.oldestPending(completion: $0) }.value
    #expect(throws: StoreError.self) { try failed.get() }
    try bench.execute("ALTER TABLE gone RENAME TO envelope")
    #expect(try await ask { lookup.oldestPending(completion: $0) }.value.get() == ["crm": .second(3)])
    lookup.close()
  }

  /// The system reads ahead only where a file is read forwards.
  @Test func aWalkFromTheNewestBodyOnReadsAhead() throws {
    let bench = try KeepingBench()
    try bench.add(at: 0, all: Array(repeating: [.delivered(0)], count: 300), body: 3_000)
    try bench.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    func ids(readsBackwards: Bool) throws -> ([EventID], readsAhead: Bool) {
      let session = try LookupSession(path: bench.path, readsBackwards: readsBackwards)
      let request = EventPageRequest(filter: EventFilter(text: .contains("nowhere")), limit: 1)
      _ = try session.events(request, budget: LookupBudget(rows: 1_000, time: .seconds(60)))
      let all = try session.events(
        EventPageRequest(limit: 1_000), budget: LookupBudget(rows: 1_000, time: .seconds(60)))
      return (all.events.map(\.id), session.connection.readsAhead)
    }
    let (plain, ahead) = (try ids(readsBackwards: false), try ids(readsBackwards: true))
    #expect(plain.0.count == 300 && plain.0 == ahead.0)
    #expect(!plain.readsAhead && ahead.readsAhead)
  }
}
