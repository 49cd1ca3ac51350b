/// Paths of files, as the system takes them.
package enum FilePath {
  /// The folder that a file is in, by its path alone: `.` where the path is only a name, `/` for what stands there.
  package static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
