import Glibc
import RelayCore
import RelayStoring
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// A copy of the store, made while it goes on.
struct BackupTests {
  private let bench: SessionBench

  init() throws {
    bench = try SessionBench()
    // More pages than one step copies.
    for _ in 0..<200 { _ = try bench.stored(bench.make.envelope(to: ["crm", "bi"], body: body)) }
  }

  private let body = [UInt8](repeating: UInt8(ascii: " "), count: 4_000)

  private func begin(_ completion: @escaping (Result<any StoreCopy, StoreError>) -> Void) throws -> Backup {
    try Backup(of: bench.session, completion: completion)
  }

  /// Makes a copy with something between its steps, and puts it under a name of its own.
  private func copy(between: () throws -> Void = {}) throws -> String {
    var made: (any StoreCopy)?
    let backup = try begin { made = try? $0.get() }
    while !(try backup.step()) { try between() }
    backup.end(nil)
    let copy = try #require(made)
    let path = "\(bench.home.folder.path)/copy.db"
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    let bytes = try copy.read(at: 0, upTo: copy.byteCount)
    #expect(bytes.count == copy.byteCount)
    #expect(write(file, bytes, bytes.count) == bytes.count)
    return path
  }

  @Test func itHoldsAllThatWasCommittedBeforeItWasDone() throws {
    var steps = 0
    let path = try copy {
      steps += 1
      // Both at its end and in pages that have been copied.
      let delivery = try bench.stored(bench.make.envelope(body: body)).only
      _ = bench.settle(delivery.settled(.delivered))
    }
    #expect(steps > 2)
    let copy = try StoreSession(path: path, duplicateLimit: 10)
    #expect(try copy.connection.text("PRAGMA integrity_check") == "ok")
    #expect(try copy.connection.integer("SELECT count(*) FROM event") == Int64(200 + steps))
    #expect(copy.destinations.all.books == bench.session.destinations.all.books)
    #expect(copy.destinations.all.books["crm"] == Books(pending: 200, delivered: steps))
  }

  @Test func aTransactionThatFailsMeanwhileLeavesNothingInIt() throws {
    var hasFailed = false
    let path = try copy {
      guard !hasFailed else { return }
      hasFailed = true
      try bench.session.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
      try? bench.session.transactions.run { () throws(StoreError) in
        // More than the cache holds: some of it is written, and so copied, before the transaction fails.
        try bench.session.connection.execute("PRAGMA cache_size = 10; UPDATE event SET routes = '7'")
        for _ in 0..<50 {
          _ = try bench.session.appender.append(bench.make.envelope(body: body), now: .second(0))
        }
        #expect((try? FileSize.of(bench.home.path + "-wal")) ?? 0 > 0)
        throw StoreError(code: .failing, message: "of the test")
      }
    }
    let copy = try StoreSession(path: path, duplicateLimit: 10)
    #expect(try copy.connection.text("PRAGMA integrity_check") == "ok")
    #expect(try copy.connection.integer("SELECT count(*) FROM event WHERE routes = '1'") == 200)
    #expect(try copy.connection.integer("SELECT count(*) FROM event") == 200)
  }

  @Test func itHoldsNoSnapshotThatWouldKeepTheLogFromBeginningAgain() throws {
    let log = bench.home.path + "-wal"
    var sizes: [Int] = []
    _ = try copy {
      for _ in 0..<20 { _ = try bench.stored(bench.make.envelope(body: body)) }
      try bench.session.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
      sizes.append(try FileSize.of(log))
    }
    #expect(!sizes.isEmpty && sizes.allSatisfy { $0 == 0 })
  }

  @Test func itIsForItsOwnersEyesAndHasNoNameOnceItIsWhole() throws {
    let path = Backup.path(beside: bench.home.path)
    var made: (any StoreCopy)?
    let backup = try begin { made = try? $0.get() }
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    while !(try backup.step()) {}
    backup.end(nil)
    #expect(made != nil)
    #expect(access(path, F_OK) != 0)
  }

  @Test func whatAKilledOneHasLeftIsRemovedAtTheStart() throws {
    let path = Backup.path(beside: bench.home.path)
    let file = open(path, O_WRONLY | O_CREAT, 0o600)
    close(file)
    try bench.reopen()
    #expect(access(path, F_OK) != 0)
  }

  @Test func aFileOfAPersonsBesideTheStoreStays() throws {
    let path = bench.home.path + ".backup"
    let file = open(path, O_WRONLY | O_CREAT, 0o600)
    close(file)
    try bench.reopen()
    _ = try copy()
    #expect(access(path, F_OK) == 0)
  }

  @Test func oneThatIsGivenUpLeavesNothing() throws {
    var backup: Backup? = try begin { _ in }
    _ = try backup?.step()
    backup = nil
    #expect(access(Backup.path(beside: bench.home.path), F_OK) != 0)
  }

  /// What is copied waits for the disk in the system's memory, and commits behind it.
  @Test func noMoreThanSomeMiBAreOnTheirWayToTheDisk() throws {
    let large = [UInt8](repeating: UInt8(ascii: " "), count: 200_000)
    for _ in 0..<60 { _ = try bench.stored(bench.make.envelope(body: large)) }
    let (syncs, isBack) = (Monitor((begun: 0, ended: 0)), Monitor(false))
    var made: (any StoreCopy)?
    let backup = try Backup(
      of: bench.session,
      sync: { file in
        syncs.update { $0.begun += 1 }
        _ = syncs.wait { $0.ended > 0 ? true : nil }
        return fdatasync(file)
      }, wake: { isBack.update { $0 = true } }, completion: { made = try? $0.get() })
    for _ in 0..<Backup.stepsPerSync { #expect(try !backup.step()) }
    #expect(!backup.isWaiting)
    let left = backup.remainingPages
    #expect(left > 0)
    for _ in 0..<20 { #expect(try !backup.step()) }
    #expect(backup.isWaiting && backup.remainingPages == left)
    syncs.update { $0.ended += 1 }
    _ = isBack.wait { $0 ? true : nil }
    #expect(!backup.isWaiting)
    _ = try backup.step()
    #expect(backup.remainingPages < left)
    while !(try backup.step()) { _ = syncs }
    #expect(syncs.update { $0.begun } >= 1)
    backup.end(nil)
    #expect(made != nil)
  }

  @Test func besideWorkItsStepsAreFewAndWithoutAnyTheyFollowOneAnother() throws {
    let backup = try begin { _ in }
    #expect(backup.isDue(beside: true, at: .now))
    let before = ContinuousClock.now
    _ = try backup.step()
    #expect(!backup.isDue(beside: true, at: before))
    #expect(backup.isDue(beside: false, at: before))
    #expect(backup.isDue(beside: true, at: .now.advanced(by: .milliseconds(10))))
  }

  @Test func aCopyThatCantBeBroughtToTheDiskFails() throws {
    let large = [UInt8](repeating: UInt8(ascii: " "), count: 200_000)
    for _ in 0..<60 { _ = try bench.stored(bench.make.envelope(body: large)) }
    let backup = try Backup(
      of: bench.session,
      sync: { _ in
        errno = ENOSPC
        return -1
      }, completion: { _ in })
    let error = #expect(throws: StoreError.self) {
      while !(try backup.step()) {}
    }
    #expect(error?.code == .full)
  }

  @Test func theLoopSleepsWhileItWaitsAndComesBack() async throws {
    let home = try SQLiteHome()
    let store = try home.open(clock: ManualClock(), duplicateLimit: 10)
    try await store.configure(.test)
    let large = [UInt8](repeating: UInt8(ascii: " "), count: 500_000)
    for _ in 0..<40 { _ = try await store.stored(bench.make.envelope(body: large)) }
    let promise = Promise<Result<any StoreCopy, StoreError>>("the copy")
    store.backup { promise.keep($0) }
    #expect(try await promise.value.get().byteCount > 16 << 20)
    store.close()
  }

  @Test func theStoreMakesOneAtATimeAndGoesOn() async throws {
    let home = try SQLiteHome()
    let store = try home.open(clock: ManualClock(), duplicateLimit: 10)
    try await store.configure(.test)
    let gate = Gate()
    gate.hold(store)
    let promises = (0..<2).map { _ in
      let promise = Promise<Result<any StoreCopy, StoreError>>("the copy")
      store.backup { promise.keep($0) }
      return promise
    }
    gate.open()
    #expect(try await promises[0].value.get().byteCount > 0)
    await #expect(throws: StoreError.self) { try await promises[1].value.get() }
    store.close()
    let late = Promise<Result<any StoreCopy, StoreError>>("the copy")
    store.backup { late.keep($0) }
    await #expect(throws: StoreError.closed) { try await late.value.get() }
  }
}

enum FileSize {
  static func of(_ path: String) throws -> Int {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return Int(status.st_size)
  }
}
