import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// Slots whose nodes have never stored anything, or are over.
@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct UnusedSlotTests {
  /// Broken by a start that looks through all that there is for what the slot may have left: of millions that is not over in time.
  @Test(arguments: [0, 7]) func aStartLooksThroughWhatItsOwnSlotMayHaveLeftAlone(slot: Int) async throws {
    let bench = try PathBench()
    let store = try await bench.open(isDirect: true)
    store.release(try await store.stored(bench.make.envelope(events: 20)).map(\.id))
    store.close()
    let statements = Mirror(reflecting: ClaimStatements(TableNames())).children
    let statement = try #require(
      statements.lazy.compactMap { $0.value as? Statement }.first { $0.name == "unlisted_deliveries" })
    let opener = SessionOpener(
      address: bench.database.address, applicationName: "look", limit: .seconds(60))
    let connection = try opener.open(.writer)
    defer { connection.close() }
    try connection.execute("PREPARE p(int2) AS \(statement.sql)", within: .seconds(60))
    let explained = Statement(
      name: "explain", sql: "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE p(\(slot))")
    let plan = try connection.run(explained, Parameters(), within: .seconds(60)).map { $0.text(0) }
    #expect(plan.contains { $0.contains("rows=20 ") } == (slot == 0), "\(plan.joined(separator: "\n"))")
    #expect(!plan.contains { $0.contains("Rows Removed") }, "\(plan.joined(separator: "\n"))")
  }
}
