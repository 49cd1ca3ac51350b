extension Lexer {
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
}
