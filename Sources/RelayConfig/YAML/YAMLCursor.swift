/// A place in YAML's bytes, and the ways to move it past a scalar.
struct YAMLCursor {
  let bytes: [UInt8]
  private(set) var offset = 0
  /// From 1.
  private(set) var line = 1
  /// From 0, in Unicode scalars.
  private(set) var column = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  func peek(_ distance: Int = 0) -> UInt8? {
    offset + distance < bytes.count ? bytes[offset + distance] : nil
  }

  mutating func advance(_ count: Int = 1) {
    for _ in 0..<count {
      guard offset < bytes.count else { return }
      let byte = bytes[offset]
      offset += 1
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") && peek() != UInt8(ascii: "\n") {
        line += 1
        column = 0
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
  }

  var isAfterBlank: Bool { offset == 0 || bytes[offset - 1].isBlankOrBreak }
  var nextIsBlank: Bool { peek(1)?.isBlankOrBreak ?? true }

  var isAtDocumentMarker: Bool {
    guard column == 0, let byte = peek(), byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") else {
      return false
    }
    return peek(1) == byte && peek(2) == byte && (peek(3)?.isBlankOrBreak ?? true)
  }

  /// Whether what comes, but for blanks, is the `:` of a key.
  func isBeforeColon(isFlow: Bool) -> Bool {
    var distance = 0
    while peek(distance) == UInt8(ascii: " ") || peek(distance) == UInt8(ascii: "\t") { distance += 1 }
    guard peek(distance) == UInt8(ascii: ":") else { return false }
    return peek(distance + 1).map { $0.isBlankOrBreak || isFlow && $0.isFlowIndicator } ?? true
  }

  func text(from start: Int, dropping count: Int = 0) -> String {
    var part = bytes[start..<max(start, offset - count)]
    while part.last?.isBlankOrBreak == true { part.removeLast() }
    return String(decoding: part, as: UTF8.self)
  }
}

extension UInt8 {
  var isBreak: Bool { self == 0x0A || self == 0x0D }
  var isBlankOrBreak: Bool { self == 0x20 || self == 0x09 || isBreak }
  var isFlowIndicator: Bool { ",[]{}".utf8.contains(self) }
}
