import Foundation
import RelayCore
import RelayStoring
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What was erased can't be read from the store's files.
struct ErasureTests {
  private let home: SQLiteHome
  private let make = TestEnvelopes()
  private let phone = "5575999990000"

  init() throws { home = try SQLiteHome() }

  private var files: [String] { [home.path, home.path + "-wal"] }

  /// How often the number stands in the store's files.
  private func count() -> Int { count(in: files) }

  private func count(in files: [String]) -> Int {
    let number = Data(phone.utf8)
    return files.reduce(0) { sum, file in
      guard let data = FileManager.default.contents(atPath: file) else { return sum }
      var (count, rest) = (0, data[...])
      while let found = rest.range(of: number) {
        count += 1
        rest = rest[found.upperBound...]
      }
      return sum + count
    }
  }

  private func events() throws -> Int64? {
    try Connection(path: home.path, readOnly: true).integer("SELECT count(*) FROM event")
  }

  /// - Parameter bytes: How long the body is: long ones have pages of their own, and the number stands at both ends.
  private func body(_ bytes: Int) -> [UInt8] {
    Array(
      #"{"mobile":"\#(phone)","text":"\#(String(repeating: "x", count: bytes))","again":"\#(phone)"}"#.utf8)
  }

  @Test func nothingOfItStandsInTheFilesAfterIt() async throws {
    let store = try SQLiteStore(path: home.path, clock: ManualClock())
    try await store.configure(.test)
    var ids: [EventID] = []
    for size in [10, 500, 3_000, 20_000] {
      let held = try await store.stored(make.envelope(body: body(size)))
      let failed = AttemptResult(
        startedAt: .second(1), duration: .milliseconds(5),
        response: .status(500, body: Array("no such number: \(phone)".utf8), retryAfter: nil))
      await store.settle(
        Settlement(delivery: held[0].id, attempts: 1, attempt: failed, outcome: .dead(.permanent)))
      #expect(try await store.change(.cancelForErasure, .ids([held[0].id])) == 1)
      ids.append(held[0].event.id)
    }
    let audited = AuditEntry(
      at: .second(1), who: "ana", role: "admin", what: "events",
      target: #"{"text":"\#(phone)\#(String(repeating: " ", count: 1_900))"}"#, reason: phone)
    let audit = try await store.beginAudit(audited)
    let replay = try await store.begun(
      NewReplay(plan: "to=crm&text=\(phone)", reason: phone, startedAt: .second(1)))
    #expect(count() >= 11, "it stands there before")
    #expect(try await store.erase(ids).erased == ids)
    try await store.amendAudit([AuditAmendment(id: audit, target: "", reason: nil)])
    try await store.amend(replay.id, plan: "", reason: nil)
    #expect(try await store.overwriteErased() == ErasedTraces())
    #expect(count() == 0)
    store.close()
    #expect(count() == 0)
  }

  /// Broken by an erasure that leaves it to a later one: a page that is free keeps what stood in it.
  @Test func whatAnErasureFreesIsOverwrittenByIt() throws {
    let bench = try SessionBench()
    let held = try bench.stored(make.envelope(body: body(20_000)))
    let other = try bench.stored(make.envelope(body: body(20_000)))
    _ = bench.settle(held[0].settled(.delivered), other[0].settled(.delivered))
    try bench.run(EraseJob([held[0].event.id], clock: bench.clock) { _ in })
    #expect(try bench.session.connection.integer("PRAGMA freelist_count") ?? 0 > 0)
    _ = try bench.session.connection.integer("PRAGMA wal_checkpoint(TRUNCATE)")
    #expect(count(in: [bench.home.path, bench.home.path + "-wal"]) == 2, "the other's")
  }

  /// What retention has deleted is in pages that are free, as it was.
  @Test func pagesThatBecameFreeEarlierAreGivenBack() async throws {
    let clock = ManualClock()
    let store = try SQLiteStore(path: home.path, clock: clock)
    var configuration = StoreConfiguration.test
    configuration.retention = .seconds(10)
    try await store.configure(configuration)
    for _ in 0..<20 {
      let held = try await store.stored(make.envelope(body: body(9_000)))
      await store.settle(held[0].settled(.delivered))
    }
    clock.set(.second(100))
    let last = try await store.stored(make.envelope(at: .second(100)))
    // What was the newest when its turn came goes with a later look.
    clock.set(.second(200))
    // Retention goes in steps, each as long as the machine lets it be.
    for _ in 0..<10_000 where try events() != 1 { await store.ping() }
    #expect(try events() == 1)
    #expect(count() > 0, "it stands in pages that are free")
    #expect(try await store.overwriteErased() == ErasedTraces())
    #expect(count() == 0)
    #expect(last.count == 1)
    store.close()
  }

  @Test func aReaderThatKeepsTheLogIsTold() async throws {
    let store = try SQLiteStore(path: home.path, clock: ManualClock())
    try await store.configure(.test)
    let reader = try Connection(path: home.path, readOnly: true)
    try reader.execute("BEGIN")
    _ = try reader.integer("SELECT count(*) FROM event")
    _ = try await store.stored(make.envelope(body: body(10)))
    #expect(try await store.overwriteErased().remaining?.contains("reader") == true)
    try reader.execute("COMMIT")
    #expect(try await store.overwriteErased() == ErasedTraces())
    store.close()
  }

  /// Lanes that are behind come for the same events: those that were read for others are kept in memory.
  @Test func nobodyIsGivenAnErasedEventFromMemory() throws {
    let bench = try SessionBench()
    let cache = bench.session.events
    let held = try (0..<2).flatMap { _ in try bench.stored(make.envelope(to: ["crm"], body: body(10))) }
    for (row, delivery) in held.enumerated() {
      cache.insert(delivery.event, row: RowID(rawValue: Int64(row + 1)))
    }
    _ = bench.settle(held[0].settled(.delivered), held[1].settled(.delivered))
    try bench.run(EraseJob([held[0].event.id], clock: bench.clock) { _ in })
    #expect(cache.event(RowID(rawValue: 1)) == nil)
    #expect(cache.event(RowID(rawValue: 2)) != nil)
  }

  /// Each step is a transaction of its own, so that nobody waits for long.
  @Test func manyAreErasedInSteps() throws {
    let bench = try SessionBench()
    let ids = try (0..<120).map { _ in
      let envelope = make.envelope(to: [], body: body(10))
      _ = try bench.stored(envelope)
      return envelope.firstEventID
    }
    var outcome: Result<ErasedEvents, StoreError>?
    let job = EraseJob(ids, clock: bench.clock) { outcome = $0 }
    #expect(try !bench.step(job), "there is more to do")
    try bench.run(job)
    #expect(try outcome?.get() == ErasedEvents(erased: ids))
  }
}
