extension DocumentScan {
  /// The envelope's keys, as a tree of its own: its nodes are numbered from 1 in this order.
  private static let envelopeKeys = FieldTree(paths: [["time"], ["token"], ["validToken"], ["messages"]])
  private static let tokenNode = 2
  private static let placeOfEnvelopeNode: [Place] = [.ignored, .time, .token, .validToken, .messages]

  /// Tells from a key of the innermost object what the value after it will be.
  mutating func resolve(_ key: JSONValue) {
    switch top.keys {
    case .ignored: break
    case .envelope: top.child = Self.placeOfEnvelopeNode[node(of: key, below: 0, in: Self.envelopeKeys)]
    case .types:
      type = key
      itemIndex = 0
      let isToken = node(of: key, below: 0, in: Self.envelopeKeys) == Self.tokenNode
      top.child = isToken ? .messagesToken : .type
    case .fields:
      let child = node(of: key, below: Int(top.node), in: notes.tree)
      top.child = child == 0 ? .ignored : .field
      top.childNode = Int32(truncatingIfNeeded: child)
      if child != 0 { notes.beginKey(to: child, in: Int(top.node)) }
    }
  }

  private mutating func node(of key: JSONValue, below node: Int, in tree: FieldTree) -> Int {
    let raw = lexer.bytes.slice(key.range)
    if !key.hasEscapes { return tree.child(of: node, key: raw) }
    decodedKey.removeAll(keepingCapacity: true)
    EscapedText.decode(raw, into: &decodedKey)
    return decodedKey.withUnsafeBufferPointer { tree.child(of: node, key: $0) }
  }

  /// Takes a value that is neither object nor array.
  @inline(__always)
  mutating func scalar(_ value: JSONValue) throws(ScanError) {
    if top.child != .ignored { try take(value) }
  }

  private mutating func take(_ value: JSONValue) throws(ScanError) {
    switch top.child {
    case .ignored, .document: break
    case .time: envelope.time = value
    case .token: envelope.token = value
    case .validToken: envelope.validToken = value
    case .messages: envelope.messagesKind = value.kind
    case .messagesToken: envelope.messagesToken = value
    case .type, .item:
      // A string's range starts after its quote.
      try reject(value.kind, at: value.range.lowerBound - (value.kind == .string ? 1 : 0))
    case .field: _ = notes.note(value, at: Int(top.childNode))
    }
  }

  /// The frame of the object or array that opens here.
  mutating func opened(isObject: Bool) throws(ScanError) -> Frame {
    var frame = Frame()
    frame.start = UInt32(truncatingIfNeeded: lexer.position)
    frame.isObject = isObject
    frame.place = top.child
    switch frame.place {
    case .ignored, .time, .token, .validToken: break
    case .document:
      self.isObject = isObject
      frame.keys = isObject ? .envelope : .ignored
    case .messages:
      envelope.messagesKind = frame.kind
      envelope.hasMessages = envelope.hasMessages || isObject
      frame.keys = isObject ? .types : .ignored
    case .item where !isObject: try reject(.array, at: lexer.position)
    case .type where !isObject, .messagesToken where !isObject: frame.child = .item
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
    frame.notes = UInt32(truncatingIfNeeded: notes.note(value, at: Int(node)))
    frame.node = node
    if frame.isObject {
      frame.keys = notes.tree.nodes[Int(node)].keyLengths == 0 ? .ignored : .fields
      notes.beginObject(at: Int(node))
    } else {
      frame.child = .field
      frame.childNode = node
    }
  }

  /// Takes an object or array whose closing bracket was just passed.
  mutating func closed(_ frame: Frame, isEmpty: Bool) {
    let value = JSONValue(kind: frame.kind, scanned: Int(frame.start), lexer.position)
    switch frame.place {
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
