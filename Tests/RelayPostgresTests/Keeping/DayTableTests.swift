import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPostgres

@Suite("Tables of days", .needsPostgres, .timeLimit(.minutes(15)))
struct DayTableTests {
  /// The tables that have rows of a kind.
  private func tables(_ bench: PathBench, of whole: String) throws -> [String] {
    try bench.ask("SELECT DISTINCT tableoid::regclass::text FROM \(whole) ORDER BY 1").map { $0.text(0) }
  }

  private func today(_ bench: PathBench) throws -> Day {
    Day(tick: try bench.ask(DayTableStatements.time.sql)[0].integer(0))
  }

  @Test func whatArrivesStandsInTheTablesOfItsDay() async throws {
    let bench = try PathBench()
    let store = try await bench.open(isDirect: true)
    defer { store.close() }
    let before = try today(bench)
    try await store.reorder(by: .chat)
    // The first commit does not know the day, and the next one does.
    for chat in ["1", "2"] {
      let envelope = bench.make.envelope(
        to: ["crm", "bi"], events: 2, bytes: UInt64(chat)!, chat: chat)
      let held = try await store.stored(envelope)
      await store.settle(held[0].retried(at: 9))
      let days = Set(envelope.events.map { "event_\(Day(of: $0.event.id).name)" })
      #expect(Set(try tables(bench, of: "event")).isSuperset(of: days))
    }
    let days = Set([before, try today(bench)].map(\.name))
    for whole in ["delivery", "failure", "envelope"] {
      let found = try tables(bench, of: whole)
      #expect(!found.isEmpty && Set(found).isSubset(of: days.map { "\(whole)_\($0)" }), "\(found)")
    }
  }

  @Test func aStartMakesThisDayAndTheNext() async throws {
    let bench = try PathBench()
    try await bench.open(isDirect: true).close()
    let today = try today(bench)
    for whole in ["event", "delivery", "failure", "envelope"] {
      for day in [today, today.advanced(by: 1)] {
        #expect(try bench.ask("SELECT to_regclass('\(whole)_\(day.name)') IS NOT NULL")[0].bool(0))
      }
    }
  }

  @Test func nearMidnightRowsGoByTheWholeTable() async throws {
    let bench = try PathBench()
    try await bench.open(isDirect: true).close()
    let opener = SessionOpener(address: bench.database.address, applicationName: "days", limit: .seconds(60))
    let writer = try WriterSession(opener, as: .named("a"))
    let connection = StoreConnection(writer, patience: NodeBench.limit)
    defer { connection.leave() }
    let tables = DayTables(TableNames(), connection)
    let now = ContinuousClock.now
    #expect(tables.day(at: now, lowest: 0) == nil)
    let midnight = 1_796_083_200_000_000 - CommitBase.firstTick
    let (before, after) = (Day(tick: midnight - 1), Day(tick: midnight))
    tables.committed(at: now, tick: midnight - 120_000_000)
    #expect(tables.day(at: now, lowest: 0) == before)
    #expect(tables.day(at: now.advanced(by: .seconds(61)), lowest: 0) == nil)
    #expect(tables.day(at: now.advanced(by: .seconds(181)), lowest: 0) == after)
    // The node's numbers are ahead of the server's clock.
    #expect(tables.day(at: now, lowest: midnight) == nil)
    #expect(tables.day(at: now, lowest: midnight + 60_000_000) == after)
    // Long ago.
    #expect(tables.day(at: now.advanced(by: .seconds(3_600)), lowest: 0) == nil)
    tables.forget()
    #expect(tables.day(at: now, lowest: 0) == nil)
  }

  @Test func aDayIsMadeBesideWhoeverLooksAndOnceByMany() async throws {
    let bench = try PathBench()
    let store = try await bench.open(isDirect: true)
    defer { store.close() }
    _ = try await store.stored(bench.make.envelope())
    let reader = try PostgresConnection(
      bench.database.address, applicationName: "reader", within: .seconds(60),
      settings: ["search_path": Schema.name])
    defer { reader.close() }
    try reader.execute(
      "BEGIN; SELECT count(*) FROM delivery; SELECT count(*) FROM event", within: .seconds(60))
    let opener = SessionOpener(address: bench.database.address, applicationName: "days", limit: .seconds(60))
    let make = DayTableStatements(TableNames()).make(Day(number: 25_000))
    let failures = Locked<[String]>([])
    let threads = (0..<3).map { place in
      WorkerThread(name: "maker-\(place)") {
        do {
          let connection = try opener.open(.keeping)
          defer { connection.close() }
          _ = try connection.run(make, within: .seconds(60))
        } catch {
          // Another one took longer.
          if !"\(error)".contains("lock timeout") { failures.withLock { $0.append("\(error)") } }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(failures.withLock { $0 } == [])
    try reader.execute("COMMIT", within: .seconds(60))
    let made = try bench.ask(
      "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE '%\\_20380613'")
    #expect(made[0].integer(0) == 4)
  }

  @Test func aDayThatCannotBeMadeNowIsGivenUpAndNobodyWaits() async throws {
    let bench = try PathBench()
    let store = try await bench.open(isDirect: true)
    defer { store.close() }
    _ = try await store.stored(bench.make.envelope())
    let other = try PostgresConnection(
      bench.database.address, applicationName: "other", within: .seconds(60),
      settings: ["search_path": Schema.name])
    defer { other.close() }
    try other.execute(
      "BEGIN; LOCK TABLE ONLY delivery_days IN SHARE UPDATE EXCLUSIVE MODE", within: .seconds(60))
    let opener = SessionOpener(address: bench.database.address, applicationName: "days", limit: .seconds(60))
    let keeper = try opener.open(.keeping)
    defer { keeper.close() }
    let make = DayTableStatements(TableNames()).make(Day(number: 25_000))
    #expect(throws: PostgresError.self) { _ = try keeper.run(make, within: .seconds(60)) }
    #expect(try await store.stored(bench.make.envelope(bytes: 2)).count == 1)
    try other.execute("COMMIT", within: .seconds(60))
    _ = try keeper.run(make, within: .seconds(60))
  }

  @Test func aNodeThatWasAwayForDaysMakesWhatItNeeds() async throws {
    let bench = try PathBench()
    try await bench.open(isDirect: true).close()
    let opener = SessionOpener(address: bench.database.address, applicationName: "days", limit: .seconds(60))
    let connection = StoreConnection(try WriterSession(opener, as: .named("a")), patience: NodeBench.limit)
    defer { connection.leave() }
    let tables = DayTables(TableNames(), connection)
    let (now, today) = (ContinuousClock.now, try today(bench))
    // As it was left three days ago.
    let then = now.advanced(by: .seconds(-3 * 86_400))
    tables.committed(at: then, tick: today.advanced(by: -3).firstNumber >> CommitBase.slotBits)
    for day in [today, today.advanced(by: 1)] {
      let names = TableNames().of(day)
      for table in [names.event, names.delivery, names.failure, names.envelope] {
        _ = try bench.ask("DROP TABLE \(table)")
      }
    }
    let event = bench.make.envelope().events[0].event
    var arrivals = Arrivals()
    arrivals.add(
      AppendStatements.EventRow(
        event: event, receivedAt: .epoch, envelope: event.id, source: 1, configuration: 1, routes: "{}",
        isDropped: false, deliveries: 0))
    #expect(tables.day(at: now, lowest: 0) == nil)
    try tables.prepare(for: arrivals, at: now, lowest: 0)
    #expect(tables.day(at: now, lowest: 0).map { $0 >= today } != false)
    for table in ["event", "delivery", "failure", "envelope"] {
      #expect(try bench.ask("SELECT to_regclass('\(table)_\(today.name)') IS NOT NULL")[0].bool(0))
    }
    #expect(try bench.ask("SELECT to_regclass('event_\(Day(of: event.id).name)') IS NOT NULL")[0].bool(0))
  }

  @Test func statementsOfOtherDaysAreForgotten() throws {
    let bench = try PathBench()
    let connection = try PostgresConnection(
      bench.database.address, applicationName: "days", within: .seconds(60))
    defer { connection.close() }
    let names = ["a_20260101", "a_20260102", "a"]
    func run() throws {
      for name in names {
        _ = try connection.run(Statement(name: name, sql: "SELECT 1"), Parameters(), within: .seconds(60))
      }
    }
    try run()
    try connection.forget(
      where: { Day(ofStatement: $0).map { $0 != Day(name: "20260102") } ?? false }, within: .seconds(60))
    let left = try connection.run(
      Statement(
        name: "left", sql: "SELECT name FROM pg_prepared_statements WHERE name LIKE 'a%' ORDER BY name"),
      Parameters(), within: .seconds(60))
    #expect(left.map { $0.text(0) } == ["a", "a_20260102"])
    try run()
  }

  @Test func aTableThatHasGoneIsMadeAgain() async throws {
    let bench = try PathBench()
    let store = try await bench.open(isDirect: true)
    defer { store.close() }
    _ = try await store.stored(bench.make.envelope())
    let old = try tables(bench, of: "event")[0]
    let connection = try PostgresConnection(
      bench.database.address, applicationName: "other", within: .seconds(60),
      settings: ["search_path": Schema.name])
    defer { connection.close() }
    try connection.execute("DROP TABLE \(old)", within: .seconds(60))
    await #expect(throws: StoreError.self) {
      _ = try await store.stored(bench.make.envelope(bytes: 2))
    }
    #expect(try await store.stored(bench.make.envelope(bytes: 3)).count == 1)
    #expect(try tables(bench, of: "event") == [old])
  }
}
