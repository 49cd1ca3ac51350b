import Foundation
import RelayCore
import RelayHarness
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Whose the store is, whatever name it is opened by.
struct StoreLockTests {
  enum OtherName: CaseIterable {
    case linkToTheFolder, linkToTheFile, hardLink
  }

  private let home: SQLiteHome
  private let store: any DeliveryStore

  init() throws {
    home = try SQLiteHome()
    store = try home.open(clock: ManualClock(), duplicateLimit: 1)
  }

  private func refusal(_ path: String) -> StoreError? {
    do throws(StoreError) {
      try SQLiteStore(path: path, clock: ManualClock()).close()
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: OtherName.allCases)
  func noOtherNameLeadsIntoAStoreThatIsInUse(_ name: OtherName) throws {
    let other = try TemporaryFolder()
    let (link, path) = ("\(other.path)/data", "\(other.path)/data/relay.db")
    if name == .linkToTheFolder {
      #expect(symlink(home.folder.path, link) == 0)
    } else {
      #expect(mkdir(link, 0o700) == 0)
      #expect((name == .hardLink ? Glibc.link : symlink)(home.path, path) == 0)
    }
    let error = refusal(path)
    #expect(error?.code == .inUse)
    #expect(error?.message.contains("(process \(getpid()))") == true)
    store.close()
    #expect(refusal(path) == nil)
  }

  @Test func aLockFileThatWasRemovedLetsNobodyIn() throws {
    try FileManager.default.removeItem(atPath: home.path + ".lock")
    #expect(refusal(home.path)?.code == .inUse)
    store.close()
  }

  /// It locks the file beside the database, and nothing else.
  @Test func aRelayOfAnEarlierReleaseIsFoundByItsOwnLock() throws {
    store.close()
    let lock = open(home.path + ".lock", O_RDWR | O_CLOEXEC)
    #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
    #expect(refusal(home.path)?.code == .inUse)
    close(lock)
    #expect(refusal(home.path) == nil)
  }

  @Test func theLockIsHeldUntilTheLastConnectionHasClosed() throws {
    store.close()
    let path = home.path
    var lock: StoreLock? = try StoreLock(databasePath: path, emulatesFlock: false)
    var connection: Connection? = try Connection(path: path, lock: lock)
    lock = nil
    #expect(refusal(path)?.code == .inUse)
    withExtendedLifetime(connection) {}
    connection = nil
    #expect(refusal(path) == nil)
  }

  /// flock would be a POSIX lock there, and keep SQLite out.
  @Test func whereFlockIsEmulatedTheDatabaseFileItselfIsNotLocked() throws {
    store.close()
    let lock = try StoreLock(databasePath: home.path, emulatesFlock: true)
    let file = open(home.path, O_RDWR | O_CLOEXEC)
    #expect(flock(file, LOCK_EX | LOCK_NB) == 0)
    close(file)
    let error = #expect(throws: StoreError.self) {
      _ = try StoreLock(databasePath: home.path, emulatesFlock: true)
    }
    #expect(error?.code == .inUse)
    withExtendedLifetime(lock) {}
  }

  @Test(arguments: [
    (0x6969 as UInt32, true, false), (0xFF53_4D42, true, false), (0xFE53_4D42, true, false),
    (0x9123_683E, false, true), (0xCA45_1A4E, false, true), (0xEF53, false, false),
    (0x5846_5342, false, false), (0x0102_1994, false, false), (0x794C_7630, false, false),
  ])
  func fileSystemsAreKnownByTheirNumbers(magic: UInt32, emulatesFlock: Bool, canFault: Bool) {
    let kind = FileSystemKind(magic: magic)
    #expect(kind.emulatesFlock == emulatesFlock)
    #expect(kind.canFaultWhenFull == canFault)
  }

  @Test func theSystemSaysWhatAFolderIsOn() {
    #expect(FileSystemKind.of(file: "/proc/self/status").magic == 0x9FA0)
  }

  @Test func theKernelsTableSaysWhoHoldsAFile() {
    let table = LockTable(
      """
      1: POSIX  ADVISORY  READ 4711 08:01:9876 123 123
      1: -> POSIX  ADVISORY  WRITE 4712 08:01:9876 123 123
      2: FLOCK  ADVISORY  WRITE 4713 08:01:9876 0 EOF
      3: FLOCK  ADVISORY  WRITE 4714 08:02:9876 0 EOF
      4: POSIX  ADVISORY  READ 4715 08:01:9877 123 123
      5: OFDLCK ADVISORY  READ -1 08:01:9876 123 123
      nonsense
      """)
    #expect(
      table.entries(of: FileID(device: 0x801, inode: 9_876)) == [
        LockTable.Entry(isFlock: false, process: 4_711, first: 123, last: 123),
        LockTable.Entry(isFlock: true, process: 4_713, first: 0, last: nil),
      ])
    #expect(LockTable.name(ofProcess: Int(getpid())).hasSuffix("(process \(getpid()))"))
    #expect(LockTable.name(ofProcess: 0) == "process 0")
  }
}
