import Glibc

/// The room on a file system, in bytes.
struct DiskSpace: Equatable {
  /// For us: what is reserved for root does not count.
  var available: Int
  var total: Int

  /// Where the system does not say: plenty. A commit will tell.
  static let unknown = DiskSpace(available: 1 << 50, total: 1 << 50)

  static func ofFileSystem(at folder: String) -> DiskSpace {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return unknown }
    let block = Int(status.f_frsize)
    return DiskSpace(available: Int(status.f_bavail) * block, total: Int(status.f_blocks) * block)
  }
}
