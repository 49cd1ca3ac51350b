import Glibc
import RelayCore
import RelaySystem

/// The folder that the store is in: whether it is there, whose it is, how much room it has, and how fast its disk is.
package struct DataFolder: Sendable {
  private let database: String
  private let maxBytes: Int
  private let copies: @Sendable () -> [KeptCopy]

  private static let subject = "data directory"

  /// - Parameters:
  ///   - database: The store's file.
  ///   - maxBytes: What the store may come to take.
  ///   - copies: Finds those of the store that are kept beside it.
  package init(database: String, maxBytes: Int, copies: @escaping @Sendable () -> [KeptCopy] = { [] }) {
    self.database = database
    self.maxBytes = maxBytes
    self.copies = copies
  }

  private var path: String { FilePath.parent(of: database) }

  package var checks: [Examination.Check] {
    [
      Examination.Check(Self.subject) { look() },
      Examination.Check("disk") { exists ? [DiskSpeed.measure(in: path)] : [] },
    ]
  }

  private var exists: Bool { access(path, F_OK) == 0 }

  private func look() -> [Finding] {
    var status = stat()
    guard stat(path, &status) == 0 else { return [missing(errno)] }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return [.fail(Self.subject, "\(path) is no folder", "choose another store.url")]
    }
    return [rights(of: status), kind, room] + databaseFindings + Self.findings(copies())
  }

  private func missing(_ code: Int32) -> Finding {
    guard code == ENOENT else {
      return .fail(
        Self.subject, "\(path) can't be looked at: \(String(cString: strerror(code)))",
        "run doctor as the user that runs the relay")
    }
    var parent = FilePath.parent(of: path)
    while access(parent, F_OK) != 0, parent != "/", parent != "." { parent = FilePath.parent(of: parent) }
    guard access(parent, W_OK) == 0 else {
      return .fail(
        Self.subject, "\(path) is not there, and this user can't make it in \(parent)",
        "make it, and give it to the user that runs the relay")
    }
    return .warn(
      Self.subject, "\(path) is not there yet",
      "`serve` makes it; if a service has its own (systemd's StateDirectory), give doctor its STATE_DIRECTORY"
    )
  }

  private func rights(of status: stat) -> Finding {
    let mode = String(status.st_mode & 0o7777, radix: 8)
    let owner = "owner \(Self.user(status.st_uid)), mode \(mode)"
    guard access(path, W_OK | X_OK) == 0 else {
      return .fail(
        Self.subject, "\(path) (\(owner)) can't be written by \(Self.user(geteuid()))",
        "run doctor as the user that runs the relay, or give that user the folder (chown)")
    }
    if status.st_mode & 0o002 != 0 {
      return .warn(
        Self.subject, "\(path) (\(owner)) can be written by anybody",
        "chmod o-w \(path): it holds customers' data")
    }
    return .ok(Self.subject, "\(path) (\(owner))")
  }

  private var databaseFindings: [Finding] {
    var status = stat()
    guard stat(database, &status) == 0, status.st_mode & 0o004 != 0 else { return [] }
    return [
      .warn(
        Self.subject, "anybody may read \(database): it holds what customers wrote", "chmod 600 \(database)")
    ]
  }

  private var kind: Finding {
    let kind = FileSystemName.of(path)
    if kind.isRemote {
      return .warn(
        "file system", "\(path) is on \(kind.text): its locks and syncs are only as good as its server's",
        "put the store on a disk of this machine")
    }
    if kind.isVolatile {
      return .warn(
        "file system",
        "\(path) is on \(kind.text): what is stored is gone with the machine, or the container",
        "put the store on a disk, or mount a volume there")
    }
    return .ok("file system", kind.text)
  }

  private var room: Finding {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else {
      return .warn("free space", "the system does not say how much room \(path) has", nil)
    }
    let available = Int(status.f_bavail) * Int(status.f_frsize)
    return Self.room(available: available, held: Self.size(of: database), maxBytes: maxBytes, path: path)
  }

  /// - Parameter held: What the store takes already.
  static func room(available: Int, held: Int, maxBytes: Int, path: String) -> Finding {
    let (free, limit) = (bytesText(available), bytesText(maxBytes))
    if available < 256 << 20 {
      return .fail(
        "free space", "\(free) at \(path)", "make room: the relay refuses envelopes when the disk is full")
    }
    if available + held < maxBytes {
      return .warn(
        "free space", "\(free) at \(path), less than store.max_size (\(limit)) may come to take",
        "make room, or lower store.max_size")
    }
    return .ok("free space", "\(free) at \(path), for store.max_size of \(limit)")
  }

  /// Each takes room, and holds what customers wrote for longer than anybody has said: nothing removes it but a person.
  static func findings(_ copies: [KeptCopy]) -> [Finding] {
    copies.map { copy in
      .warn(
        "copy of the store",
        "\(copy.path), \(bytesText(copy.bytes)), of \(copy.written.description.prefix(10)): neither retention nor an erasure "
          + "reaches it",
        "where no way back to it is needed: \(copy.removal)")
    }
  }

  private static func size(of file: String) -> Int {
    var status = stat()
    return stat(file, &status) == 0 ? Int(status.st_size) : 0
  }

  private static func user(_ id: uid_t) -> String {
    getpwuid(id).map { String(cString: $0.pointee.pw_name) } ?? "user \(id)"
  }

  private static func bytesText(_ bytes: Int) -> String {
    for (unit, size) in [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20)] where bytes >= size {
      return "\(bytes / size).\(bytes % size * 10 / size) \(unit)"
    }
    return "\(bytes >> 10) KiB"
  }
}
