import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// The whole store, made to fail from outside.
@Suite(.timeLimit(.minutes(15)))
struct RecoveryTests {
  private let home: SQLiteHome
  private let store: any DeliveryStore
  private let make = TestEnvelopes()

  init() async throws {
    home = try SQLiteHome()
    store = try home.open(clock: ManualClock(), duplicateLimit: 100)
    try await store.configure(.test)
  }

  private func outside(_ sql: String) throws { try Connection(path: home.path).execute(sql) }

  private func failSettlements() throws {
    try outside("CREATE TRIGGER fault AFTER UPDATE ON delivery BEGIN SELECT RAISE(ABORT, 'bad luck'); END")
  }

  @Test func heldOutcomesAreCommittedByThemselvesOnceTheStoreRecovers() async throws {
    let held = try await store.stored(make.envelope(events: 2))
    try failSettlements()
    let settled = store.posted([held[0].settled(.delivered), held[1].retried(at: 5)])
    // Two more batches, in which it fails again; reads go on.
    for _ in 0..<2 { #expect(try await store.books() == ["crm": Books(pending: 2)]) }
    #expect(!settled.isKept)
    #expect(await store.claim().deliveries.isEmpty)
    try outside("DROP TRIGGER fault")
    _ = await settled.value
    #expect(try await store.books() == ["crm": Books(pending: 1, delivered: 1)])
    #expect(await store.claim(.retrying, now: .second(5)).ids == [held[1].id])
    store.close()
  }

  @Test func whileOutcomesAreHeldAppendsAreRefusedAndThenTaken() async throws {
    let held = try await store.stored(make.envelope())
    try failSettlements()
    let settled = store.posted([held[0].settled(.delivered)])
    let refusal = await #expect(throws: StoreError.self) {
      _ = try await store.append(make.envelope(bytes: 1))
    }
    #expect(refusal?.code == .failing)
    #expect(refusal?.message.contains("bad luck") == true)
    try outside("DROP TRIGGER fault")
    #expect(try await store.stored(make.envelope(bytes: 1)).count == 1)
    _ = await settled.value
    store.close()
  }

  @Test func itsConditionIsToldAndTakenBack() async throws {
    let observer = RecordingObserver()
    let home = try SQLiteHome()
    let store = try home.open(clock: ManualClock(), duplicateLimit: 100, observer: observer)
    try await store.configure(.test)
    let held = try await store.stored(make.envelope())
    let connection = try Connection(path: home.path)
    try connection.execute(
      "CREATE TRIGGER fault BEFORE UPDATE ON destination BEGIN SELECT RAISE(ABORT, 'bad luck'); END")
    let settled = store.posted([held[0].settled(.delivered)])
    // What can't be written for outcomes can't be written for envelopes.
    observer.wait { $0.holdsSettlements && $0.refusal?.message.contains("bad luck") == true }
    await #expect(throws: StoreError.self) { _ = try await store.append(make.envelope()) }
    observer.wait { $0.holdsSettlements && $0.refusal?.message.contains("bad luck") == true }
    try connection.execute("DROP TRIGGER fault")
    // By itself, also without anything new.
    _ = await settled.value
    _ = try await store.destinations()
    store.close()
    #expect(observer.conditions.last == StoreCondition())
  }

  @Test func aStoreThatTookNoEnvelopeFindsOutByItselfThatItTakesThemAgain() async throws {
    let observer = RecordingObserver()
    let home = try SQLiteHome()
    let store = try home.open(clock: ManualClock(), duplicateLimit: 100, observer: observer)
    try await store.configure(.test)
    let connection = try Connection(path: home.path)
    try connection.execute(
      "CREATE TRIGGER fault BEFORE UPDATE ON destination BEGIN SELECT RAISE(ABORT, 'bad luck'); END")
    await #expect(throws: StoreError.self) { _ = try await store.append(make.envelope()) }
    observer.wait { $0.refusal != nil }
    try connection.execute("DROP TRIGGER fault")
    observer.waitUntilItIs { $0 == StoreCondition() }
    #expect(try await store.stored(make.envelope()).count == 1)
    store.close()
  }

  @Test func closingAnswersOutcomesThatCouldNotBeRecorded() async throws {
    let held = try await store.stored(make.envelope())
    try failSettlements()
    let settled = store.posted([held[0].settled(.delivered)])
    store.close()
    #expect(settled.isKept)
    try outside("DROP TRIGGER fault")
    let again = try home.open(clock: ManualClock(), duplicateLimit: 100)
    #expect(await again.claim().ids == held.map(\.id))
    again.close()
  }

  @Test func aClaimThatCantBeReadIsEmptyAndNotExhausted() async throws {
    let held = try await store.stored(make.envelope())
    store.release(held.map(\.id))
    try outside("ALTER TABLE event RENAME TO gone")
    let claim = await store.claim()
    #expect(claim.deliveries.isEmpty && !claim.isExhausted)
    try outside("ALTER TABLE gone RENAME TO event")
    #expect(await store.claim().ids == held.map(\.id))
    store.close()
  }
}
