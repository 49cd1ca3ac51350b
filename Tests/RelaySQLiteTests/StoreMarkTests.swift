import Glibc
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// A log beside a database file is that file's own, or the store is not opened.
struct StoreMarkTests {
  private let home: SQLiteHome

  init() throws {
    home = try SQLiteHome()
  }

  private var files: [String] { ["", "-wal", "-shm", ".mark"].map { home.path + $0 } }

  private func contents(_ path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY)
    try #require(file >= 0)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: try FileSize.of(path))
    try #require(read(file, &bytes, bytes.count) == bytes.count)
    return bytes
  }

  private func put(_ bytes: [UInt8], at path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    try #require(file >= 0)
    defer { close(file) }
    try #require(write(file, bytes, bytes.count) == bytes.count)
  }

  /// A store whose process was killed, with a log; and what its file was before that start.
  private func leaveLog() throws -> (before: [UInt8], files: [[UInt8]]) {
    let make = TestEnvelopes()
    func open(_ body: (StoreSession) throws -> Void) throws {
      let session = try StoreSession(path: home.path, duplicateLimit: 10)
      try session.transactions.run { () throws(StoreError) in try session.register(.test) }
      try body(session)
    }
    try open { _ in }
    let before = try contents(home.path)
    var left: [[UInt8]] = []
    try open { session in
      _ = try session.transactions.run { () throws(StoreError) in
        try session.appender.append(make.envelope(), now: .second(0))
      }
      left = try files.map { try contents($0) }
    }
    for (file, bytes) in zip(files, left) { try put(bytes, at: file) }
    #expect(!left[1].isEmpty)
    return (before, left)
  }

  private func events() throws -> Int64? {
    try StoreSession(path: home.path, duplicateLimit: 10).connection.integer("SELECT count(*) FROM event")
  }

  @Test func itsOwnLogIsReplayedAfterACrash() throws {
    _ = try leaveLog()
    #expect(try events() == 1)
  }

  @Test func aRestoredFileBesideTheLogOfAnotherIsRefusedByTheLogsName() throws {
    let (before, _) = try leaveLog()
    try put(before, at: home.path)
    let error = #expect(throws: StoreError.self) { try events() }
    #expect(error?.code == .foreignLog)
    #expect(error?.message.contains(home.path + "-wal") == true)
    // Nothing of either was touched.
    #expect(try contents(home.path) == before)
    unlink(home.path + "-wal")
    unlink(home.path + "-shm")
    #expect(try events() == 0)
  }

  @Test func aCopyOfTheWholeFolderIsTheSameStore() throws {
    let (_, left) = try leaveLog()
    let other = try SQLiteHome()
    for (suffix, bytes) in zip(["", "-wal", "-shm", ".mark"], left) {
      try put(bytes, at: other.path + suffix)
    }
    let session = try StoreSession(path: other.path, duplicateLimit: 10)
    #expect(try session.connection.integer("SELECT count(*) FROM event") == 1)
  }

  @Test func withoutANoteTheLogIsTakenForItsOwn() throws {
    _ = try leaveLog()
    unlink(home.path + ".mark")
    #expect(try events() == 1)
  }

  /// A crash between the steps in which a start changes the mark.
  @Test func anyOfTwoNotedMarksWillDo() throws {
    let (_, left) = try leaveLog()
    for marks in [
      "1\n" + String(decoding: left[3], as: UTF8.self), String(decoding: left[3], as: UTF8.self) + "1\n",
    ] {
      for (file, bytes) in zip(files, left) { try put(bytes, at: file) }
      try put(Array(marks.utf8), at: home.path + ".mark")
      #expect(try events() == 1)
    }
  }

  /// Starts of a store that somebody reads all the while: its log can't be emptied, so the file keeps an old mark.
  @Test func startsUnderAReaderLeaveTheLogItsOwn() throws {
    let make = TestEnvelopes()
    var left: [[UInt8]] = []
    var reader: Connection?
    for round in 1...4 {
      let session = try StoreSession(path: home.path, duplicateLimit: 10)
      // Stands on the log's first state.
      if reader == nil {
        reader = try Connection(path: home.path, readOnly: true)
        try reader?.execute("BEGIN; SELECT count(*) FROM event")
      }
      _ = try session.transactions.run { () throws(StoreError) in
        if round == 1 { try session.register(.test) }
        return try session.appender.append(make.envelope(), now: .second(0))
      }
      left = try files.map { try contents($0) }
      session.connection.keepLogOnClose()
    }
    try reader?.execute("COMMIT")
    reader = nil
    for (file, bytes) in zip(files, left) { try put(bytes, at: file) }
    #expect(!left[1].isEmpty)
    #expect(try events() == 4)
  }

  @Test func aMarkThatWasNeverWrittenIsNone() throws {
    let (_, left) = try leaveLog()
    for (file, bytes) in zip(files, left) { try put(bytes, at: file) }
    do {
      let connection = try Connection(path: home.path)
      try connection.execute(
        "UPDATE mark SET value = ''; PRAGMA wal_checkpoint(TRUNCATE); UPDATE mark SET value = 'ab'")
      connection.keepLogOnClose()
    }
    #expect(try FileSize.of(home.path + "-wal") > 0)
    try put(Array("ab\n".utf8), at: home.path + ".mark")
    #expect(try events() == 1)
  }

  @Test func allThatStandsBesideTheFileDoesSoBehindALinkToo() throws {
    let (before, _) = try leaveLog()
    let link = "\(home.folder.path)/link.db"
    try #require(symlink("relay.db", link) == 0)
    do { _ = try StoreSession(path: link, duplicateLimit: 10) }
    for suffix in ["-wal", "-shm", ".mark", ".lock"] {
      #expect(access(link + suffix, F_OK) != 0, "\(suffix)")
    }
    _ = try leaveLog()
    try put(before, at: home.path)
    let error = #expect(throws: StoreError.self) { try StoreSession(path: link, duplicateLimit: 10) }
    #expect(error?.code == .foreignLog)
  }

  @Test func aLinkToAFileThatIsYetToBeMadeLeadsThere() throws {
    let link = "\(home.folder.path)/link.db"
    try #require(symlink("relay.db", link) == 0)
    #expect(StoreFiles.resolved(link) == StoreFiles.resolved(home.path))
    do { _ = try StoreSession(path: link, duplicateLimit: 10) }
    #expect(access(home.path + ".mark", F_OK) == 0 && access(link + ".mark", F_OK) != 0)
  }

  @Test func aStartThatFindsAnotherFileUnderItsNameLeavesTheLog() throws {
    let (_, left) = try leaveLog()
    for (file, bytes) in zip(files, left) { try put(bytes, at: file) }
    do {
      let connection = try Connection(path: home.path)
      #expect(try connection.integer("SELECT count(*) FROM event") == 1)
      let other = FileID(device: 1, inode: 1)
      #expect(throws: StoreError.self) {
        _ = try StoreSession.identity(of: connection, path: home.path, locked: other)
      }
    }
    #expect(try FileSize.of(home.path + "-wal") > 0)
  }

  @Test func aCopyHasAMarkOfItsOwn() throws {
    let session = try StoreSession(path: home.path, duplicateLimit: 10)
    var made: (any StoreCopy)?
    let backup = try Backup(of: session) { made = try? $0.get() }
    while !(try backup.step()) {}
    backup.end(nil)
    let bytes = try #require(made).read(at: 0, upTo: .max)
    let other = try SQLiteHome()
    try put(bytes, at: other.path)
    let copy = try Connection(path: other.path, readOnly: true)
    let marks = [
      try copy.text("SELECT value FROM mark"), try session.connection.text("SELECT value FROM mark"),
    ]
    #expect(marks[0] != marks[1] && !marks.contains(nil) && !marks.contains(""))
  }

  @Test func aPathWithSignsOfAURIIsReadAsItIs() throws {
    let path = "\(home.folder.path)/a?b#c%41é.db"
    do { _ = try StoreSession(path: path, duplicateLimit: 10) }
    let connection = try Connection(path: path, ignoringLog: ())
    #expect(try connection.text("SELECT value FROM mark") != nil)
  }
}
