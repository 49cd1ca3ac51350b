extension YAMLCursor {
  mutating func skipLine() {
    while let byte = peek(), !byte.isBreak { advance() }
  }

  mutating func skip(through byte: UInt8) {
    while let next = peek(), next != byte, !next.isBreak { advance() }
    if peek() == byte { advance() }
  }

  mutating func takeWord() -> String {
    let start = offset
    advance()
    while let byte = peek(), !byte.isBlankOrBreak, !byte.isFlowIndicator { advance() }
    return text(from: start)
  }

  mutating func skipQuoted(_ quote: UInt8) {
    advance()
    while let byte = peek() {
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        advance(2)
      } else if byte == quote, quote == UInt8(ascii: "'"), peek(1) == quote {
        advance(2)
      } else {
        advance()
        if byte == quote { return }
      }
    }
  }

  /// Skips `|` or `>`, its header and every line that is indented deeper than the block that holds it.
  mutating func skipBlockScalar(parent: Int) {
    var indentation: Int?
    while let byte = peek(), !byte.isBreak {
      if byte == UInt8(ascii: "#"), isAfterBlank { break }
      if (0x31...0x39).contains(byte) { indentation = max(parent, 0) + Int(byte - 0x30) }
      advance()
    }
    skipLine()
    while peek() != nil {
      var ahead = self
      ahead.skipIndentation()
      guard let byte = ahead.peek() else { return self = ahead }
      if !byte.isBreak {
        if indentation == nil { indentation = max(ahead.column, parent + 1) }
        guard ahead.column >= indentation! else { return self = ahead }
        ahead.skipLine()
      }
      self = ahead
      advance()
    }
  }

  private mutating func skipIndentation() {
    if peek()?.isBreak == true { advance() }
    while peek() == UInt8(ascii: " ") { advance() }
  }

  enum PlainEnd {
    case other
    /// A `${` inside a flow collection.
    case reference
  }

  /// Skips a plain scalar, over several lines if need be.
  mutating func skipPlain(parent: Int, isFlow: Bool) -> PlainEnd {
    advance()
    while let byte = peek() {
      if byte.isBreak {
        guard let next = continuation(parent: parent, isFlow: isFlow) else { return .other }
        self = next
        continue
      }
      if byte == UInt8(ascii: ":"), nextIsBlank || isFlow && peek(1)!.isFlowIndicator { return .other }
      if byte == UInt8(ascii: "#"), isAfterBlank { return .other }
      if isFlow, byte.isFlowIndicator {
        let isReference = byte == UInt8(ascii: "{") && bytes[offset - 1] == UInt8(ascii: "$")
        return isReference ? .reference : .other
      }
      advance()
    }
    return .other
  }

  /// Where a plain scalar goes on, on a later line.
  private func continuation(parent: Int, isFlow: Bool) -> YAMLCursor? {
    var next = self
    while let byte = next.peek(), byte.isBlankOrBreak { next.advance() }
    guard let byte = next.peek(), byte != UInt8(ascii: "#") else { return nil }
    return isFlow || next.column > parent && !next.isAtDocumentMarker ? next : nil
  }
}
