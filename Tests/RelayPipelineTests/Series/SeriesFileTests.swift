import Foundation
import RelayHarness
import Testing

@testable import RelayPipeline

/// The file beside the store, on a real disk.
@Suite struct SeriesFileTests {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/relay.db.series" }

  init() throws { folder = try TemporaryFolder() }

  private func contents() throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

  @Test func whatIsNotThereIsEmpty() throws {
    #expect(try SeriesFile(path: path).read() == [])
    #expect(throws: SeriesFileError.self) { try SeriesFile(path: path).write([1], at: 0) }
  }

  @Test func itIsWrittenWholeAndThenInPlace() throws {
    let file = SeriesFile(path: path)
    try file.replace([1, 2, 3, 4])
    try file.write([9, 8], at: 1)
    #expect(try contents() == [1, 9, 8, 4])
    let again = SeriesFile(path: path)
    #expect(try again.read() == [1, 9, 8, 4])
    try again.write([7], at: 3)
    #expect(try contents() == [1, 9, 8, 7])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["relay.db.series"])
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  /// Broken by a file that is written on though nobody will find it again.
  @Test func oneThatWasRemovedIsNotWrittenOn() throws {
    let file = SeriesFile(path: path)
    try file.replace([1])
    unlink(path)
    #expect(throws: SeriesFileError.self) { try file.write([2], at: 0) }
    try file.replace([3])
    #expect(try contents() == [3])
  }

  /// What a kill has left of a file that was being made is in nobody's way.
  @Test func anUnfinishedFileIsMadeAnew() throws {
    try Data([5, 5, 5]).write(to: URL(fileURLWithPath: "\(path).new"))
    let file = SeriesFile(path: path)
    try file.replace([1])
    #expect(try contents() == [1])
    try Data([5, 5, 5]).write(to: URL(fileURLWithPath: "\(path).new"))
    #expect(try SeriesFile(path: path).read() == [1])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["relay.db.series"])
  }

  /// Broken by an `open` of what another name of the store's file leads to: its close would let go of the store's locks.
  @Test func anotherNameOfAFileIsNotOpened() throws {
    let other = "\(folder.path)/relay.db"
    try Data([6]).write(to: URL(fileURLWithPath: other))
    link(other, path)
    #expect(throws: SeriesFileError.self) { try SeriesFile(path: path).read() }
    unlink(path)
    symlink(other, path)
    #expect(throws: SeriesFileError.self) { try SeriesFile(path: path).read() }
    unlink(path)
    mkdir(path, 0o700)
    #expect(throws: SeriesFileError.self) { try SeriesFile(path: path).read() }
  }

  @Test func aFullDiskIsToldAndLeavesTheFileAsItIs() throws {
    let file = SeriesFile(path: path)
    try file.replace([1, 2])
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    #expect(throws: SeriesFileError("can't write x: No space left on device")) {
      try SeriesFile.write([1], at: 0, to: full, path: "x")
    }
    mkdir("\(path).new", 0o700)
    #expect(throws: SeriesFileError.self) { try file.replace([9]) }
    #expect(try contents() == [1, 2])
    try file.write([3], at: 0)
    #expect(try contents() == [3, 2])
  }
}
