import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// The keeper on a disk that fills. Its size is the test's to say: 16 MiB, so that the reserve and the low mark are
/// 1 MiB, and the high mark 2 MiB.
struct DiskTests {
  private let bench: KeepingBench
  private var keeper: StoreKeeper { bench.keeper }
  private var reserve: String { bench.path + ".reserve" }

  init() throws {
    bench = try KeepingBench()
    bench.configure(retention: 1_000_000)
  }

  private func leave(_ mebibytes: Int) {
    bench.diskSpace.withLock { $0.available = mebibytes << 20 }
  }

  private func attributes() throws -> [FileAttributeKey: Any] {
    try FileManager.default.attributesOfItem(atPath: reserve)
  }

  @Test func theReserveIsMadeAtTheStartForTheOwnerAlone() throws {
    let attributes = try attributes()
    #expect(attributes[.size] as? Int == 1 << 20)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(ReserveFile(databasePath: bench.path).allocatedBytes == 1 << 20)
  }

  @Test func littleRoomIsNoticedWithinATenthOfASecond() throws {
    #expect(keeper.refusal() == nil)
    leave(0)
    bench.clock.advance(by: .milliseconds(99))
    #expect(keeper.refusal() == nil)
    bench.clock.advance(by: .milliseconds(1))
    #expect(keeper.refusal()?.message.hasPrefix("the disk of the store has 0 MiB left; make room") == true)
    // The reserve is for outcomes that find no room.
    #expect(FileManager.default.fileExists(atPath: reserve))
  }

  @Test func aClockThatWentBackDoesNotKeepItFromLooking() throws {
    leave(0)
    bench.clock.set(.second(-100))
    #expect(keeper.refusal() != nil)
  }

  @Test func whenACommitFindsNoRoomTheReserveIsGivenAway() throws {
    keeper.diskFilled()
    #expect(!FileManager.default.fileExists(atPath: reserve))
    #expect(keeper.refusal()?.message.hasPrefix("the disk of the store is full") == true)
    // Once more does no harm.
    keeper.diskFilled()
    #expect(keeper.refusal()?.code == .full)
  }

  @Test func itRecoversByItselfWithinASecondAndMakesTheReserveAnewFirst() throws {
    leave(0)
    keeper.diskFilled()
    bench.keep()
    #expect(keeper.nextDue == bench.clock.now().advanced(by: .seconds(1)))
    leave(100)
    #expect(keeper.refusal() != nil)
    bench.clock.advance(by: .seconds(1))
    #expect(bench.keep() > 0)
    #expect(keeper.refusal() == nil)
    #expect(try attributes()[.size] as? Int == 1 << 20)
  }

  @Test func aDiskThatIsWellIsNotLookedAtWithoutACause() throws {
    bench.keep()
    #expect(keeper.nextDue == nil)
  }

  @Test func aStoreWithoutItsReserveOpensAndRefusesUntilItCanBeMade() throws {
    try FileManager.default.removeItem(atPath: reserve)
    leave(1)
    try bench.reopen()
    #expect(keeper.refusal()?.code == .full)
    #expect(try bench.count("source") == 1)
    leave(5)
    bench.clock.advance(by: .seconds(1))
    bench.keep()
    #expect(keeper.refusal() == nil)
    #expect(FileManager.default.fileExists(atPath: reserve))
  }

  @Test func aReserveThatCantBeMadeSaysWhyAndWhere() throws {
    try FileManager.default.removeItem(atPath: reserve)
    try FileManager.default.createDirectory(atPath: reserve, withIntermediateDirectories: false)
    try bench.reopen()
    let refusal = try #require(keeper.refusal())
    #expect(refusal.code == .full)
    #expect(refusal.message.contains("\(reserve): Is a directory"))
    try FileManager.default.removeItem(atPath: reserve)
    bench.clock.advance(by: .seconds(1))
    bench.keep()
    #expect(keeper.refusal() == nil)
  }

  @Test func theReserveOfAnEarlierRunIsTakenOver() throws {
    leave(1)
    try bench.reopen()
    #expect(keeper.refusal() == nil)
  }

  @Test func aFullDiskGetsTheSpaceOfSettledEventsBack() throws {
    for second in 0..<100 {
      try bench.add(at: second, [.delivered(second)], [.pending], body: 100_000)
    }
    try bench.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    let before = try attributesOfDatabase()
    leave(0)
    bench.clock.advance(by: .seconds(1))
    #expect(keeper.refusal() != nil)
    bench.keep()
    // What the high mark asks for, and little more.
    #expect(before - (try attributesOfDatabase()) >= 2 << 20)
    #expect(
      (60..<85).contains(try bench.connection.integer("SELECT count(*) FROM delivery WHERE state = 3")!))
    #expect(try bench.connection.integer("SELECT count(*) FROM delivery WHERE state = 0") == 100)
    #expect(try bench.rows("event").first == 2)
  }

  private func attributesOfDatabase() throws -> Int {
    try FileManager.default.attributesOfItem(atPath: bench.path)[.size] as? Int ?? 0
  }

  @Test func aStepThatFindsNoRoomGivesTheReserveAwayAndWaits() throws {
    bench.configure(retention: 10)
    for _ in 0..<300 { try bench.add(at: 0, [.delivered(0)]) }
    try bench.add(at: 0, [.pending])
    bench.clock.set(.second(20))
    // A copy of each event that goes, and no page for it.
    try bench.execute(
      """
      CREATE TABLE gone (body BLOB);
      CREATE TRIGGER fault AFTER DELETE ON event BEGIN INSERT INTO gone VALUES (zeroblob(1000000)); END;
      """)
    let pages = try bench.connection.integer("PRAGMA page_count")!
    try bench.execute("PRAGMA max_page_count = \(pages + 10)")
    leave(0)
    #expect(!keeper.step())
    #expect(!FileManager.default.fileExists(atPath: reserve))
    #expect(keeper.refusal()?.code == .full)
    #expect(keeper.nextDue == .second(21))
    #expect(try bench.count("event") == 301)
    try bench.execute("PRAGMA max_page_count = 1000000; DROP TRIGGER fault")
    leave(100)
    bench.keep(at: 21)
    #expect(try bench.count("event") == 1)
    #expect(keeper.refusal() == nil)
  }
}
