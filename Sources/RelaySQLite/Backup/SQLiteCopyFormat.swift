import Glibc
import RelayCore

extension StoreCopyFormat {
  /// A copy of a SQLite store is a database file.
  package static let sqlite = StoreCopyFormat(contentType: "application/vnd.sqlite3", name: "SQLite file") {
    descriptor in
    let magic = Array("SQLite format 3\0".utf8)
    guard header(of: descriptor, bytes: magic.count) == magic else { return .notACopy }
    return isAsLongAsItSays(descriptor) ? nil : .notWhole
  }

  /// Whether the file is as long as its header says: 2 bytes at 16 are the page size (1: 65,536), and 4 at 28 the pages.
  private static func isAsLongAsItSays(_ descriptor: Int32) -> Bool {
    var status = stat()
    guard let header = header(of: descriptor, bytes: 32), fstat(descriptor, &status) == 0 else {
      return false
    }
    let size = Int(header[16]) << 8 | Int(header[17])
    let pages = header[28..<32].reduce(0) { $0 << 8 | Int($1) }
    return pages > 0 && Int(status.st_size) == pages * (size == 1 ? 65_536 : size)
  }

  /// nil: the file is shorter.
  private static func header(of descriptor: Int32, bytes count: Int) -> [UInt8]? {
    var header = [UInt8](repeating: 0, count: count)
    return pread(descriptor, &header, count, 0) == count ? header : nil
  }
}
