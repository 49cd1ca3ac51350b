/// The path of a request target.
enum RequestPath {
  /// A path longer than this is cut before it is logged or kept.
  static let loggedBytes = 256

  /// `/huggy?x=1` and `http://relay/huggy` both name `/huggy`. Escapes stay as they are.
  static func path(of target: String) -> String {
    if target.utf8.first == UInt8(ascii: "/"), !target.utf8.contains(UInt8(ascii: "?")) { return target }
    var rest = target[...]
    for scheme in ["http://", "https://"] where rest.hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
      if rest.first != "/" { return "/" }
    }
    let bytes = rest.utf8
    let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
    return String(rest[..<end])
  }

  /// Its length was the sender's choice.
  static func cut(_ path: String) -> String {
    guard path.utf8.count > loggedBytes else { return path }
    return String(decoding: path.utf8.prefix(loggedBytes), as: UTF8.self)
  }
}
