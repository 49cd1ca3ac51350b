import RelayCore
import Testing

@testable import RelaySQLite

/// How much of the audit is kept.
struct AuditBoundTests {
  private func entry(_ second: Int) -> AuditEntry {
    AuditEntry(
      at: .second(second), who: "ana", role: "admin", what: "reload", target: "", reason: nil)
  }

  private func kept(_ bench: SessionBench) throws -> [String] {
    try bench.session.connection.texts("SELECT id FROM audit ORDER BY id")
  }

  @Test func ofMoreThanAMillionEntriesTheOldestGo() throws {
    let bench = try SessionBench()
    let audit = bench.session.audit
    for second in 1...3 { _ = try audit.add(entry(second)) }
    try bench.session.connection.execute("UPDATE audit SET id = \(AuditEntry.maxKept) WHERE id = 3")
    #expect(try audit.add(entry(4)).rawValue == Int64(AuditEntry.maxKept) + 1)
    #expect(try kept(bench) == ["2", "1000000", "1000001"])
    _ = try audit.add(entry(5))
    #expect(try kept(bench) == ["1000000", "1000001", "1000002"])
  }

  /// A flood of old ones must not hold up the one that comes.
  @Test func onlySoManyGoWithOneThatComes() throws {
    let bench = try SessionBench()
    let audit = bench.session.audit
    for _ in 0..<250 { _ = try audit.add(entry(0)) }
    let later = Int(AuditEntry.retention.components.seconds) + 1
    var counts: [Int] = []
    for _ in 0..<4 {
      _ = try audit.add(entry(later))
      counts.append(try kept(bench).count)
    }
    #expect(counts == [151, 52, 3, 4])
  }
}
