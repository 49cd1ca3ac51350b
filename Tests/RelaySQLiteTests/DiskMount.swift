import Foundation
import RelayHarness

/// A small file system in memory, mounted on a folder of its own for as long as this value lives.
final class DiskMount {
  let folder: TemporaryFolder
  var path: String { folder.path }

  init(mebibytes: Int) throws {
    folder = try TemporaryFolder()
    guard mount("tmpfs", folder.path, "tmpfs", 0, "size=\(mebibytes)m,mode=700") == 0 else {
      throw CocoaError(.featureUnsupported)
    }
  }

  deinit {
    // Lazily: the store in it may still be closing.
    umount2(folder.path, Int32(MNT_DETACH))
  }

  /// Takes all the room that is left, but for so many bytes.
  func fill(leaving bytes: Int = 0) throws {
    let file = open("\(path)/ballast", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer { close(file) }
    let block = [UInt8](repeating: 0, count: 4_096)
    while write(file, block, block.count) > 0 {}
    ftruncate(file, max(0, lseek(file, 0, SEEK_END) - bytes))
  }

  func empty() { unlink("\(path)/ballast") }

  /// Whether this process may mount anything.
  static let isAllowed = geteuid() == 0 && (try? DiskMount(mebibytes: 1)) != nil
}
