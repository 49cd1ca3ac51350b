import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPostgres

@Suite("A store's lease", .needsPostgres, .timeLimit(.minutes(15)))
struct StoreLeaseTests {
  /// Ends what the row of the node names.
  private static func ending(_ column: String) -> String {
    "SELECT pg_terminate_backend(\(column)) FROM node"
  }

  @Test func anOpenStoreHoldsItsLease() async throws {
    let bench = try PathBench()
    let store = try await bench.open()
    defer { store.close() }
    #expect(store.mayStart(at: bench.clock.now()))
    // Without a heartbeat since, it does not know for long.
    #expect(!store.mayStart(at: bench.clock.now().advanced(by: LeaseTimes.standard.startsWithin)))
    let watched = try bench.ask(
      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = \(SlotLock.watch.key(of: 0))"
        + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
    #expect(watched[0].integer(0) == 1)
  }

  /// All tables are read before the store is open, which may take longer than a lease.
  @Test func theLeaseIsHeldBeforeTheTablesAreRead() async throws {
    let bench = try PathBench()
    try await bench.open(isDirect: true).close()
    let locker = try PostgresConnection(
      bench.database.address, applicationName: "locker", within: .patient,
      settings: ["search_path": Schema.name])
    defer { locker.close() }
    try locker.execute("BEGIN; LOCK TABLE source IN ACCESS EXCLUSIVE MODE", within: .patient)
    let (address, clock) = (bench.database.address, bench.clock)
    let thread = WorkerThread(name: "opens") {
      try? PostgresStore(address, as: .named("a"), clock: clock).close()
    }
    let watcher = Statement(name: "watcher", sql: "SELECT watcher IS NOT NULL FROM node")
    let deadline = Deadline(after: .patient)
    while try !locker.run(watcher, within: .patient)[0].bool(0) {
      try #require(!deadline.isOver, "there is no heartbeat")
    }
    try locker.execute("COMMIT", within: .patient)
    thread.join()
  }

  @Test func whileNobodyConfirmsItNothingStartsAndThatIsTold() async throws {
    let bench = try PathBench()
    let store = try PostgresStore(
      bench.database.address, as: .named("a"), clock: RunningClock(), observer: bench.observer)
    defer { store.close() }
    let name = bench.database.name
    let other = try WireBench.connect(to: bench.database.server.address())
    // Nobody can connect any more; the writer's connection is there.
    try other.execute("ALTER DATABASE \(name) ALLOW_CONNECTIONS false", within: .patient)
    let watcher = Statement(
      name: "end_watcher",
      sql: """
        SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'
          AND objid = \(SlotLock.watch.key(of: 0))
          AND database = (SELECT oid FROM pg_database WHERE datname = '\(name)')
        """)
    #expect(try other.run(watcher, within: .patient)[0].integer(0) == 1)
    bench.observer.waitUntilItIs { $0.lacksLease }
    #expect(!store.mayStart(at: RunningClock().now()))
    // The path goes on.
    try await store.configure(.test)
    try other.execute("ALTER DATABASE \(name) ALLOW_CONNECTIONS true", within: .patient)
    bench.observer.waitUntilItIs { !$0.lacksLease }
  }

  @Test func whoseSlotWasTakenStartsNothingAndLeavesNoNodeBehind() async throws {
    let bench = try PathBench()
    let store = try await bench.open(isDirect: true)
    defer { store.close() }
    _ = try bench.ask("UPDATE node SET session = session + 1 RETURNING slot")
    _ = try bench.ask(Self.ending("backend"))
    var code: StoreError.Code?
    // The first one finds the connection lost, and the next one the slot.
    while code != .lost {
      do { _ = try await store.stored(bench.make.envelope()) } catch let error as StoreError {
        code = error.code
      }
    }
    #expect(!store.mayStart(at: bench.clock.now()))
    bench.observer.wait { $0.refusal?.code == .lost && !$0.lacksLease }
    // Slot 1 was taken for it, and is nobody's again.
    let held = try bench.ask("SELECT slot FROM node WHERE backend IS NOT NULL AND slot > 0")
    #expect(held.count == 0)
  }

  @Test func theTicksThatWereGivenGoWithTheHeartbeats() async throws {
    let bench = try PathBench()
    let store = try await bench.open(isDirect: true)
    let held = try await store.stored(bench.make.envelope(events: 3))
    let tick = held[2].id.rawValue >> Int64(Slot.bits)
    bench.clock.advance(by: LeaseTimes.standard.heartbeat)
    let deadline = Deadline(after: .patient)
    while try bench.ask("SELECT last_tick FROM node")[0].integer(0) < tick {
      try #require(!deadline.isOver, "the row does not say what was given")
    }
    store.close()
  }
}
