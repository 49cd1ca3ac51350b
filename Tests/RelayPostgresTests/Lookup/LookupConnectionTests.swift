import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct LookupConnectionTests {
  private let bench: PathBench

  init() throws {
    bench = try PathBench()
  }

  private func connection(
    _ limits: LookupConnection.Limits = .standard, to address: ServerAddress? = nil
  ) -> LookupConnection {
    LookupConnection(address ?? bench.database.address, applicationName: "look", limits)
  }

  private func ask(_ sql: String, _ connection: LookupConnection) throws -> Rows {
    try connection.snapshot { _ throws(StoreError) in try connection.read(Statement(name: sql, sql: sql)) }
  }

  @Test func nothingCanBeWritten() async throws {
    try await bench.open(isDirect: true).close()
    let connection = connection()
    defer { connection.close() }
    let refusal = #expect(throws: StoreError.self) { try ask("DELETE FROM event", connection) }
    #expect(refusal?.message.contains("read-only") == true)
    // And what failed is no trouble for the next.
    #expect(try ask("SELECT 7::int8", connection)[0].integer(0) == 7)
  }

  @Test func allThatAnAnswerTellsIsOfOneTime() async throws {
    let store = try await bench.open(isDirect: true)
    let connection = connection()
    defer { connection.close() }
    let count = Statement(name: "count", sql: "SELECT count(*) FROM event")
    let counts = try connection.snapshot { _ throws(StoreError) in
      let before = try connection.read(count)[0].integer(0)
      _ = try? bench.ask("DELETE FROM event")
      let today = (try? bench.ask(DayTableStatements.time.sql)[0].integer(0)).map { Day(tick: $0).firstEvent }
      _ = try? bench.ask(
        """
        INSERT INTO event (id, number, received, envelope, source, configuration, deliveries, slot, dropped, type, routes, body)
        SELECT '\(today ?? "")', 1, 0, gen_random_uuid(), 1, 1, 0, 0, false, 'a', '{1}', '{}'
        """)
      return [before, try connection.read(count)[0].integer(0)]
    }
    #expect(counts == [0, 0])
    #expect(try ask("SELECT count(*) FROM event", connection)[0].integer(0) == 1)
    store.close()
  }

  /// What asks notices nothing of it.
  @Test func aConnectionThatTheServerHasEndedIsMadeAnew() async throws {
    let connection = connection()
    defer { connection.close() }
    let first = try ask("SELECT pg_backend_pid()", connection)[0].int32(0)
    _ = try bench.ask("SELECT pg_terminate_backend(\(first))")
    let second = try ask("SELECT pg_backend_pid()", connection)[0].int32(0)
    #expect(second != first)
    // Also one that ends in the middle of an answer: it is given again, once.
    var rounds = 0
    let third = try connection.snapshot { _ throws(StoreError) in
      rounds += 1
      let own = try connection.read(Statement(name: "own", sql: "SELECT pg_backend_pid()"))[0].int32(0)
      if own == second { _ = try? bench.ask("SELECT pg_terminate_backend(\(own), 60000)") }
      return try connection.read(Statement(name: "own", sql: "SELECT pg_backend_pid()"))[0].int32(0)
    }
    #expect(rounds == 2 && third != second)
  }

  @Test func whereThereIsNoWayTheReasonIsTold() throws {
    let connection = connection(to: try ServerAddress(url: "postgres://nobody@/none?host=/nonexistent"))
    let error = #expect(throws: StoreError.self) { try ask("SELECT 1", connection) }
    #expect(error?.message.contains("/nonexistent") == true)
  }

  @Test(arguments: [Duration.seconds(600), .zero])
  func nobodyAsksTheServerAgainWhileThePauseLasts(_ pause: Duration) throws {
    let folder = try #require(bench.way.address["host"])
    let address = try ServerAddress(url: "postgres://postgres@/none?host=\(folder)")
    let limits = LookupConnection.Limits(opening: .seconds(60), call: .seconds(60), pause: pause)
    let connection = connection(limits, to: address)
    var turns: [Int] = []
    let errors = (0..<2).map { _ in
      let error = #expect(throws: StoreError.self) { try ask("SELECT 1", connection) }
      turns.append(bench.way.turns)
      return error
    }
    #expect(errors[0] != nil && errors[0] == errors[1] && turns[0] > 0)
    #expect((turns[0] == turns[1]) == (pause > .zero))
  }

  /// Each of the calls that it takes is quicker than that.
  @Test func connectingAsAWholeTakesNoLongerThanItMay() throws {
    bench.way.delayAnswers(byMilliseconds: 300)
    let short = LookupConnection.Limits(opening: .milliseconds(800), call: .seconds(60), pause: .zero)
    let error = #expect(throws: StoreError.self) {
      try ask("SELECT 1", connection(short, to: bench.way.address))
    }
    #expect(error?.code == .failing)
    // It takes five round trips, and the time is over with the third.
    #expect(bench.way.turns <= 3)
    let long = LookupConnection.Limits(opening: .seconds(60), call: .seconds(60), pause: .zero)
    let patient = connection(long, to: bench.way.address)
    defer { patient.close() }
    #expect(try ask("SELECT 7::int8", patient)[0].integer(0) == 7)
  }

  @Test func aDatabaseWithAnotherStoreIsRefusedAlsoLater() async throws {
    let store = try await bench.open(isDirect: true)
    defer { store.close() }
    let limits = LookupConnection.Limits(opening: .seconds(60), call: .seconds(60), pause: .zero)
    func connection(of id: EventID) -> LookupConnection {
      LookupConnection(bench.database.address, of: id, applicationName: "look", limits)
    }
    let other = #expect(throws: StoreError.self) {
      try ask("SELECT 1", connection(of: EventID(high: 1, low: 2)))
    }
    #expect(other?.message.contains("another store") == true)
    let own = connection(of: store.id)
    defer { own.close() }
    let backend = try ask("SELECT pg_backend_pid()", own)[0].int32(0)
    _ = try bench.ask("UPDATE store SET id = gen_random_uuid()")
    _ = try ask("SELECT 1", own)
    _ = try bench.ask("SELECT pg_terminate_backend(\(backend), 60000)")
    let later = #expect(throws: StoreError.self) { try ask("SELECT 1", own) }
    #expect(later?.message.contains("another store") == true)
  }

  @Test func aStandbyIsRefusedAlsoWhereTheAddressTakesAny() throws {
    let primary = try PostgresServer()
    let standby = try Standby(of: primary)
    let address = try ServerAddress(url: standby.server.url() + "&target_session_attrs=any")
    let error = #expect(throws: StoreError.self) { try ask("SELECT 1", connection(to: address)) }
    #expect(error?.message.contains("standby") == true)
  }

  @Test func whatTakesTooLongIsEndedByTheServerAndSaysSo() throws {
    let connection = connection()
    defer { connection.close() }
    let error = #expect(throws: StoreError.self) {
      try connection.snapshot { _ throws(StoreError) in
        _ = try connection.read(
          Statement(name: "hurry", sql: "SELECT set_config('statement_timeout', '20ms', true)"))
        _ = try connection.read(Statement(name: "sleep", sql: "SELECT pg_sleep(60)"))
      }
    }
    #expect(error?.message.contains("57014") == true && error?.message.contains("pg_stat_activity") == true)
    #expect(try ask("SELECT current_setting('statement_timeout')", connection)[0].text(0) == "10s")
  }
}
