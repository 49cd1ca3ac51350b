import CMachine

/// Whether somebody (chrony, systemd-timesyncd, ntpd) keeps the wall clock right, as the kernel was told.
package struct ClockDiscipline: Sendable, Equatable {
  package var isSynchronized: Bool
  /// How far it may be off, as who keeps it reckons.
  package var estimatedError: Duration

  package init(isSynchronized: Bool, estimatedError: Duration) {
    self.isSynchronized = isSynchronized
    self.estimatedError = estimatedError
  }

  /// nil: the kernel does not say.
  package static func now() -> ClockDiscipline? {
    var (estimated, maximum) = (0, 0)
    let state = cmachine_clock(&estimated, &maximum)
    guard state >= 0 else { return nil }
    return ClockDiscipline(
      isSynchronized: state != cmachine_clock_error, estimatedError: .microseconds(estimated))
  }
}

/// The kind of a file system, by the number that statfs(2) gives.
package struct FileSystemName: Sendable, Equatable {
  package var magic: UInt32

  package init(magic: UInt32) {
    self.magic = magic
  }

  package static func of(_ path: String) -> FileSystemName {
    FileSystemName(magic: cmachine_file_system(path))
  }

  package var text: String { Self.names[magic] ?? "file system 0x\(String(magic, radix: 16))" }

  /// What is written there goes over a network: locks and syncs are only as good as the server's.
  package var isRemote: Bool { ["NFS", "SMB", "9P", "FUSE", "Ceph"].contains(text) }

  /// What is written there is gone with the machine's, or the container's, end.
  package var isVolatile: Bool { ["tmpfs", "ramfs", "overlay"].contains(text) }

  private static let names: [UInt32: String] = [
    0xEF53: "ext4", 0x5846_5342: "XFS", 0x9123_683E: "btrfs", 0x2FC1_2FC1: "ZFS", 0xF2F5_2010: "F2FS",
    0xCA45_1A4E: "bcachefs", 0x0102_1994: "tmpfs", 0x8584_58F6: "ramfs", 0x794C_7630: "overlay",
    0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "SMB", 0xFE53_4D42: "SMB", 0x0102_1997: "9P",
    0x6573_5546: "FUSE", 0x00C3_6400: "Ceph", 0x4D44: "FAT", 0x2011_BAB0: "exFAT",
  ]
}
