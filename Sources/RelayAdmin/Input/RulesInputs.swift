import RelayCore
import RelayJSON
import RelayPipeline

/// `POST /api/v1/explain`: an event of the store, or an envelope. (No audit keeps envelopes or configurations: they hold
/// contents, and secrets.)
package struct ExplainInput: Input {
  @Field("An event of the store, by its id.", .form(.eventID)) package var event: String?
  @Field("An envelope: as an object, or as a text that holds it byte for byte.", .contents) package
    var envelope: EnvelopeInput?
  @Field(
    "Whose routes are asked: routes.yaml's text; without it the running ones. For the role operator.",
    .contents)
  package var configuration: String?

  package init() {}
}

/// `GET /api/v1/samples`.
package struct SampleInput: Input {
  @Field("One of the documented types; without it the answer says which there are.", .form(.filled))
  package var type: String?

  package init() {}
}

/// `POST /api/v1/config/diff`.
package struct ConfigDifferenceInput: Input {
  @Field(
    "The new configuration: routes.yaml's text; without it the relay's own file as it is now.", .contents)
  package var configuration: String?

  package init() {}
}

/// `POST /api/v1/backtest`.
package struct BacktestInput: Input {
  @Field(
    "The new configuration: routes.yaml's text; without it the relay's own file as it is now.", .contents)
  package var configuration: String?
  @Fields package var filter = EventFilterInput()
  @Field(
    "So many events are looked at by this answer, at most; 20000 without it. It may stop earlier.",
    .range(1...100_000))
  package var limit: Int?
  @Field("So many examples for each destination and direction, at most; 3 without it.", .range(0...100_000))
  package var examples: Int?
  @Field("The `next` of the answer before.", .form(.number)) package var after: String?

  package init() {}
}

extension BacktestInput {
  func request(now: Timestamp) throws(APIError) -> BacktestRequest {
    var request = BacktestRequest(configuration: configuration, filter: try filter.filter(now: now))
    if let limit { request.maxEvents = limit }
    if let examples { request.examples = examples }
    request.after = try PageInput.cursor(after).map { EventCursor(rawValue: $0) }
    return request
  }
}

/// An envelope that stands in a body of the API.
package struct EnvelopeInput: APIValue {
  package var bytes: [UInt8]

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  static var schema: Schema { .either([.string(), .object]) }

  /// - Throws: `APIError`.
  package init(from decoder: any Decoder) throws {
    guard let decoder = decoder as? RecordDecoder else {
      bytes = Array(try decoder.singleValueContainer().decode(String.self).utf8)
      return
    }
    switch decoder.input {
    case .string(let text): bytes = Array(text.utf8)
    case .object:
      bytes = []
      guard decoder.input.write(to: &bytes) else {
        throw decoder.wrong("holds a value that can't be read here; send the envelope as a text")
      }
    case .null, .bool, .integer, .number, .array, .unreadable, .parameter:
      throw decoder.wrong("is neither an object nor a text that holds one")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(String(decoding: bytes, as: UTF8.self))
  }
}

extension JSONInput {
  /// - Returns: Whether it has a spelling.
  fileprivate func write(to output: inout [UInt8]) -> Bool {
    switch self {
    case .null: output += Array("null".utf8)
    case .bool(let flag): output += Array((flag ? "true" : "false").utf8)
    case .integer(let number): output += Array(String(number).utf8)
    case .number(let number): output += Array(String(number).utf8)
    case .string(let text): JSONWriter.appendString(text, to: &output)
    case .array(let items):
      return Self.write(items, "[", "]", to: &output) { $0.write(to: &$1) }
    case .object(let members):
      return Self.write(members.sorted { $0.key < $1.key }, "{", "}", to: &output) { member, output in
        JSONWriter.appendString(member.key, to: &output)
        output.append(UInt8(ascii: ":"))
        return member.value.write(to: &output)
      }
    case .unreadable, .parameter: return false
    }
    return true
  }

  private static func write<Item>(
    _ items: [Item], _ open: Unicode.Scalar, _ close: Unicode.Scalar, to output: inout [UInt8],
    _ write: (Item, inout [UInt8]) -> Bool
  ) -> Bool {
    output.append(UInt8(ascii: open))
    for (place, item) in items.enumerated() {
      if place > 0 { output.append(UInt8(ascii: ",")) }
      guard write(item, &output) else { return false }
    }
    output.append(UInt8(ascii: close))
    return true
  }
}
