import RelayCore
import Testing

@testable import RelaySQLite

/// `store verify`: whether what events are found by leads to them.
struct RunCheckTests {
  private func check(_ bench: IndexBench) throws -> StoreVerification.Check {
    try RunCheck(bench.bench.connection, bench.shape).run()
  }

  /// Whatever has happened to the events since their runs were made.
  @Test(arguments: [1, 2, 3] as [UInt64]) func runsOfAStoreThatIsUsedAreSound(seed: UInt64) throws {
    let bench = try IndexBench(seed: seed)
    var most = 0
    for _ in 0..<12 {
      try bench.change()
      let found = try check(bench)
      #expect(found.problemCount == 0, "\(found.problems)")
      most = max(most, found.count ?? 0)
    }
    #expect(most > 3)
  }

  static let damages = [
    "UPDATE event SET chat = 'another' WHERE id = ?", "UPDATE event SET type = 'another' WHERE id = ?",
    "UPDATE event SET company = 'another' WHERE id = ?", "UPDATE event SET channel = 'another' WHERE id = ?",
    "INSERT INTO source VALUES (77, 'x'); UPDATE envelope SET source = 77 WHERE id = (SELECT envelope FROM event WHERE id = ?)",
    "INSERT INTO destination (id, name) VALUES (77, 'x'); UPDATE delivery SET destination = 77, arrived = NULL WHERE event = ?",
    "DELETE FROM run_page WHERE id = (SELECT max(id) FROM run_page)",
    "DELETE FROM run_page WHERE id & 1048575 = 0",
    "UPDATE run_page SET body = x'0102' WHERE id = (SELECT max(id) FROM run_page)",
    "UPDATE run_page SET body = zeroblob(length(body)) WHERE id & 1048575 = 0",
  ]

  @Test(arguments: damages) func whatCantBeFoundAnyMoreIsTold(damage: String) throws {
    let bench = try IndexBench(seed: 4)
    for _ in 0..<4 { try bench.change() }
    let run = try #require(try RunReader(bench.bench.connection, bench.shape).runs().last)
    let rows = run.rows(bench.shape)
    // The last run's event that has a delivery of its own.
    let event = try #require(
      try bench.bench.connection.integer(
        "SELECT max(e.id) FROM event e JOIN delivery d ON d.id = e.first_delivery WHERE d.arrived IS NULL AND e.id >= \(rows.lowerBound) AND e.id < \(rows.upperBound)"
      ))
    try bench.bench.execute(damage.replacing("?", with: "\(event)"))
    let found = try check(bench)
    #expect(found.problemCount > 0 && !found.problems.isEmpty)
  }
}
