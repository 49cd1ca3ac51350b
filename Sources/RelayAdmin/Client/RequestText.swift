import RelayText

/// What a client sends: the fields of an input that are given, and why it is asked.
package enum RequestText {
  /// What follows the `?`; empty if there is nothing.
  package static func query(_ input: some Encodable, reason: String? = nil) throws -> String {
    guard case .object(let members)? = JSONInput.parse(try body(input, reason: reason)) else { return "" }
    return members.sorted { $0.key < $1.key }
      .flatMap { name, value in texts(value).map { "\(name.percentEncoded)=\($0.percentEncoded)" } }
      .joined(separator: "&")
  }

  package static func body(_ input: some Encodable, reason: String? = nil) throws -> [UInt8] {
    let bytes = try RecordEncoder.request(input)
    guard let reason else { return bytes }
    var output = JSONOutput()
    let key = (input as? any Input).map { type(of: $0).reasonKey } ?? Nothing.reasonKey
    output.object { $0.field(key, reason) }
    // The fields of the one, then those of the other.
    return bytes.count > 2 ? output.bytes.dropLast() + [UInt8(ascii: ",")] + bytes.dropFirst() : output.bytes
  }

  private static func texts(_ value: JSONInput) -> [String] {
    switch value {
    case .string(let text): [text]
    case .integer(let number): [String(number)]
    case .number(let number): [String(number)]
    case .bool(let flag): [String(flag)]
    // A list of a request is of texts, any one of which will do.
    case .array(let items): items.flatMap(texts).map(TextList.item)
    case .parameter(let texts): texts
    case .null, .object, .unreadable: []
    }
  }
}
