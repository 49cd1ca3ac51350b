/// One pass over one document: the grammar's nesting. What values mean is in `DocumentScan+Meaning`.
struct DocumentScan {
  static let maxDepth = 1024

  var lexer: Lexer
  let maxEvents: Int
  /// The innermost open object or array; outside of all, a frame that holds the document.
  var top: Frame
  /// Those around it, outermost first.
  var parents: [Frame] = []
  var notes: FieldNotes
  var envelope = ScannedEnvelope()
  var isObject = false
  /// The key of `messages` whose value is being scanned, and the next item's place in it.
  var type = JSONValue(kind: .string, range: 0..<0)
  var itemIndex = 0
  /// Holds a key with escapes while it is compared.
  var decodedKey: [UInt8] = []

  init(document: UnsafeBufferPointer<UInt8>, tree: FieldTree, maxEvents: Int) {
    lexer = Lexer(document)
    self.maxEvents = maxEvents
    notes = FieldNotes(tree: tree)
    top = Frame()
    top.child = .document
    parents.reserveCapacity(32)
  }

  mutating func run() throws(ScanError) -> ScannedEnvelope {
    lexer.skipByteOrderMark()
    lexer.skipSpace()
    let start = lexer.position
    if lexer.isAtEnd { throw lexer.invalid("the document is empty", at: start) }
    try value()
    while !parents.isEmpty { try afterValue() }
    lexer.skipSpace()
    guard lexer.isAtEnd else { throw lexer.expected("nothing after the document's value") }
    guard isObject else {
      throw ScanError(code: .notAnObject, message: "expected an object as the document", offset: start)
    }
    envelope.fields = notes.fields
    return envelope
  }

  /// Steps over a scalar or an empty container; of a container that holds something, up to the end of the first
  /// such inside it, however deep.
  private mutating func value() throws(ScanError) {
    var what: StaticString = "a value"
    while true {
      switch lexer.peek() {
      case ASCII.quote: return try scalar(lexer.string())
      case ASCII.openBrace:
        try open(isObject: true)
        if lexer.peek() == ASCII.closeBrace { return close(isEmpty: true) }
        try key(orElse: "a key in quotes or '}'")
        what = "a value"
      case ASCII.openBracket:
        try open(isObject: false)
        if lexer.peek() == ASCII.closeBracket { return close(isEmpty: true) }
        what = "a value or ']'"
      case ASCII.minus, ASCII.zero...UInt8(ascii: "9"): return try scalar(lexer.number())
      case UInt8(ascii: "n"): return try scalar(lexer.literal("null", .null))
      case UInt8(ascii: "t"): return try scalar(lexer.literal("true", .true))
      case UInt8(ascii: "f"): return try scalar(lexer.literal("false", .false))
      default: throw lexer.expected(what)
      }
    }
  }

  /// Steps over what follows a value in the innermost container: its end, or a comma and the next value.
  private mutating func afterValue() throws(ScanError) {
    lexer.skipSpace()
    let byte = lexer.peek()
    if byte == ASCII.comma {
      lexer.position += 1
      lexer.skipSpace()
      if top.isObject { try key(orElse: "a key in quotes") }
      try value()
    } else if byte == (top.isObject ? ASCII.closeBrace : ASCII.closeBracket) {
      close(isEmpty: false)
    } else {
      throw lexer.expected(top.isObject ? "',' or '}' after a value" : "',' or ']' after a value")
    }
  }

  /// Steps over a key and its colon, up to its value.
  private mutating func key(orElse what: StaticString) throws(ScanError) {
    guard lexer.peek() == ASCII.quote else { throw lexer.expected(what) }
    let key = try lexer.string()
    lexer.skipSpace()
    guard lexer.peek() == ASCII.colon else { throw lexer.expected("':' after a key") }
    lexer.position += 1
    lexer.skipSpace()
    if top.keys != .ignored { resolve(key) }
  }

  private mutating func open(isObject: Bool) throws(ScanError) {
    if parents.count == Self.maxDepth {
      throw lexer.invalid("nesting deeper than \(Self.maxDepth)", at: lexer.position)
    }
    let frame = try opened(isObject: isObject)
    parents.append(top)
    top = frame
    lexer.position += 1
    lexer.skipSpace()
  }

  private mutating func close(isEmpty: Bool) {
    lexer.position += 1
    let frame = top
    top = parents.removeLast()
    if frame.place != .ignored { closed(frame, isEmpty: isEmpty) }
  }
}
