import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// What is read of deliveries that came later than their events.
@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct LateEventsTests {
  private let bench: PathBench

  init() throws {
    bench = try PathBench()
  }

  /// Makes the store's tables, and those of the first days there were: low ids of events and of deliveries are of them.
  private func prepare() async throws {
    try await bench.open(isDirect: true).close()
    for day in [Day(number: 0), Day(of: DeliveryID(rawValue: 0))] {
      _ = try bench.ask(DayTableStatements(TableNames()).make(day).sql)
    }
  }

  /// Events of these numbers, with a delivery of the same number each that came later.
  private func insert(_ numbers: [Int64], run: Int = 0) throws {
    let list = numbers.map { "(\($0))" }.joined(separator: ", ")
    _ = try bench.ask(
      """
      WITH new AS (
        INSERT INTO event (id, number, received, envelope, source, configuration, deliveries, slot, dropped, type, routes, body)
        SELECT lpad(to_hex(n), 32, '0')::uuid, n, 0, gen_random_uuid(), 1, 1, 1, 0, false, 'a', '{1}', '{}'
        FROM (VALUES \(list)) v(n)
        RETURNING id, number)
      INSERT INTO delivery (id, event, since, received, arrived, destination, route, run, attempts, counted, bytes, slot, state)
      SELECT number, id, 0, 0, 1, 1, 1, \(run), 0, 0, 1, 0, 3 FROM new
      """)
  }

  @Test func onlyWhatLiesBehindCounts() async throws {
    try await prepare()
    try insert([1, 2, 3, 100])
    let connection = LookupConnection(bench.database.address, applicationName: "look")
    defer { connection.close() }
    let late = LateEvents(BoundStatements(TableNames()), connection, limit: 2)
    func numbers(from first: Int64, withReplays: Bool = false) throws -> [Int64]? {
      try connection.snapshot { _ throws(StoreError) in
        try late.numbers(from: first, withReplays: withReplays, isFirstPage: true)
      }
    }
    #expect(try numbers(from: 3) == [3, 100])
    #expect(try numbers(from: 2) == nil)
    try insert([101], run: 7)
    #expect(try numbers(from: 100) == [100])
    #expect(try numbers(from: 100, withReplays: true) == [100, 101])
  }

  /// Also what has come since then, and had a lower number.
  @Test func theNextPagesReadOnFromThere() async throws {
    try await prepare()
    let base = 100 * ShelfWalk.span
    try insert([base])
    let connection = LookupConnection(bench.database.address, applicationName: "look")
    defer { connection.close() }
    let late = LateEvents(BoundStatements(TableNames()), connection)
    func numbers(isFirstPage: Bool = false) throws -> [Int64]? {
      try connection.snapshot { _ throws(StoreError) in
        try late.numbers(from: 0, withReplays: true, isFirstPage: isFirstPage)
      }
    }
    #expect(try numbers(isFirstPage: true) == [base])
    // It was read, so it is kept; what stands long before it is not read again.
    _ = try bench.ask("DELETE FROM delivery")
    try insert([5, base - 1, base + 1])
    #expect(try numbers() == [base - 1, base, base + 1])
    #expect(try numbers(isFirstPage: true) == [5, base - 1, base + 1])
  }
}
