import Foundation

/// A folder that goes with this value.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    let parent = FileManager.default.temporaryDirectory
    let folder = parent.appendingPathComponent("huggy-relay-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    path = folder.path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file in it, and returns its path.
  package func write(_ text: String, to name: String) throws -> String {
    let file = "\(path)/\(name)"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    return file
  }
}
