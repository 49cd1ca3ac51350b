import RelayJSON

/// JSON (RFC 8259) by the letter, in the plain way: one function for each rule of the grammar, and a tree.
///
/// It takes what the relay's scanner says it takes: UTF-8, nested at most 1,024 deep, numbers of any size, duplicate keys, half a
/// surrogate pair, and a byte order mark before the document.
struct PlainJSON {
  indirect enum Content {
    case scalar
    case string(text: String)
    case array([Node])
    case object([(key: Node, value: Node)])
  }

  struct Node {
    var value: JSONValue
    var content: Content

    var text: String? {
      if case .string(let text) = content { return text }
      return nil
    }
  }

  private struct Refused: Error {}

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  /// - Returns: nil: it is not JSON.
  static func parse(_ bytes: [UInt8]) -> Node? {
    var parser = PlainJSON(bytes: bytes)
    return try? parser.document()
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func document() throws -> Node {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    space()
    let node = try value()
    space()
    guard position == bytes.count else { throw Refused() }
    return node
  }

  private mutating func space() {
    while let next, [0x20, 0x09, 0x0A, 0x0D].contains(next) { position += 1 }
  }

  private mutating func take(_ text: String) throws {
    guard bytes[position...].starts(with: text.utf8) else { throw Refused() }
    position += text.utf8.count
  }

  private mutating func value() throws -> Node {
    let start = position
    func node(_ kind: JSONKind, _ end: Int, _ content: Content = .scalar) -> Node {
      Node(value: JSONValue(kind: kind, range: start..<end), content: content)
    }
    switch next {
    case UInt8(ascii: "{"):
      let members = try list("{", "}") { parser in
        let key = try parser.string()
        parser.space()
        try parser.take(":")
        parser.space()
        return (key: key, value: try parser.value())
      }
      return node(.object, position, .object(members))
    case UInt8(ascii: "["):
      let items = try list("[", "]") { try $0.value() }
      return node(.array, position, .array(items))
    case UInt8(ascii: "\""): return try string()
    case UInt8(ascii: "n"):
      try take("null")
      return node(.null, position)
    case UInt8(ascii: "t"):
      try take("true")
      return node(.true, position)
    case UInt8(ascii: "f"):
      try take("false")
      return node(.false, position)
    default:
      try number()
      return node(.number, position)
    }
  }

  private mutating func list<Item>(
    _ open: String, _ close: String, _ item: (inout PlainJSON) throws -> Item
  ) throws -> [Item] {
    guard depth < 1_024 else { throw Refused() }
    depth += 1
    defer { depth -= 1 }
    try take(open)
    space()
    if (try? take(close)) != nil { return [] }
    var items: [Item] = []
    while true {
      items.append(try item(&self))
      space()
      if (try? take(close)) != nil { return items }
      try take(",")
      space()
    }
  }

  private mutating func number() throws {
    if next == UInt8(ascii: "-") { position += 1 }
    if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
    if next == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
  }

  private mutating func digits() throws {
    let start = position
    while let next, (0x30...0x39).contains(next) { position += 1 }
    guard position > start else { throw Refused() }
  }

  /// Its value's range is what stands between the quotes.
  private mutating func string() throws -> Node {
    try take("\"")
    let start = position
    var units: [UInt16] = []
    var text = ""
    var hasEscapes = false
    func flush() {
      // A pair of surrogates is one character; half a pair is U+FFFD.
      text += String(decoding: units, as: UTF16.self)
      units = []
    }
    while let byte = next, byte != UInt8(ascii: "\"") {
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        position += 1
        units.append(try escape())
        continue
      }
      guard byte >= 0x20 else { throw Refused() }
      flush()
      let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      guard position + length <= bytes.count,
        let character = String(validating: bytes[position..<position + length], as: UTF8.self),
        character.unicodeScalars.count == 1
      else { throw Refused() }
      text.unicodeScalars.append(contentsOf: character.unicodeScalars)
      position += length
    }
    flush()
    let end = position
    try take("\"")
    return Node(
      value: JSONValue(kind: .string, range: start..<end, hasEscapes: hasEscapes),
      content: .string(text: text))
  }

  private mutating func escape() throws -> UInt16 {
    guard let letter = next else { throw Refused() }
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt16(letter)
    case UInt8(ascii: "b"): return 0x08
    case UInt8(ascii: "f"): return 0x0C
    case UInt8(ascii: "n"): return 0x0A
    case UInt8(ascii: "r"): return 0x0D
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "u"):
      guard position + 4 <= bytes.count else { throw Refused() }
      let digits = bytes[position..<position + 4]
      let isHexadecimal = digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }
      guard isHexadecimal, let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
        throw Refused()
      }
      position += 4
      return unit
    default: throw Refused()
    }
  }
}
