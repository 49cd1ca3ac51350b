import RelayJSON

/// What the scanner must find, the slow and plain way: parses valid JSON into a tree, then looks up each path.
struct ReferenceScanner {
  indirect enum Node {
    case scalar(JSONValue)
    case array(JSONValue, [Node])
    case object(JSONValue, [(key: JSONValue, value: Node)])

    var value: JSONValue {
      switch self {
      case .scalar(let value), .array(let value, _), .object(let value, _): value
      }
    }
  }

  let document: [UInt8]
  let paths: [[String]]
  private var position = 0

  init(document: [UInt8], paths: [[String]]) {
    self.document = document
    self.paths = paths
  }

  static func scan(_ document: [UInt8], paths: [[String]]) -> ScannedEnvelope {
    var reference = ReferenceScanner(document: document, paths: paths)
    return reference.envelope(of: reference.parse())
  }

  // MARK: what is where

  private func envelope(of root: Node) -> ScannedEnvelope {
    var found = ScannedEnvelope()
    guard case .object(_, let members) = root else { return found }
    for (key, node) in members {
      switch key.text(in: document) {
      case "time": found.time = node.value
      case "token": found.token = node.value
      case "validToken": found.validToken = node.value
      case "messages": take(messages: node, into: &found)
      default: break
      }
    }
    return found
  }

  private func take(messages: Node, into found: inout ScannedEnvelope) {
    found.messagesKind = messages.value.kind
    if case .array(_, let items) = messages, items.isEmpty { found.hasMessages = true }
    guard case .object(_, let members) = messages else { return }
    found.hasMessages = true
    for (type, node) in members {
      switch node {
      case .scalar(let value) where type.text(in: document) == "token": found.messagesToken = value
      case .array(_, let items):
        for (index, item) in items.enumerated() { take(item, type, index, into: &found) }
      default: take(node, type, 0, into: &found)
      }
    }
  }

  private func take(_ item: Node, _ type: JSONValue, _ index: Int, into found: inout ScannedEnvelope) {
    guard case .object(let value, _) = item else {
      found.rejected.append(RejectedItem(type: type, index: index, kind: item.value.kind))
      return
    }
    let start = found.fields.count
    let notes = paths.enumerated().flatMap { slot, path in
      values(of: item, path[...]).map { NotedField(slot: slot, value: $0) }
    }
    found.fields += notes.sorted {
      ($0.value.range.lowerBound, $0.slot) < ($1.value.range.lowerBound, $1.slot)
    }
    found.events.append(
      ScannedEvent(type: type, index: index, body: value.range, fields: start..<found.fields.count))
  }

  private func values(of node: Node, _ path: ArraySlice<String>) -> [JSONValue] {
    let own = path.isEmpty ? [node.value] : []
    switch node {
    case .scalar: return own
    case .array(_, let items): return own + items.flatMap { values(of: $0, path) }
    case .object(_, let members):
      guard let key = path.first else { return own }
      guard let last = members.last(where: { $0.key.text(in: document) == key }) else { return own }
      return own + values(of: last.value, path.dropFirst())
    }
  }

  // MARK: parsing, of documents known to be valid

  private mutating func parse() -> Node {
    skipSpace()
    let start = position
    switch document[position] {
    case UInt8(ascii: "\""): return .scalar(string())
    case UInt8(ascii: "["):
      let items = list(until: "]") { $0.parse() }
      return .array(JSONValue(kind: .array, range: start..<position), items)
    case UInt8(ascii: "{"):
      let members = list(until: "}") { reference in
        let key = reference.string()
        reference.skipSpace()
        reference.position += 1
        return (key: key, value: reference.parse())
      }
      return .object(JSONValue(kind: .object, range: start..<position), members)
    default:
      while position < document.count, !",]} \n\t\r".utf8.contains(document[position]) { position += 1 }
      let kinds: [UInt8: JSONKind] = [0x6E: .null, 0x74: .true, 0x66: .false]
      return .scalar(JSONValue(kind: kinds[document[start]] ?? .number, range: start..<position))
    }
  }

  private mutating func list<Item>(until end: Unicode.Scalar, item: (inout Self) -> Item) -> [Item] {
    var items: [Item] = []
    position += 1
    skipSpace()
    while document[position] != UInt8(ascii: end) {
      items.append(item(&self))
      skipSpace()
      if document[position] == UInt8(ascii: ",") { position += 1 }
      skipSpace()
    }
    position += 1
    return items
  }

  private mutating func string() -> JSONValue {
    let start = position + 1
    position = start
    while document[position] != UInt8(ascii: "\"") {
      position += document[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    position += 1
    let range = start..<position - 1
    return JSONValue(kind: .string, range: range, hasEscapes: document[range].contains(UInt8(ascii: "\\")))
  }

  private mutating func skipSpace() {
    while position < document.count, " \n\t\r".utf8.contains(document[position]) { position += 1 }
  }
}
