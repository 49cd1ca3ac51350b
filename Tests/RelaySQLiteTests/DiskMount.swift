import Foundation
import RelayHarness

/// A small file system in memory, mounted on a folder of its own for as long as this value lives.
final class DiskMount {
  let folder: TemporaryFolder
  var path: String { folder.path }

  init(mebibytes: Int) throws {
    folder = try TemporaryFolder()
    guard Self.run("mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m,mode=700", "tmpfs", folder.path) else {
      throw CocoaError(.featureUnsupported)
    }
  }

  deinit {
    // Lazily: the store in it may still be closing.
    _ = Self.run("umount", "-l", folder.path)
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

  private static func run(_ command: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
