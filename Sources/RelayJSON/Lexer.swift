/// A place in a document, and what of JSON's grammar stands there: tokens, not nesting.
struct Lexer {
  let bytes: DocumentBytes
  /// Offset in bytes; at most the document's length.
  var position = 0

  init(_ document: UnsafeBufferPointer<UInt8>) { bytes = DocumentBytes(document) }

  @inline(__always)
  var isAtEnd: Bool { position == bytes.count }

  /// The byte here; 0, which no grammar rule allows, at the end.
  @inline(__always)
  func peek() -> UInt8 { position < bytes.count ? bytes[position] : 0 }

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

  /// The error for something missing at this place.
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
