/// One pass over one document: the grammar's nesting, and what the values that stand in it mean.
///
/// Each open object or array has a `Frame`. It says which `Role` the container itself has and which one the next value in
/// it will have, so that a value is judged in one comparison; docs/decisions/0001-own-json-scanner.md says why the scanner is
/// the relay's own.
struct DocumentScan {
  private static let maxDepth = 1024

  /// The envelope's keys, as a tree of its own: its nodes are numbered from 1 in this order.
  private static let envelopeKeys = FieldTree(paths: [["time"], ["token"], ["validToken"], ["messages"]])
  private static let tokenNode = 2
  private static let roleOfEnvelopeNode: [Role] = [.ignored, .time, .token, .validToken, .messages]

  private var lexer: Lexer
  private let maxEvents: Int
  /// The innermost open object or array; outside of all, a frame that holds the document.
  private var top: Frame
  /// Those around it, outermost first.
  private var parents: [Frame] = []
  private var notes: FieldNotes
  private var envelope = ScannedEnvelope()
  /// Whether the document itself is an object.
  private var documentIsObject = false
  /// The key of `messages` whose value is being scanned, and the next item's index in it.
  private var type = JSONValue(kind: .string, range: 0..<0)
  private var itemIndex = 0
  /// Holds a key with escapes while it is compared.
  private var decodedKey: [UInt8] = []

  init(document: UnsafeBufferPointer<UInt8>, tree: FieldTree, maxEvents: Int) {
    lexer = Lexer(document)
    self.maxEvents = maxEvents
    notes = FieldNotes(tree: tree)
    top = Frame()
    top.childRole = .document
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
    guard documentIsObject else {
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
      lexer.skipByte()
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
    lexer.skipByte()
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
    lexer.skipByte()
    lexer.skipSpace()
  }

  private mutating func close(isEmpty: Bool) {
    lexer.skipByte()
    let frame = top
    top = parents.removeLast()
    if frame.role != .ignored { closed(frame, isEmpty: isEmpty) }
  }

  // MARK: What keys and values mean

  /// Tells from a key of the innermost object what the value after it will be.
  private mutating func resolve(_ key: JSONValue) {
    switch top.keys {
    case .ignored: break
    case .envelope: top.childRole = Self.roleOfEnvelopeNode[node(of: key, below: 0, in: Self.envelopeKeys)]
    case .types:
      type = key
      itemIndex = 0
      let isToken = node(of: key, below: 0, in: Self.envelopeKeys) == Self.tokenNode
      top.childRole = isToken ? .messagesToken : .type
    case .fields:
      let child = node(of: key, below: Int(top.node), in: notes.tree)
      top.childRole = child == 0 ? .ignored : .field
      top.childNode = Int32(truncatingIfNeeded: child)
      if child != 0 { notes.beginKey(to: child, in: Int(top.node)) }
    }
  }

  private mutating func node(of key: JSONValue, below node: Int, in tree: FieldTree) -> Int {
    let raw = lexer.text(of: key)
    if !key.hasEscapes { return tree.child(of: node, key: raw) }
    decodedKey.removeAll(keepingCapacity: true)
    EscapedText.decode(raw, into: &decodedKey)
    return decodedKey.withUnsafeBufferPointer { tree.child(of: node, key: $0) }
  }

  /// Takes a value that is neither object nor array.
  @inline(__always)
  private mutating func scalar(_ value: JSONValue) throws(ScanError) {
    if top.childRole != .ignored { try take(value) }
  }

  private mutating func take(_ value: JSONValue) throws(ScanError) {
    switch top.childRole {
    case .ignored, .document: break
    case .time: envelope.time = value
    case .token: envelope.token = value
    case .validToken: envelope.validToken = value
    case .messages: envelope.messagesKind = value.kind
    case .messagesToken: envelope.messagesToken = value
    case .type, .item:
      // A string's range starts after its quote.
      try reject(value.kind, at: value.range.lowerBound - (value.kind == .string ? 1 : 0))
    case .field: _ = notes.add(value, at: Int(top.childNode))
    }
  }

  /// The frame of the object or array that opens here.
  private mutating func opened(isObject: Bool) throws(ScanError) -> Frame {
    var frame = Frame()
    frame.start = UInt32(truncatingIfNeeded: lexer.position)
    frame.isObject = isObject
    frame.role = top.childRole
    switch frame.role {
    case .ignored, .time, .token, .validToken: break
    case .document:
      documentIsObject = isObject
      frame.keys = isObject ? .envelope : .ignored
    case .messages:
      envelope.messagesKind = frame.kind
      envelope.hasMessages = envelope.hasMessages || isObject
      frame.keys = isObject ? .types : .ignored
    case .item where !isObject: try reject(.array, at: lexer.position)
    case .type where !isObject, .messagesToken where !isObject: frame.childRole = .item
    case .type, .messagesToken, .item: try beginEvent(&frame)
    case .field: beginField(&frame, at: top.childNode)
    }
    return frame
  }

  private mutating func beginEvent(_ frame: inout Frame) throws(ScanError) {
    try countItem(at: lexer.position)
    notes.beginEvent()
    beginField(&frame, at: 0)
  }

  private mutating func beginField(_ frame: inout Frame, at node: Int32) {
    // Its end is filled in when it is known.
    let value = JSONValue(kind: frame.kind, scanned: Int(frame.start), Int(frame.start))
    frame.notes = UInt32(truncatingIfNeeded: notes.add(value, at: Int(node)))
    frame.node = node
    if frame.isObject {
      frame.keys = notes.tree.nodes[Int(node)].keyLengths == 0 ? .ignored : .fields
      notes.beginObject(at: Int(node))
    } else {
      frame.childRole = .field
      frame.childNode = node
    }
  }

  /// Takes an object or array whose closing bracket was just passed.
  private mutating func closed(_ frame: Frame, isEmpty: Bool) {
    let value = JSONValue(kind: frame.kind, scanned: Int(frame.start), lexer.position)
    switch frame.role {
    case .ignored, .document: break
    case .time: envelope.time = value
    case .token: envelope.token = value
    case .validToken: envelope.validToken = value
    case .messages: if isEmpty { envelope.hasMessages = true }
    case .type, .messagesToken, .item: if frame.isEvent { endEvent(frame, value) }
    case .field: notes.endContainer(value, at: Int(frame.node), notes: Int(frame.notes))
    }
  }

  private mutating func endEvent(_ frame: Frame, _ value: JSONValue) {
    notes.endContainer(value, at: 0, notes: Int(frame.notes))
    let fields = notes.endEvent()
    envelope.events.append(
      ScannedEvent(type: type, index: itemIndex, body: value.range, fields: fields))
    itemIndex += 1
  }

  private mutating func reject(_ kind: JSONKind, at offset: Int) throws(ScanError) {
    try countItem(at: offset)
    envelope.rejected.append(RejectedItem(type: type, index: itemIndex, kind: kind))
    itemIndex += 1
  }

  private func countItem(at offset: Int) throws(ScanError) {
    guard envelope.events.count + envelope.rejected.count < maxEvents else {
      throw ScanError(code: .tooManyEvents, message: "more than \(maxEvents) events", offset: offset)
    }
  }
}

/// An object or array that is open at the scanner's position.
private struct Frame {
  /// What the keys of an object mean.
  enum Keys: UInt8 { case ignored, envelope, types, fields }

  /// Offset of the opening bracket.
  var start: UInt32 = 0
  /// Where its own notes stand among the noted fields, if it is noted.
  var notes: UInt32 = 0
  /// The field tree's node it stands at; only for events and fields.
  var node: Int32 = 0
  /// The node of the value that comes next in it; only if that is a field.
  var childNode: Int32 = 0
  var isObject = false
  var keys = Keys.ignored
  /// What it is itself.
  var role = Role.ignored
  /// What the value that comes next in it is.
  var childRole = Role.ignored

  var kind: JSONKind { isObject ? .object : .array }
  var isEvent: Bool {
    isObject && (role == .item || role == .type || role == .messagesToken)
  }
}

/// What a value is to the relay, told by where it stands.
private enum Role: UInt8 {
  /// It does not matter, and neither does anything in it.
  case ignored
  /// The whole document.
  case document
  /// The envelope's own keys.
  case time, token, validToken, messages
  /// Under a key of `messages`.
  case type
  /// Under the key `token` of `messages`: the token if it is a scalar, else as `type`.
  case messagesToken
  /// An element of a type's array.
  case item
  /// In an event, at a node of the field tree.
  case field
}
