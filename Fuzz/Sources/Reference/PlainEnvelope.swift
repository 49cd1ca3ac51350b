import RelayJSON

/// What the scanner is to find in an envelope, looked up in the tree of a document.
enum PlainEnvelope {
  static func of(_ root: PlainJSON.Node, paths: [[String]]) -> ScannedEnvelope {
    var found = ScannedEnvelope()
    guard case .object(let members) = root.content else { return found }
    for (key, node) in members {
      if isKey(key, "time") { found.time = node.value }
      if isKey(key, "token") { found.token = node.value }
      if isKey(key, "validToken") { found.validToken = node.value }
      if isKey(key, "messages") { take(messages: node, paths, into: &found) }
    }
    return found
  }

  private static func take(
    messages: PlainJSON.Node, _ paths: [[String]], into found: inout ScannedEnvelope
  ) {
    found.messagesKind = messages.value.kind
    switch messages.content {
    case .array(let items): if items.isEmpty { found.hasMessages = true }
    case .scalar, .string: break
    case .object(let members):
      found.hasMessages = true
      for (type, node) in members {
        switch node.content {
        case .array(let items):
          for (index, item) in items.enumerated() { take(item, type, index, paths, into: &found) }
        case .scalar where isKey(type, "token"), .string where isKey(type, "token"):
          found.messagesToken = node.value
        case .scalar, .string, .object: take(node, type, 0, paths, into: &found)
        }
      }
    }
  }

  private static func take(
    _ item: PlainJSON.Node, _ type: PlainJSON.Node, _ index: Int, _ paths: [[String]],
    into found: inout ScannedEnvelope
  ) {
    guard case .object = item.content else {
      found.rejected.append(RejectedItem(type: type.value, index: index, kind: item.value.kind))
      return
    }
    let start = found.fields.count
    let notes = paths.enumerated().flatMap { slot, path in
      values(of: item, path[...]).map { NotedField(slot: slot, value: $0.value) }
    }
    found.fields += notes.sorted {
      ($0.value.range.lowerBound, $0.slot) < ($1.value.range.lowerBound, $1.slot)
    }
    found.events.append(
      ScannedEvent(type: type.value, index: index, body: item.value.range, fields: start..<found.fields.count)
    )
  }

  /// A path's values in document order: each element of an array stands for the array, and of duplicate keys the last counts.
  static func values(of node: PlainJSON.Node, _ path: ArraySlice<String>) -> [PlainJSON.Node] {
    let own = path.isEmpty ? [node] : []
    switch node.content {
    case .scalar, .string: return own
    case .array(let items): return own + items.flatMap { values(of: $0, path) }
    case .object(let members):
      guard let key = path.first, let last = members.last(where: { isKey($0.key, key) }) else { return own }
      return own + values(of: last.value, path.dropFirst())
    }
  }

  /// By their bytes: to String other spellings of a text are the same.
  private static func isKey(_ node: PlainJSON.Node, _ key: String) -> Bool {
    node.text.map { $0.utf8.elementsEqual(key.utf8) } ?? false
  }
}
