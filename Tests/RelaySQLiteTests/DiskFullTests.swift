import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// A disk that is really full: 24 MiB in memory. The reserve and the low mark are 1.5 MiB.
@Suite(.enabled(if: DiskMount.isAllowed, "mounting a file system needs root"), .timeLimit(.minutes(15)))
struct DiskFullTests {
  private let disk: DiskMount
  private let bench: KeepingBench
  private var keeper: StoreKeeper { bench.keeper }
  private var reserve: String { bench.path + ".reserve" }

  init() throws {
    disk = try DiskMount(mebibytes: 24)
    bench = try KeepingBench(path: "\(disk.path)/relay.db", usesRealDisk: true)
    bench.configure(retention: 1_000_000)
  }

  /// Appends as the store does, until envelopes are refused.
  private func appendUntilRefused(_ deliveries: [KeepingBench.Row]) throws -> StoreError {
    for _ in 0..<10_000 {
      if let refusal = keeper.refusal() { return refusal }
      try bench.add(at: 0, deliveries, body: 20_000)
      bench.clock.advance(by: .milliseconds(100))
      keeper.committed(appendedEvents: 1)
    }
    throw CocoaError(.fileWriteUnknown)
  }

  /// Settles as the store does: if the commit finds no room, the reserve is given away and it is tried again.
  ///
  /// - Returns: Whether the reserve was needed.
  private func settleAll() throws -> Bool {
    let settle = """
      UPDATE delivery SET state = 3, settled = \(Timestamp.second(0).microseconds), last_error = hex(randomblob(200))
      WHERE state = 0
      """
    do {
      try bench.execute(settle)
      return false
    } catch let error as StoreError where error.code == .full {
      keeper.diskFilled()
      try bench.execute(settle)
      return true
    }
  }

  @Test func envelopesAreRefusedBeforeACommitFindsNoRoomAndOutcomesGoOn() throws {
    let refusal = try appendUntilRefused([.pending])
    #expect(refusal.message.contains("make room"))
    #expect(FileManager.default.fileExists(atPath: reserve))
    #expect(try bench.count("event") > 300)
    #expect(try !settleAll())
  }

  @Test func whenOthersFillTheDiskTheReserveLetsOutcomesThrough() throws {
    try bench.add(at: 0, all: Array(repeating: [.pending], count: 500), body: 1_000)
    try bench.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    try disk.fill()
    bench.clock.advance(by: .seconds(1))
    #expect(keeper.refusal() != nil)
    #expect(try settleAll())
    #expect(!FileManager.default.fileExists(atPath: reserve))
    #expect(try bench.connection.integer("SELECT count(*) FROM delivery WHERE state = 3") == 500)
    #expect(try bench.connection.text("PRAGMA integrity_check") == "ok")
    disk.empty()
    bench.clock.advance(by: .seconds(1))
    bench.keep()
    #expect(keeper.refusal() == nil)
    #expect(FileManager.default.fileExists(atPath: reserve))
  }

  @Test func outcomesGoOnForALongTimeOnAFullDisk() throws {
    try bench.add(at: 0, all: Array(repeating: [.pending], count: 1_000), body: 1_000)
    try disk.fill()
    // Each in a transaction of its own: several times the reserve, if the log only grew.
    for row in try bench.rows("delivery") {
      let settle = "UPDATE delivery SET state = 3, settled = \(row), last_error = 'why' WHERE id = \(row)"
      do {
        try bench.execute(settle)
      } catch let error as StoreError where error.code == .full {
        keeper.diskFilled()
        try bench.execute(settle)
      }
    }
    #expect(!FileManager.default.fileExists(atPath: reserve))
    #expect(try bench.connection.integer("SELECT count(*) FROM delivery WHERE state = 3") == 1_000)
  }

  @Test(arguments: [(24, 96), (1_024, 1_000)])
  func theLogIsShortWhereTheReserveIsSmall(mebibytes: Int, pages: Int64) throws {
    let disk = try DiskMount(mebibytes: mebibytes)
    let bench = try KeepingBench(path: "\(disk.path)/relay.db", usesRealDisk: true)
    #expect(try bench.connection.integer("PRAGMA wal_autocheckpoint") == pages)
    bench.close()
  }

  @Test func aDiskThatItFilledWithSettledEventsIsFreedAgainByItself() throws {
    _ = try appendUntilRefused([.delivered(0)])
    let events = try bench.count("event")
    for _ in 0..<5 where keeper.refusal() != nil {
      bench.clock.advance(by: .seconds(1))
      bench.keep()
    }
    #expect(keeper.refusal() == nil)
    // What was needed went, the rest stayed.
    #expect(try (events / 2..<events).contains(bench.count("event")))
    #expect(try bench.connection.text("PRAGMA integrity_check") == "ok")
  }

  @Test func aStoreOnAFullDiskOpensWithTheHelpOfItsReserve() throws {
    try bench.add(at: 0, all: Array(repeating: [.pending], count: 100), body: 1_000)
    // Its log goes with the connection; others take the room.
    bench.close()
    try disk.fill()
    try bench.reopen()
    #expect(keeper.refusal()?.code == .full)
    #expect(try bench.count("event") == 100)
    #expect(try !settleAll())
  }
}
