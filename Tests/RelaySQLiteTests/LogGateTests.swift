import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// Searches that follow each other stand aside while the log is to be moved into the file.
@Suite(.timeLimit(.minutes(15)))
struct LogGateTests {
  @Test func aSearchWaitsUntilAFullLogIsBegunAnew() {
    let gate = LogGate(patience: .seconds(600))
    gate.log(isFull: true)
    let passed = Monitor(false)
    let thread = WorkerThread(name: "search") {
      gate.pass()
      passed.update { $0 = true }
    }
    #expect(passed.wait(timeout: .milliseconds(100), until: { $0 ? true : nil }) == nil)
    gate.log(isFull: false)
    #expect(passed.wait(until: { $0 ? true : nil }) == true)
    thread.join()
  }

  /// A store that has nothing to commit moves nothing.
  @Test func aSearchWaitsOnceForALogThatStaysFull() {
    let gate = LogGate(patience: .milliseconds(20))
    gate.log(isFull: true)
    gate.pass()
    let clock = ContinuousClock()
    let time = clock.measure { for _ in 0..<1_000 { gate.pass() } }
    #expect(time < .seconds(10))
    // The next time that it is full there is something to wait for again.
    gate.log(isFull: false)
    gate.log(isFull: true)
    #expect(clock.measure { gate.pass() } >= .milliseconds(20))
  }

  @Test func whereTheLogEndsIsKnownOfTheConnectionThatWrites() throws {
    let home = try SQLiteHome()
    let connection = try StoreSession(path: home.path, duplicateLimit: 1).connection
    try connection.execute("CREATE TABLE filler (bytes BLOB)")
    let before = connection.logEnd
    try connection.execute("INSERT INTO filler VALUES (zeroblob(100000))")
    let after = connection.logEnd
    #expect(after > before + 100_000)
    _ = try connection.integer("PRAGMA wal_checkpoint(PASSIVE)")
    #expect(connection.logEnd == after)
    // The next commit writes it over from its beginning.
    try connection.execute("INSERT INTO filler VALUES (zeroblob(1))")
    #expect(connection.logEnd < after)
    #expect(try Connection(path: home.path, readOnly: true).logEnd == 0)
  }

  @Test func theGateIsToldWhenTheLogIsFullAndWhenItIsNot() {
    let gate = LogGate(patience: .milliseconds(20))
    var watch = LogWatch(gate, fullBytes: 1_000)
    let clock = ContinuousClock()
    for (end, isFull) in [
      (0, false), (999, false), (1_000, true), (2_000, true), (400, false), (1_001, true),
    ] {
      watch.committed(logEnd: Int64(end))
      #expect(gate.isFull == isFull, "\(end)")
    }
    #expect(clock.measure { gate.pass() } >= .milliseconds(20))
  }
}
