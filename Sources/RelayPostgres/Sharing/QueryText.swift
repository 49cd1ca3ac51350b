import RelayText

/// Names and values as one text that people can read: as the query of an address has them.
enum QueryText {
  /// What was read, and not yet taken.
  struct Items {
    private var values: [String: [String]]

    fileprivate init(_ values: [String: [String]]) {
      self.values = values
    }

    var isEmpty: Bool { values.isEmpty }

    /// Each is given once; nil: there is none.
    mutating func take(_ name: String) -> String? { values.removeValue(forKey: name)?.first }

    mutating func takeAll(_ name: String) -> [String] { values.removeValue(forKey: name) ?? [] }
  }

  static func written(_ items: [(name: String, value: String)]) -> String {
    items.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
  }

  /// nil: it is no such text.
  static func read(_ text: String) -> Items? {
    var values: [String: [String]] = [:]
    for item in text.split(separator: "&") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      values[String(parts[0]).percentDecoded, default: []].append(String(parts[1]).percentDecoded)
    }
    return Items(values)
  }
}
