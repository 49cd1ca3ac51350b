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

  /// The folder for temporary files, or /tmp where that one is deep, or closed to the server's user.
  private static let parent: String = {
    let usual = FileManager.default.temporaryDirectory.path
    return usual.utf8.count <= 70 && isOpen(usual) ? usual : "/tmp"
  }()

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
