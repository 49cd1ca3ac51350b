import RelayText

/// A light pass over YAML, before it is composed.
///
/// It finds what a configuration may not hold: anchors, aliases, merge keys and tags (ten lines of aliases,
/// used as a key, cost the composer seconds), nesting without bound (the composer recurses), and references
/// in flow collections, whose braces are YAML's there. On the way it notes where block keys stand, for better
/// locations of what the composer complains about.
///
/// It knows quotes, comments, block scalars and plain scalars over several lines, and tells no other errors:
/// those are the composer's.
struct YAMLScan {
  struct Finding: Equatable {
    var location: Location
    var message: String
  }

  /// Deeper than any key of the configuration by far.
  static let deepest = 32

  private(set) var findings: [Finding] = []
  /// The block mappings' keys, in the order of the file.
  private(set) var keys: [Location] = []
  private var cursor: YAMLCursor
  private var outline = YAMLOutline()
  private var flowDepth = 0

  init(_ text: String) {
    cursor = YAMLCursor(Array(text.utf8))
    while let byte = cursor.peek(), outline.depth + flowDepth <= Self.deepest {
      if byte.isBlankOrBreak {
        cursor.advance()
      } else if byte == UInt8(ascii: "#") {
        cursor.skipLine()
      } else {
        token(byte)
      }
    }
    if outline.depth + flowDepth > Self.deepest {
      find("nested too deep; at most \(Self.deepest) levels", at: location)
    }
  }

  private mutating func token(_ byte: UInt8) {
    let isBlock = flowDepth == 0
    if isBlock, cursor.isAtDocumentMarker {
      outline = YAMLOutline()
      return cursor.advance(3)
    }
    switch byte {
    case UInt8(ascii: "%") where isBlock && cursor.column == 0: cursor.skipLine()
    case UInt8(ascii: "-") where isBlock && cursor.nextIsBlank:
      outline.open(itemAt: cursor.column)
      cursor.advance()
    case UInt8(ascii: "?") where cursor.nextIsBlank:
      if isBlock { outline.open(key: "?", at: cursor.column) }
      cursor.advance()
    case UInt8(ascii: ":") where cursor.nextIsBlank || !isBlock: cursor.advance()
    case UInt8(ascii: ",") where !isBlock: cursor.advance()
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      flowDepth += 1
      cursor.advance()
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      flowDepth = max(0, flowDepth - 1)
      cursor.advance()
    case UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "!"): property(byte)
    case UInt8(ascii: "\""), UInt8(ascii: "'"): quoted(byte)
    case UInt8(ascii: "|") where isBlock, UInt8(ascii: ">") where isBlock:
      cursor.skipBlockScalar(parent: outline.column)
    default: plain()
    }
  }

  private var location: Location { location(line: cursor.line, column: cursor.column) }

  private func location(line: Int, column: Int) -> Location {
    Location(line: line, column: column + 1, keyPath: outline.keyPath)
  }

  private mutating func find(_ message: String, at location: Location) {
    findings.append(Finding(location: location, message: message))
  }
}

// Tokens of more than one character.
extension YAMLScan {
  private mutating func property(_ byte: UInt8) {
    let location = location
    let word = cursor.takeWord()
    // Outside of routes it may be the beginning of a secret.
    let text = outline.firstKey == "routes" ? word.quotedForMessage : "this"
    switch byte {
    case UInt8(ascii: "*"):
      find("\(text) is a YAML alias, which is not allowed; quote patterns that start with *", at: location)
    case UInt8(ascii: "&"):
      find("\(text) is a YAML anchor, which is not allowed; quote a text that starts with &", at: location)
    default:
      find("\(text) is a YAML tag, which is not allowed; quote a text that starts with !", at: location)
    }
  }

  private mutating func quoted(_ quote: UInt8) {
    let (start, line, column) = (cursor.offset, cursor.line, cursor.column)
    cursor.skipQuoted(quote)
    readKey(cursor.text(from: start + 1, dropping: 1), line: line, column: column)
  }

  private mutating func plain() {
    let (start, line, column) = (cursor.offset, cursor.line, cursor.column)
    if cursor.skipPlain(parent: outline.column, isFlow: flowDepth > 0) == .reference {
      find(
        "'${' can't stand unquoted inside [ ] or { }; quote the text: \"${NAME}\"",
        at: location(line: line, column: column))
      return cursor.skip(through: UInt8(ascii: "}"))
    }
    let text = cursor.text(from: start)
    if readKey(text, line: line, column: column), text == "<<" {
      find(
        "'<<' is a YAML merge key, which is not allowed; write the keys out, or use defaults",
        at: location(line: line, column: column))
    }
  }

  /// Whether the scalar that was just skipped is a key; a block mapping's is noted.
  @discardableResult
  private mutating func readKey(_ text: String, line: Int, column: Int) -> Bool {
    guard cursor.line == line, cursor.isBeforeColon(isFlow: flowDepth > 0) else { return false }
    guard flowDepth == 0 else { return true }
    outline.open(key: text, at: column)
    keys.append(location(line: line, column: column))
    return true
  }
}

/// The block collections that are open at some place of a YAML text, and so its key path.
struct YAMLOutline {
  private struct Block {
    /// From 0.
    var column: Int
    /// The key that the scan is at; nil: a list.
    var key: String?
    /// The item that the scan is at.
    var index = 0
  }

  private var blocks: [Block] = []

  var depth: Int { blocks.count }
  /// The column of the innermost collection; -1: there is none.
  var column: Int { blocks.last?.column ?? -1 }
  var firstKey: String? { blocks.first?.key }

  var keyPath: String {
    blocks.reduce(into: "") { path, block in
      guard let key = block.key else { return path += "[\(block.index)]" }
      path += path.isEmpty ? key.printable : ".\(key.printable)"
    }
  }

  /// A key closes what is indented deeper, and a list in its own column.
  mutating func open(key: String, at column: Int) {
    while let last = blocks.last, last.column > column || last.column == column && last.key == nil {
      blocks.removeLast()
    }
    if self.column == column { blocks.removeLast() }
    blocks.append(Block(column: column, key: key))
  }

  /// A list may stand in the column of the key that it belongs to.
  mutating func open(itemAt column: Int) {
    while let last = blocks.last, last.column > column { blocks.removeLast() }
    if let last = blocks.last, last.column == column, last.key == nil {
      blocks[blocks.count - 1].index += 1
    } else {
      blocks.append(Block(column: column))
    }
  }
}
