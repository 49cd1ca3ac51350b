/// Paths of files, as the system takes them.
package enum FilePath {
  /// The folder that a file is in, by its path alone: `.` where the path is only a name, `/` for what stands there.
  package static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The path from `/` on, without `.` and `..`, by its text alone: links are not followed.
  ///
  /// - Parameter folder: What a relative path is relative to; itself absolute.
  package static func absolute(_ path: String, in folder: String) -> String {
    var parts: [Substring] = []
    for part in (path.hasPrefix("/") ? path : "\(folder)/\(path)").split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
