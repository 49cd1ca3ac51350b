/// A position in a document, and what of JSON's grammar stands there: tokens, not nesting.
struct Lexer {
  private let bytes: DocumentBytes
  /// Offset in bytes; at most the document's length.
  private(set) var position = 0

  init(_ document: UnsafeBufferPointer<UInt8>) { bytes = DocumentBytes(document) }

  @inline(__always)
  var isAtEnd: Bool { position == bytes.count }

  /// The byte here; 0, which no grammar rule allows, at the end.
  @inline(__always)
  func peek() -> UInt8 { position < bytes.count ? bytes[position] : 0 }

  /// Steps over the byte here, which is known to be there.
  @inline(__always)
  mutating func skipByte() { position += 1 }

  /// The bytes between the quotes of a string that stands in the document, or of another value all.
  func text(of value: JSONValue) -> UnsafeBufferPointer<UInt8> { bytes.slice(value.range) }

  /// What some editors and Windows programs write before UTF-8; RFC 8259, 8.1, lets a reader ignore it.
  mutating func skipByteOrderMark() {
    if peek() == 0xEF, bytes.startsWithByteOrderMark { position = 3 }
  }

  @inline(__always)
  mutating func skipSpace() {
    if peek() > 0x20 { return }
    // One space, as after a colon, is the most frequent gap.
    if peek() == 0x20 { position += 1 }
    if peek() <= 0x20 { skipSpaceRun() }
  }

  private mutating func skipSpaceRun() {
    while ASCII.isSpace(peek()) {
      position += 1
      // Indented documents are half spaces: eight at a time.
      while position + 8 <= bytes.count {
        let others = bytes.word(at: position) ^ 0x2020_2020_2020_2020
        position += others.trailingZeroBitCount >> 3
        if others != 0 { break }
      }
    }
  }

  /// Steps over one of the grammar's three words, whose first byte is known to stand here.
  mutating func literal(_ spelling: StaticString, _ kind: JSONKind) throws(ScanError) -> JSONValue {
    let start = position
    for index in 0..<spelling.utf8CodeUnitCount {
      // The index is below the count.
      guard peek() == spelling.utf8Start[index] else { throw expected(spelling) }
      position += 1
    }
    return JSONValue(kind: kind, scanned: start, position)
  }

  // MARK: Numbers

  /// Steps over the number whose first byte, a digit or a minus, stands here. Any size: nothing is computed.
  mutating func number() throws(ScanError) -> JSONValue {
    let start = position
    if peek() == ASCII.minus { position += 1 }
    if peek() == ASCII.zero {
      position += 1
      if ASCII.isDigit(peek()) { throw invalid("a number must not start with 0", at: position) }
    } else {
      try digits()
    }
    if peek() == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if peek() | 0x20 == UInt8(ascii: "e") {
      position += 1
      if peek() == UInt8(ascii: "+") || peek() == ASCII.minus { position += 1 }
      try digits()
    }
    return JSONValue(kind: .number, scanned: start, position)
  }

  @inline(__always)
  private mutating func digits() throws(ScanError) {
    guard ASCII.isDigit(peek()) else { throw expected("a digit in a number") }
    repeat { position += 1 } while ASCII.isDigit(peek())
  }

  // MARK: Strings

  /// Steps over the string whose opening quote stands here.
  mutating func string() throws(ScanError) -> JSONValue {
    let start = position + 1
    var at = start
    var hasEscapes = false
    while true {
      at = endOfPlainText(from: at)
      guard at < bytes.count else { throw invalid("the document ends inside a string", at: at) }
      switch bytes[at] {
      case ASCII.quote:
        position = at + 1
        return JSONValue(kind: .string, scanned: start, at, hasEscapes: hasEscapes)
      case ASCII.backslash:
        hasEscapes = true
        at = try endOfEscape(at)
      case 0..<0x20:
        throw invalid("a control character in a string must be escaped", at: at)
      default:
        at = try endOfNonASCII(at)
      }
    }
  }

  /// The offset of the first byte that is a quote, a backslash, a control character or not ASCII; or the
  /// document's length.
  @inline(__always)
  private func endOfPlainText(from start: Int) -> Int {
    var at = start
    while at + 8 <= bytes.count {
      let found = Self.specialBytes(in: bytes.word(at: at))
      if found != 0 { return at + found.trailingZeroBitCount >> 3 }
      at += 8
    }
    while at < bytes.count, Self.isPlain(bytes[at]) { at += 1 }
    return at
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x80 && byte != ASCII.quote && byte != ASCII.backslash
  }

  /// The top bit of each byte that is not plain. A subtraction may borrow from the byte above one that was
  /// found, so only the lowest bit found is to be trusted.
  @inline(__always)
  private static func specialBytes(in word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (ones &* UInt64(ASCII.quote))
    let backslashes = word ^ (ones &* UInt64(ASCII.backslash))
    let found =
      (quotes &- ones) & ~quotes
      | (backslashes &- ones) & ~backslashes
      | (word &- ones &* 0x20) & ~word
      | word
    return found & (ones &* 0x80)
  }

  private func endOfEscape(_ backslash: Int) throws(ScanError) -> Int {
    let letter = backslash + 1
    guard letter < bytes.count else { throw invalid("the document ends inside a string", at: letter) }
    switch bytes[letter] {
    case ASCII.quote, ASCII.backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return letter + 1
    case UInt8(ascii: "u"):
      for digit in letter + 1...letter + 4 {
        guard digit < bytes.count else { throw invalid("the document ends inside a string", at: digit) }
        guard ASCII.hexValue(bytes[digit]) != nil else {
          throw invalid("expected four hexadecimal digits after \\u", at: digit)
        }
      }
      return letter + 5
    default:
      throw invalid("an unknown escape in a string", at: letter)
    }
  }

  /// Steps over the run of non-ASCII characters that starts at `start`: table 3-7 of the Unicode standard, so
  /// no overlong form, no surrogate, nothing above U+10FFFF.
  private func endOfNonASCII(_ start: Int) throws(ScanError) -> Int {
    var at = start
    repeat {
      let lead = bytes[at]
      let second: ClosedRange<UInt8>
      let length: Int
      switch lead {
      case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
      case 0xE0: (length, second) = (3, 0xA0...0xBF)
      case 0xED: (length, second) = (3, 0x80...0x9F)
      case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
      case 0xF0: (length, second) = (4, 0x90...0xBF)
      case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
      case 0xF4: (length, second) = (4, 0x80...0x8F)
      default: throw invalid("invalid UTF-8", at: at)
      }
      guard at + length <= bytes.count, second.contains(bytes[at + 1]) else {
        throw invalid("invalid UTF-8", at: at)
      }
      for index in at + 2..<at + length where bytes[index] & 0xC0 != 0x80 {
        throw invalid("invalid UTF-8", at: at)
      }
      at += length
    } while at < bytes.count && bytes[at] >= 0x80
    return at
  }

  // MARK: Errors

  /// The error for something missing at this position.
  @inline(never)
  func expected(_ what: StaticString) -> ScanError {
    let message = isAtEnd ? "expected \(what), found the end of the document" : "expected \(what)"
    return ScanError(code: .invalidJSON, message: message, offset: position)
  }

  @inline(never)
  func invalid(_ message: String, at offset: Int) -> ScanError {
    ScanError(code: .invalidJSON, message: message, offset: offset)
  }
}

/// The document's bytes, read without bounds checks in release builds (debug builds check): the lexer compares
/// its position with `count` before each step, and a second comparison would stand in the innermost loops.
private struct DocumentBytes {
  private let buffer: UnsafeBufferPointer<UInt8>
  let count: Int

  init(_ buffer: UnsafeBufferPointer<UInt8>) {
    self.buffer = buffer
    count = buffer.count
  }

  @inline(__always)
  subscript(offset: Int) -> UInt8 { buffer[offset] }

  /// The eight bytes at `offset`, the first in the lowest bits. The caller knows that
  /// `offset + 8 <= count`.
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    assert(offset >= 0 && offset + 8 <= count)
    return UInt64(
      littleEndian: UnsafeRawBufferPointer(buffer).loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  var startsWithByteOrderMark: Bool { buffer.starts(with: [0xEF, 0xBB, 0xBF]) }

  func slice(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: buffer[range])
  }
}

/// The bytes JSON's grammar is made of.
enum ASCII {
  static let quote = UInt8(ascii: "\"")
  static let backslash = UInt8(ascii: "\\")
  static let comma = UInt8(ascii: ",")
  static let colon = UInt8(ascii: ":")
  static let openBrace = UInt8(ascii: "{")
  static let closeBrace = UInt8(ascii: "}")
  static let openBracket = UInt8(ascii: "[")
  static let closeBracket = UInt8(ascii: "]")
  static let minus = UInt8(ascii: "-")
  static let zero = UInt8(ascii: "0")

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }

  @inline(__always)
  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  /// 0 to 15; nil for what is no hexadecimal digit.
  static func hexValue(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte - zero }
    let lower = byte | 0x20
    guard (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(lower) else { return nil }
    return lower - UInt8(ascii: "a") + 10
  }
}
