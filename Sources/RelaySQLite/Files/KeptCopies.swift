import Glibc
import RelayCore

/// Finds the copies of a store that are kept beside it.
///
/// They are looked for by their names, since another relay's store may be in the same folder: what is named after the store
/// (`relay.db.before-schema-17`, `relay.db.old`), and what stands under the store's name in a folder
/// `before-…` or `newer-…`, where docs/install.md has it put. Each must be a store of ours by its header.
package struct KeptCopies {
  private let folder: String
  /// Of the store: `relay.db`.
  private let name: String
  /// What is open in this process, perhaps, and so must be left alone: to close any descriptor of such a file drops SQLite's locks.
  private let taken: Set<FileID>
  /// Another relay's store is locked while it runs.
  private let locks = LockTable.now()

  /// How the folders begin in which stores are put aside.
  private static let asideFolders = ["before-", "newer-"]
  /// What SQLite has beside a database.
  private static let companions = ["-wal", "-journal", "-shm"]

  /// - Returns: The newest first. None where the folder can't be read.
  package static func beside(_ databasePath: String) -> [KeptCopy] {
    let copies = KeptCopies(StoreFiles.resolved(databasePath))
    return (copies.files + copies.folders).sorted { ($1.written, $0.path) < ($0.written, $1.path) }
  }

  /// What an erasure says of them; nil: there are none.
  static func remaining(_ copies: [KeptCopy]) -> String? {
    guard !copies.isEmpty else { return nil }
    let named = copies.prefix(maxNamed).map(\.removal)
    let others = copies.count - named.count
    return
      "copies of the store that are kept beside it are left as they are, and may hold what was erased: "
      + "remove them, and with them the way back (\(named.joined(separator: "; ")))"
      + (others > 0 ? "; `huggy-relay doctor` names \(others) more" : "")
  }

  private static let maxNamed = 5

  private init(_ databasePath: String) {
    folder = FilePath.parent(of: databasePath)
    name = String(databasePath.dropFirst(folder == "/" ? 1 : folder.count + 1))
    // A copy under way is gone by itself.
    let paths = [databasePath, Backup.path(beside: databasePath)]
    let all = paths.flatMap { path in [path] + Self.companions.map { path + $0 } }
    taken = Set(all.compactMap { try? FileID.of(path: $0).get() })
  }

  private var files: [KeptCopy] {
    Self.entries(of: folder).filter { $0.hasPrefix(name + ".") }.compactMap { entry in
      let path = "\(folder)/\(entry)"
      guard isStore(path) else { return nil }
      let parts = [path] + Self.companions.map { path + $0 }.filter { Self.status(of: $0) != nil }
      return KeptCopy(parts, at: path, removal: "rm " + parts.map(\.shellWord).joined(separator: " "))
    }
  }

  private var folders: [KeptCopy] {
    let names = Self.entries(of: folder).filter { entry in
      Self.asideFolders.contains { entry.hasPrefix($0) }
    }
    return names.compactMap { entry in
      let aside = "\(folder)/\(entry)"
      // A link leads to somebody else's, or to the store itself.
      guard let status = Self.status(of: aside), status.st_mode & S_IFMT == S_IFDIR else { return nil }
      let entries = Self.entries(of: aside)
      let own = entries.filter { $0 == name || $0.hasPrefix("\(name).") || $0.hasPrefix("\(name)-") }
        .map { "\(aside)/\($0)" }
      guard own.contains(where: isStore), !own.contains(where: isInUse) else { return nil }
      let removal =
        own.count == entries.count
        ? "rm -r \(aside.shellWord)" : "rm " + own.map(\.shellWord).joined(separator: " ")
      return KeptCopy(own, at: aside, removal: removal)
    }
  }

  /// Whether it is open in this process or in another relay.
  private func isInUse(_ path: String) -> Bool {
    [path, path + ".lock"].contains { path in
      guard let file = try? FileID.of(path: path).get() else { return false }
      return taken.contains(file) || !locks.entries(of: file).isEmpty
    }
  }

  /// Whether it is a file of its own, and by its header a database of ours: `application_id`, 4 bytes at 68.
  private func isStore(_ path: String) -> Bool {
    guard let status = Self.status(of: path), status.st_mode & S_IFMT == S_IFREG, !isInUse(path) else {
      return false
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var header = [UInt8](repeating: 0, count: 72)
    guard pread(descriptor, &header, header.count, 0) == header.count else { return false }
    return header.starts(with: Array("SQLite format 3\0".utf8))
      && header[68...].reduce(0) { $0 << 8 | Int64($1) } == Schema.applicationID
  }

  fileprivate static func status(of path: String) -> stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }

  private static func entries(of folder: String) -> [String] {
    guard let entries = opendir(folder) else { return [] }
    defer { closedir(entries) }
    var names: [String] = []
    while let entry = readdir(entries) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

extension KeptCopy {
  /// Of these files.
  fileprivate init(_ files: [String], at path: String, removal: String) {
    let all = files.compactMap(KeptCopies.status)
    let seconds = all.map(\.st_mtim.tv_sec).max() ?? 0
    self.init(
      path: path, bytes: all.reduce(0) { $0 + Int($1.st_size) },
      written: Timestamp(microseconds: Int64(seconds) * 1_000_000), removal: removal)
  }
}

extension String {
  /// As a shell takes it for one word.
  fileprivate var shellWord: String {
    let plain = utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
        UInt8(ascii: "_"):
        true
      default: false
      }
    }
    return plain
      ? self : "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
  }
}
