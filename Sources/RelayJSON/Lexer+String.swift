extension Lexer {
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
}
