import Glibc

/// The kernel's table of file locks, `/proc/locks`: who holds one. Pure: made of the table's text.
///
/// A line: `1: POSIX  ADVISORY  READ 4711 08:01:9876 123 123`: number, kind, `ADVISORY`, `READ` or `WRITE`, process,
/// file system and inode, first and last byte. Waiting ones have `->` after the number. Processes of other namespaces are
/// left out or have no number.
struct LockTable {
  struct Entry: Equatable {
    var isFlock: Bool
    var process: Int
    var first: Int
    /// nil: to the end of the file.
    var last: Int?
  }

  private let text: String

  init(_ text: String) {
    self.text = text
  }

  static func now() -> LockTable { LockTable(contents(of: "/proc/locks")) }

  func entries(of file: FileID) -> [Entry] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count == 8, words[1] == "POSIX" || words[1] == "FLOCK", let process = Int(words[4]) else {
        return nil
      }
      let place = words[5].split(separator: ":")
      guard place.count == 3, UInt(place[0], radix: 16) == file.deviceMajor,
        UInt(place[1], radix: 16) == file.deviceMinor,
        UInt(place[2]) == file.inode, let first = Int(words[6])
      else { return nil }
      return Entry(isFlock: words[1] == "FLOCK", process: process, first: first, last: Int(words[7]))
    }
  }

  /// `sqlite3 (process 4711)`; only the number, if the name can't be seen.
  static func name(ofProcess process: Int) -> String {
    let name = contents(of: "/proc/\(process)/comm").prefix { $0 != "\n" }
    return name.isEmpty ? "process \(process)" : "\(name) (process \(process))"
  }

  private static func contents(of path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    // A machine with more locks than this has other worries.
    while bytes.count < 4 << 20 {
      let count = read(file, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
