import Foundation
import RelayCore
import RelayHarness
import Testing

@testable import huggy_relay

@Suite struct NewFileTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/copy.db" }

  init() throws {
    folder = try TemporaryFolder()
  }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  @Test(arguments: [true, false]) func itHasItsNameOnlyOnceItIsWhole(mayBeUnnamed: Bool) throws {
    let file = try NewFile(path: path, mayBeUnnamed: mayBeUnnamed)
    #expect(write(file.descriptor, "whole", 5) == 5)
    #expect(try !names.contains("copy.db"))
    #expect(try names.count == (mayBeUnnamed ? 0 : 1))
    #expect(try file.finish() == 5)
    #expect(try names == ["copy.db"])
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "whole")
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test func aCopyIsWholeWhenItIsAsLongAsItsHeaderSays() throws {
    let file = try NewFile(path: path)
    let format = try #require(
      StoreCopyFormat.known.first { $0.contentType == "application/vnd.sqlite3" })
    #expect(format.fault(file.descriptor) == .notACopy)
    var page = Array("SQLite format 3\0".utf8) + [UInt8](repeating: 0, count: 4_080)
    // The page's size, and two pages.
    (page[16], page[31]) = (16, 2)
    #expect(write(file.descriptor, page, page.count) == page.count)
    #expect(format.fault(file.descriptor) == .notWhole)
    #expect(write(file.descriptor, page, page.count) == page.count)
    #expect(format.fault(file.descriptor) == nil)
    #expect(write(file.descriptor, page, 1) == 1)
    #expect(format.fault(file.descriptor) == .notWhole)
  }

  @Test(arguments: [true, false]) func whatIsNotFinishedLeavesNothing(mayBeUnnamed: Bool) throws {
    do {
      let file = try NewFile(path: path, mayBeUnnamed: mayBeUnnamed)
      #expect(write(file.descriptor, "half", 4) == 4)
    }
    #expect(try names == [])
  }

  /// As of two runs with one name.
  @Test(arguments: [true, false]) func whoeverIsFirstHasTheName(mayBeUnnamed: Bool) throws {
    do {
      let (first, second) = (
        try NewFile(path: path, mayBeUnnamed: mayBeUnnamed),
        try NewFile(path: path, mayBeUnnamed: mayBeUnnamed)
      )
      #expect(write(second.descriptor, "second", 6) == 6)
      #expect(try second.finish() == 6)
      #expect(throws: Failure.self) { try first.finish() }
    }
    #expect(throws: Failure.self) { try NewFile(path: path, mayBeUnnamed: mayBeUnnamed) }
    #expect(try names == ["copy.db"])
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
  }
}
