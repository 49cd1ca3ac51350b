import RelayText

/// The address of a question, on the side that asks.
package enum QueryText {
  /// What follows the `?`: the fields of the input that are given, by name; empty if there are none.
  package static func of(_ input: some Encodable) throws -> String {
    guard case .object(let members)? = JSONInput.parse(try RecordEncoder.request(input)) else { return "" }
    return members.sorted { $0.key < $1.key }
      .flatMap { name, value in texts(value).map { "\(name.percentEncoded)=\($0.percentEncoded)" } }
      .joined(separator: "&")
  }

  private static func texts(_ value: JSONInput) -> [String] {
    switch value {
    case .string(let text): [text]
    case .integer(let number): [String(number)]
    case .number(let number): [String(number)]
    case .bool(let flag): [String(flag)]
    case .array(let items): items.flatMap(texts)
    case .parameter(let texts): texts
    case .null, .object, .unreadable: []
    }
  }
}
