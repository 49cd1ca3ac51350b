import CDashboard
import RelayCore
import RelayDigest

/// A file of the dashboard, which is a part of the binary.
///
/// docs/decisions/0036-the-dashboard-in-the-binary.md says why.
struct DashboardFile: Sendable {
  /// As it stands in `Sources/CDashboard/files`: `index.html`, `pages/overview.js`.
  let path: String
  let bytes: [UInt8]
  /// With its quotes; another one for other bytes.
  let etag: String

  /// All there are. Made when somebody first looks: who has no browser pays nothing for them.
  static let all: [DashboardFile] = embedded.map { DashboardFile($0.path, $0.bytes) }

  private static let byPath = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })

  /// - Returns: nil: there is none.
  static func at(_ path: String) -> DashboardFile? { byPath[path] }

  /// As they stand in the folder.
  static var embedded: [(path: String, bytes: [UInt8])] {
    var count = 0
    let files = UnsafeBufferPointer(start: cdashboard_files(&count), count: count)
    return files.map {
      (String(cString: $0.path), Array(UnsafeBufferPointer(start: $0.bytes, count: $0.count)))
    }
  }

  private init(_ path: String, _ source: [UInt8]) {
    self.path = path
    bytes =
      switch path.split(separator: ".").last {
      case "js": ScriptSpaces.removed(from: Self.withoutRemarks(source))
      case "css": Self.withoutSpaces(Self.withoutRemarks(source))
      default: source
      }
    etag = "\"\(Base64.text(Array(SHA256.hash(bytes).prefix(18))))\""
  }

  /// Without what is for those who read the code: lines that are remarks, empty lines, and indentation. That is an eighth of what a
  /// browser would load. What stands in a text over several lines would be changed, too: a test finds files that have one.
  static func withoutRemarks(_ source: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(source.count)
    for line in source.split(separator: UInt8(ascii: "\n")) {
      let text = line.drop { $0 == UInt8(ascii: " ") }
      guard !text.isEmpty, !text.starts(with: "//".utf8),
        !(text.starts(with: "/*".utf8) && text.suffix(2) == Array("*/".utf8)[...])
      else { continue }
      result += text
      result.append(UInt8(ascii: "\n"))
    }
    return result
  }

  /// Styles without the spaces and lines that they need nowhere: behind `{`, `}`, `;`, `:` and `,`, and before braces. Texts in quotes stay.
  static func withoutSpaces(_ source: [UInt8]) -> [UInt8] {
    let (openers, braces) = (Array("{};:,".utf8), Array("{}".utf8))
    var result: [UInt8] = []
    result.reserveCapacity(source.count)
    var isText = false
    for (index, byte) in source.enumerated() {
      if byte == UInt8(ascii: "\"") { isText.toggle() }
      if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n"), !isText {
        let next = index + 1 < source.count ? source[index + 1] : byte
        if braces.contains(next) || result.last.map(openers.contains) ?? true { continue }
      }
      result.append(byte)
    }
    return result
  }

  /// nil: no browser is told what it is, and a test fails.
  var contentType: String? {
    switch path.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "svg": "image/svg+xml"
    default: nil
    }
  }

  /// Whether a browser that says this has the same bytes already.
  ///
  /// - Parameter condition: `If-None-Match`. A proxy that packs an answer makes its tag a weak one.
  func isKnown(to condition: String?) -> Bool {
    guard let condition else { return false }
    return condition.split(separator: ",").contains { item in
      var tag = item.drop { $0 == " " }
      while tag.last == " " { tag.removeLast() }
      if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
      return tag == "*" || tag == etag
    }
  }
}
