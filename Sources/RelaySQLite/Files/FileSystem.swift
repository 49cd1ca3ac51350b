import CSQLiteLog
import Glibc
import RelayCore

/// What has to be known of the file system that the store is on. Pure but for the one look.
struct FileSystemKind: Equatable, Sendable {
  /// `f_type` of statfs(2).
  var magic: UInt32

  /// Of the file itself, which may be elsewhere than its name: a link leads to it, or it is mounted by itself. Of its
  /// folder, while it is not there.
  static func of(file path: String) -> FileSystemKind {
    let kind = csqlite_file_system_kind(path)
    return FileSystemKind(
      magic: kind != 0 ? kind : csqlite_file_system_kind(FilePath.parent(of: StoreFiles.resolved(path))))
  }

  /// Whether flock(2) is carried out as a POSIX lock over the whole file: it would then stand in the way of SQLite's own
  /// locks on the same file. On all others the two kinds know nothing of each other.
  var emulatesFlock: Bool { Self.network.contains(magic) }

  /// Whether writing to a page that is mapped, and was written before, needs new space: without any, the kernel ends the
  /// process with SIGBUS.
  var canFaultWhenFull: Bool { Self.copyOnWrite.contains(magic) }

  private static let network: Set<UInt32> = [
    0x6969,  // NFS
    0x517B, 0xFF53_4D42, 0xFE53_4D42,  // SMB
    0x0102_1997,  // 9P
  ]

  private static let copyOnWrite: Set<UInt32> = [
    0x9123_683E,  // btrfs
    0xCA45_1A4E,  // bcachefs
    0x2FC1_2FC1,  // ZFS
    0xF2F5_2010,  // F2FS
    0x3434,  // NILFS
  ]
}

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
