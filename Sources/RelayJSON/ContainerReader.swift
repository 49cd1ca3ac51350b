/// What stands directly in an object or an array of a document: one level, in the order of the document, duplicate keys too.
///
/// For a document that `EnvelopeScanner` has accepted. Of what stands deeper the grammar is not looked at again; whatever
/// the bytes are, nothing beyond them is read.
package struct ContainerReader {
  /// A key and its value, or an element of an array. The offsets are the document's.
  package struct Member {
    /// Nil: it is an array's element.
    package var key: JSONValue?
    package var value: JSONValue
  }

  private var lexer: Lexer
  /// Where the container begins in the document: the lexer counts from there.
  private let offset: Int
  private let isObject: Bool
  private var isFirst = true

  /// - Parameter container: An object or an array that stands in the document.
  package init(_ container: JSONValue, in document: UnsafeBufferPointer<UInt8>) {
    lexer = Lexer(UnsafeBufferPointer(rebasing: document[container.range]))
    offset = container.range.lowerBound
    isObject = container.kind == .object
    // The opening bracket.
    if !lexer.isAtEnd { lexer.skipByte() }
  }

  /// The next one; nil: there is none.
  ///
  /// - Throws: What stands here is no JSON.
  package mutating func next() throws(ScanError) -> Member? {
    lexer.skipSpace()
    if lexer.peek() == (isObject ? ASCII.closeBrace : ASCII.closeBracket) { return nil }
    if !isFirst {
      guard lexer.peek() == ASCII.comma else { throw lexer.expected("',' after a value") }
      lexer.skipByte()
      lexer.skipSpace()
    }
    isFirst = false
    var key: JSONValue?
    if isObject {
      guard lexer.peek() == ASCII.quote else { throw lexer.expected("a key in quotes") }
      key = try inDocument(lexer.string())
      lexer.skipSpace()
      guard lexer.peek() == ASCII.colon else { throw lexer.expected("':' after a key") }
      lexer.skipByte()
      lexer.skipSpace()
    }
    return try Member(key: key, value: inDocument(lexer.value()))
  }

  private func inDocument(_ value: JSONValue) -> JSONValue {
    var value = value
    value.range = value.range.lowerBound + offset..<value.range.upperBound + offset
    return value
  }
}

extension Lexer {
  /// Steps over a value, in which strings and brackets are told apart, and nothing else.
  fileprivate mutating func value() throws(ScanError) -> JSONValue {
    switch peek() {
    case ASCII.quote: return try string()
    case ASCII.openBrace: return try container(.object)
    case ASCII.openBracket: return try container(.array)
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "t"): return try literal("true", .true)
    case UInt8(ascii: "f"): return try literal("false", .false)
    default: return try number()
    }
  }

  private mutating func container(_ kind: JSONKind) throws(ScanError) -> JSONValue {
    let start = position
    var depth = 0
    repeat {
      switch peek() {
      case ASCII.quote:
        _ = try string()
        continue
      case ASCII.openBrace, ASCII.openBracket: depth += 1
      case ASCII.closeBrace, ASCII.closeBracket: depth -= 1
      default: break
      }
      guard !isAtEnd else { throw expected("the end of an object or an array") }
      skipByte()
    } while depth > 0
    return JSONValue(kind: kind, range: start..<position)
  }
}
