import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What a write that fails comes to.
struct WritingErrorTests {
  @Test(arguments: [
    (ENOSPC, true), (EDQUOT, true), (EFBIG, true), (EIO, false), (EROFS, false), (EACCES, false),
  ])
  func someOfTheSystemsErrorsMeanThatThereIsNoRoom(code: Int32, isFull: Bool) {
    let error = SystemError(code: code)
    #expect(error.isFull == isFull)
    let failure = StoreFiles.failure("can't make it", error)
    #expect(failure.code == (isFull ? .full : .cannotOpen))
    #expect(failure.message.contains(String(cString: strerror(code))))
  }

  /// SQLite writes nothing for a row that stays as it is.
  @Test func theProbeReallyWrites() throws {
    let bench = try SessionBench()
    let first = try bench.session.connection.integer("SELECT first FROM unlisted")
    let commits = try WriteAheadLog.commits(of: bench.home.path)
    try bench.session.transactions.run { () throws(StoreError) in try bench.session.probe() }
    #expect(try WriteAheadLog.commits(of: bench.home.path) == commits + 1)
    #expect(try bench.session.connection.integer("SELECT first FROM unlisted") == first)
  }

  @Test func aStoreThatFailedTakesNothingBeforeAWriteHasSucceeded() throws {
    let bench = try SessionBench()
    try Fault.begin.begin(bench.session.connection)
    #expect(throws: StoreError.self) { try bench.write([bench.make.envelope()])[0].get() }
    #expect(bench.writer.failure != nil)
    bench.writer.write()
    #expect(bench.writer.failure != nil && bench.writer.mustTryAgain)
    try Fault.begin.end(bench.session.connection)
    let commits = try WriteAheadLog.commits(of: bench.home.path)
    bench.writer.write()
    #expect(bench.writer.failure == nil && !bench.writer.mustTryAgain)
    #expect(try WriteAheadLog.commits(of: bench.home.path) == commits + 1)
  }

  /// Outcomes that can't be written say as much as envelopes do.
  @Test func outcomesThatCantBeWrittenMakeTheStoreRefuse() throws {
    let bench = try SessionBench()
    let held = try bench.stored(bench.make.envelope())
    try Fault.begin.begin(bench.session.connection)
    _ = bench.write(settle: [held[0].settled(.delivered)])
    #expect(bench.writer.hasHeldSettlements)
    #expect(bench.writer.failure != nil)
    try Fault.begin.end(bench.session.connection)
    bench.writer.write()
    #expect(bench.writer.failure == nil && !bench.writer.hasHeldSettlements)
  }

  @Test func whatFailedBeforeSaysNothingOfTheNextTransaction() throws {
    let bench = try SessionBench()
    let connection = bench.session.connection
    try Fault.full.begin(connection)
    let large = bench.make.envelope(body: [UInt8](repeating: 0x20, count: 100_000))
    #expect(throws: StoreError.self) { try bench.write([large])[0].get() }
    #expect(connection.lastErrorWasOfWriting)
    try Fault.full.end(connection)
    try bench.session.transactions.run {
      #expect(!connection.lastErrorWasOfWriting && connection.lastSystemError == nil)
    }
  }

  @Test(.enabled(if: DiskMount.isAllowed, "mounting a file system needs root"))
  func whatTheSystemSaidStandsInTheMessage() throws {
    let disk = try DiskMount(mebibytes: 4)
    let session = try StoreSession(path: "\(disk.path)/relay.db", duplicateLimit: 1)
    try disk.fill()
    let error = #expect(throws: StoreError.self) {
      for _ in 0..<100 {
        try session.transactions.run { () throws(StoreError) in
          try session.connection.execute("INSERT INTO configuration (hash) VALUES (hex(randomblob(60000)))")
        }
      }
    }
    #expect(error?.code == .full)
    #expect(error?.message.contains("No space left on device") == true)
    #expect(session.connection.lastErrorWasOfWriting)
  }

  // MARK: The reserve

  @Test func aWriteThatFailsGivesTheReserveAwayUntilOneSucceeds() {
    var guardian = DiskGuard()
    let space = DiskSpace(available: 1 << 40, total: 16 << 20)
    _ = guardian.look(space, reserved: 0)
    guardian.reserveMade(.success(space))
    #expect(guardian.refusal == nil && guardian.roomToProve == 0)
    guardian.filled("Disk quota exceeded")
    #expect(
      guardian.refusal?.message.hasPrefix("the disk of the store is full: Disk quota exceeded; make room")
        == true)
    // The file system says that there is plenty: it does not know of quotas.
    let action = guardian.look(space, reserved: 0)
    #expect(action == .makeReserve)
    #expect(guardian.roomToProve == 2 << 20)
    guardian.reserveMade(.failure(StoreError(code: .full, message: "no")))
    #expect(guardian.refusal?.message == "no" && guardian.roomToProve == 2 << 20)
    guardian.reserveMade(.success(space))
    #expect(guardian.refusal == nil && guardian.roomToProve == 0)
  }

  @Test func theReserveIsNotMadeAnewWhileWritingFails() throws {
    let bench = try KeepingBench()
    bench.configure()
    let reserve = bench.path + ".reserve"
    bench.keeper.disk.failed()
    #expect(!FileManager.default.fileExists(atPath: reserve))
    bench.clock.advance(by: .seconds(1))
    #expect(bench.keeper.refusal() == nil, "why it fails is for the commit to say")
    #expect(!FileManager.default.fileExists(atPath: reserve))
    bench.keeper.committed(appendedEvents: 0)
    bench.clock.advance(by: .seconds(1))
    #expect(bench.keeper.refusal() == nil)
    #expect(FileManager.default.fileExists(atPath: reserve))
  }

  // MARK: The index of the log

  private static let copyOnWrite = FileSystemKind(magic: 0x9123_683E)

  @Test func whereAMappedIndexCouldFaultItIsInMemoryAndTheLookupSharesIt() throws {
    let home = try SQLiteHome()
    let session = try StoreSession(path: home.path, duplicateLimit: 1, fileSystem: Self.copyOnWrite)
    #expect(!FileManager.default.fileExists(atPath: home.path + "-shm"))
    let lookup = try LookupSession(path: home.path, fileSystem: Self.copyOnWrite)
    try session.transactions.run { () throws(StoreError) in
      try session.register(
        StoreNames(sources: [], destinations: ["crm"], routes: [], configuration: "c1"))
    }
    #expect(try lookup.connection.texts("SELECT name FROM destination") == ["crm"])
    #expect(throws: StoreError.self) { try lookup.connection.execute("DELETE FROM destination") }
    // The log is gathered there as well.
    #expect(try WriteAheadLog.commits(of: home.path) > 0)
  }
}
