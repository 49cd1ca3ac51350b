import Foundation
import RelayHarness
import Testing

@testable import RelayPipeline

@Suite struct NoticeFileTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/relay.db.notices" }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func payload(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func whatIsSavedLastIsLoaded() throws {
    let file = NoticeFile(path: path)
    #expect(try file.load() == nil)
    for text in ["one", "two", "three"] {
      try file.save(payload(text))
      #expect(try file.load() == payload(text))
      #expect(try NoticeFile(path: path).load() == payload(text))
    }
  }

  @Test func whetherThereIsOneIsSeenWithoutMakingIt() throws {
    let file = NoticeFile(path: path)
    #expect(!file.isThere)
    #expect(access(path, F_OK) != 0)
    try file.save(payload("one"))
    #expect(file.isThere && NoticeFile(path: path).isThere)
    #expect(unlink(path) == 0 && symlink("/dev/null", path) == 0)
    #expect(!NoticeFile(path: path).isThere)
  }

  @Test func itsRoomIsTakenAtOnceAndNeverMore() throws {
    let file = NoticeFile(path: path)
    _ = try file.load()
    func size() throws -> (bytes: Int, taken: Int) {
      var status = stat()
      #expect(stat(path, &status) == 0)
      return (Int(status.st_size), Int(status.st_blocks) * 512)
    }
    #expect(try size().bytes == NoticeSlots.fileBytes && size().taken >= NoticeSlots.fileBytes)
    for _ in 0..<5 { try file.save([UInt8](repeating: 7, count: 300_000)) }
    #expect(try size().bytes == NoticeSlots.fileBytes)
    #expect(throws: NoticeFileError.self) {
      try file.save([UInt8](repeating: 7, count: NoticeSlots.slotBytes))
    }
  }

  /// A crash in the middle of a write leaves a part of it.
  @Test func whatIsTornLeavesTheOneBefore() throws {
    let file = NoticeFile(path: path)
    try file.save(payload("first"))
    try file.save(payload("second"))
    let whole = try Data(contentsOf: URL(filePath: path))
    let next = try #require(NoticeSlots.bytes(number: 3, payload("third, and longer")))
    let offset = NoticeSlots.offset(of: 3)
    for count in 0..<next.count {
      var torn = whole
      torn.replaceSubrange(offset..<offset + count, with: next[..<count])
      try torn.write(to: URL(filePath: path))
      #expect(try NoticeFile(path: path).load() == payload("second"))
    }
    var done = whole
    done.replaceSubrange(offset..<offset + next.count, with: next)
    try done.write(to: URL(filePath: path))
    #expect(try NoticeFile(path: path).load() == payload("third, and longer"))
  }

  @Test func aFlippedBitAnywhereInTheNewestIsNoticed() throws {
    let file = NoticeFile(path: path)
    try file.save(payload("first"))
    try file.save(payload("second"))
    let whole = try Data(contentsOf: URL(filePath: path))
    let offset = NoticeSlots.offset(of: 2)
    for place in 0..<NoticeSlots.headerBytes + 6 {
      var damaged = whole
      damaged[offset + place] ^= 0x10
      try damaged.write(to: URL(filePath: path))
      #expect(try NoticeFile(path: path).load() == payload("first"), "byte \(place)")
    }
  }

  @Test(arguments: [0, 10, 600_000]) func aShortFileIsMadeWholeAgain(bytes: Int) throws {
    let file = NoticeFile(path: path)
    try file.save(payload("first"))
    #expect(truncate(path, bytes) == 0)
    let again = NoticeFile(path: path)
    _ = try again.load()
    try again.save(payload("second"))
    #expect(try NoticeFile(path: path).load() == payload("second"))
    #expect(try Data(contentsOf: URL(filePath: path)).count == NoticeSlots.fileBytes)
  }

  @Test func itMayBeTakenAwayWhileItIsInUse() throws {
    let file = NoticeFile(path: path)
    try file.save(payload("first"))
    #expect(unlink(path) == 0)
    try file.save(payload("second"))
    #expect(try NoticeFile(path: path).load() == payload("second"))
  }

  /// Broken by an open that follows: what a link leads to may be the store.
  @Test func aLinkIsNotFollowed() throws {
    let other = folder.path + "/other"
    let content = Data(count: NoticeSlots.fileBytes)
    for isHard in [false, true] {
      try content.write(to: URL(filePath: other))
      #expect((isHard ? link(other, path) : symlink(other, path)) == 0)
      let file = NoticeFile(path: path)
      #expect(throws: NoticeFileError.self) { try file.load() }
      #expect(throws: NoticeFileError.self) { try file.save([1]) }
      #expect(try Data(contentsOf: URL(filePath: other)) == content)
      #expect(unlink(path) == 0)
    }
  }

  @Test func aForeignFileIsRefusedAndLeftAsItIs() throws {
    let texts = [
      Data("SQLite format 3".utf8), Data(count: 100) + Data("x".utf8), Data(count: NoticeSlots.fileBytes + 1),
    ]
    for content in texts {
      try content.write(to: URL(filePath: path))
      let file = NoticeFile(path: path)
      let error = #expect(throws: NoticeFileError.self) { try file.load() }
      #expect(error?.description.contains("move it away") == true)
      #expect(throws: NoticeFileError.self) { try file.save([1]) }
      #expect(try Data(contentsOf: URL(filePath: path)) == content)
    }
    #expect(unlink(path) == 0)
    try NoticeFile(path: path).save([1])
  }

  /// A file of the right length may have holes.
  @Test func theRoomOfAFileWithHolesIsTaken() throws {
    try Data().write(to: URL(filePath: path))
    #expect(truncate(path, NoticeSlots.fileBytes) == 0)
    let file = NoticeFile(path: path)
    _ = try file.load()
    var status = stat()
    #expect(stat(path, &status) == 0 && Int(status.st_blocks) * 512 >= NoticeSlots.fileBytes)
  }

  @Test func aFolderThatIsNotThereIsTold() {
    let file = NoticeFile(path: folder.path + "/nowhere/relay.db.notices")
    #expect(throws: NoticeFileError.self) { try file.load() }
    #expect(throws: NoticeFileError.self) { try file.save([1]) }
  }
}

/// A disk without a byte left: what is to be told of it can be kept.
@Suite(.enabled(if: geteuid() == 0, "mounting a file system needs root"))
struct NoticesOnAFullDiskTests {
  @Test func aFullDiskHasRoomForNotices() throws {
    let folder = try TemporaryFolder()
    guard mount("tmpfs", folder.path, "tmpfs", 0, "size=4m,mode=700") == 0 else { return }
    defer { umount2(folder.path, Int32(MNT_DETACH)) }
    let file = NoticeFile(path: folder.path + "/relay.db.notices")
    _ = try file.load()
    let ballast = open(folder.path + "/ballast", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    let block = [UInt8](repeating: 0, count: 4_096)
    while write(ballast, block, block.count) > 0 {}
    close(ballast)
    for number in 0..<4 {
      try file.save([UInt8](repeating: UInt8(number), count: 400_000))
      #expect(try NoticeFile(path: folder.path + "/relay.db.notices").load()?.first == UInt8(number))
    }
  }
}
