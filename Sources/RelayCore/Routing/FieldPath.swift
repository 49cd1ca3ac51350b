/// Where a value stands in an event: keys joined by dots; a key that holds a dot is quoted:
/// `context."SYSTEM.CHAT_ID"`.
package struct FieldPath: Hashable, Sendable {
  package let keys: [String]

  package init(keys: [String]) {
    self.keys = keys
  }

  /// Reads a dotted path. Nil if a key is empty or a quotation is not closed.
  package init?(_ text: String) {
    var keys: [String] = []
    var rest = Substring(text)
    while true {
      if rest.first == "\"" {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: "\"") else { return nil }
        keys.append(String(rest[..<end]))
        rest = rest[rest.index(after: end)...]
      } else {
        let end = rest.firstIndex(of: ".") ?? rest.endIndex
        keys.append(String(rest[..<end]))
        rest = rest[end...]
      }
      if keys.last!.isEmpty { return nil }
      if rest.isEmpty { break }
      guard rest.removeFirst() == "." else { return nil }
    }
    self.init(keys: keys)
  }
}

extension FieldPath: CustomStringConvertible {
  package var description: String {
    keys.map { $0.contains(".") ? "\"\($0)\"" : $0 }.joined(separator: ".")
  }
}
