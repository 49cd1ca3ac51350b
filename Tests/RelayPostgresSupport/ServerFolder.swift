import Foundation
import Glibc

/// Makes folders for servers: their user can come to them, and the path of a socket in them is not too long.
enum ServerFolder {
  /// - Returns: The path of a new, empty one.
  static func make() throws -> String {
    var template = Array("\(parent)/huggy-relay-pg-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw PostgresProblem("no folder for a server in \(parent): \(String(cString: strerror(errno)))")
    }
    let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    if let user = PostgresInstallation.serverUser { chown(path, user.id, user.group) }
    return path
  }

  /// The system's folder in memory where it has room, else that for temporary files; /tmp where that one is deep, or closed to the
  /// server's user.
  ///
  /// A database of a test is some three hundred files. ext4 gives no number of a file out again for some seconds after its removal,
  /// and looks for another one at each: with a database for each test that took a third of all the time.
  private static let parent: String = {
    if hasRoom(memory) { return memory }
    let usual = FileManager.default.temporaryDirectory.path
    return usual.utf8.count <= 70 && isOpen(usual) ? usual : "/tmp"
  }()

  private static let memory = "/dev/shm"

  /// Enough for all servers of a run.
  private static func hasRoom(_ folder: String) -> Bool {
    var status = statvfs()
    return statvfs(folder, &status) == 0 && access(folder, W_OK) == 0
      && Int(status.f_bavail) * Int(status.f_frsize) >= 4 << 30
  }

  private static func isOpen(_ path: String) -> Bool {
    guard PostgresInstallation.serverUser != nil else { return true }
    var place = URL(fileURLWithPath: path)
    while place.path != "/" {
      var status = stat()
      guard stat(place.path, &status) == 0, status.st_mode & S_IXOTH != 0 else { return false }
      place.deleteLastPathComponent()
    }
    return true
  }
}
