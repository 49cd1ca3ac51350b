import RelayCore
import RelayText

/// Which events: it stands in addresses, in bodies, and in what commands send.
package struct EventFilterInput: Input {
  @Field("These events.", .form(.eventIDs)) package var ids: TextList
  @Field("Those of this type; as in routes, `*` and `?` are wildcards. `\"\"` is the empty one.") package
    var type: TextList
  @Field("Those of this company; null, or the text `null`: those without one.", .takesNull)
  package var company: TextList
  @Field("Those of this channel; null, or the text `null`: those without one.", .takesNull)
  package var channel: TextList
  @Field("Those of this conversation, by the id that the chat has in Huggy.") package var chat: TextList
  @Field("Those that came from this source.") package var source: TextList
  @Field("Those that this route matched.") package var route: TextList
  @Field("Those with a delivery to this destination.") package var destination: TextList
  @Field(
    "Those of which this became (of their deliveries to `destination`, where that is given): `delivered`, `pending`, `dead`, "
      + "`discarded`, `dropped` or `unrouted`.", .form(.words(EventOutcome.allCases.map(\.rawValue))))
  package var outcome: TextList
  @Field(
    "Those whose body holds this text in a value, in whatever case; or `PATH=VALUE`, as in a route's `where`.",
    .form(.filled))
  package var text: String?
  @Field("Those received at or after this time, or so long ago: `24h`.", .form(.time))
  package var since: String?
  @Field("Those received before this time.", .form(.time)) package var until: String?

  package init() {}
}

extension EventFilterInput {
  var contentParameters: [String] { text == nil ? [] : ["text"] }

  /// What is wrong with it; nil: nothing.
  package func problem(now: Timestamp) -> String? {
    do throws(APIError) {
      _ = try filter(now: now)
      return nil
    } catch {
      return error.message
    }
  }

  func filter(now: Timestamp) throws(APIError) -> EventFilter {
    func patterns(_ list: TextList, ignoringCase: Bool = false) -> [WildcardPattern] {
      list.texts.map { WildcardPattern($0, ignoringCase: ignoringCase) }
    }
    func scalars(_ list: TextList, ignoringCase: Bool = false) -> [ScalarPattern] {
      list.texts.map { $0 == "null" ? .null : .text(WildcardPattern($0, ignoringCase: ignoringCase)) }
    }
    var filter = EventFilter(
      types: patterns(type, ignoringCase: true), companies: scalars(company),
      channels: scalars(channel, ignoringCase: true), chats: chat.texts, sources: patterns(source),
      routes: patterns(route), destinations: patterns(destination))
    filter.ids = try Self.ids(ids)
    filter.outcomes = try Self.outcomes(outcome)
    if let text { filter.text = try Self.condition(text) }
    filter.since = try TimeInput.read("since", since, now: now)
    filter.until = try TimeInput.read("until", until, now: now)
    if let since = filter.since, let until = filter.until, since >= until {
      throw .invalidRequest("'since' (\(since)) is not before 'until' (\(until)): nothing lies between")
    }
    return filter
  }

  private static func ids(_ list: TextList) throws(APIError) -> [EventID] {
    var ids: [EventID] = []
    for text in list.texts {
      guard let id = EventID(text) else {
        throw .invalidRequest("'\(text.prefix(100))' is not an event's id: evt_ and a UUID")
      }
      ids.append(id)
    }
    return ids
  }

  private static func outcomes(_ list: TextList) throws(APIError) -> [EventOutcome] {
    var outcomes: [EventOutcome] = []
    for text in list.texts {
      guard let outcome = EventOutcome(rawValue: text) else {
        let known = EventOutcome.allCases.map(\.rawValue)
        throw .invalidRequest(
          "there is no outcome '\(text.prefix(100))'\(NearestName.hint(for: text, among: known))")
      }
      outcomes.append(outcome)
    }
    return outcomes
  }

  private static func condition(_ text: String) throws(APIError) -> BodyCondition {
    guard let condition = BodyCondition(text) else {
      throw .invalidRequest("'text' is empty; write what to look for, or PATH=VALUE")
    }
    return condition
  }
}

/// Some texts, any one of which will do; none: whatever there is.
///
/// A text may name several, with commas between them; one in double quotes may hold them (`""` is the empty one, and `""` within
/// them a quote). In a JSON list each item is one.
package struct TextList: Sendable, Equatable, ExpressibleByArrayLiteral {
  package var texts: [String]

  /// - Parameter texts: Each may name several.
  package init(splitting texts: [String]) {
    self.texts = texts.flatMap(Self.split)
  }

  private static func split(_ text: String) -> [String] {
    // By Unicode scalars: to String a comma and an accent behind it are one character.
    var (texts, rest) = ([String](), text[...].unicodeScalars)
    while !rest.isEmpty {
      if let quoted = quoted(at: &rest) {
        texts.append(quoted)
        continue
      }
      let plain = rest.prefix { $0 != "," }
      if !plain.isEmpty { texts.append(String(plain)) }
      rest = rest[plain.endIndex...].dropFirst()
    }
    return texts
  }

  /// Takes what stands in quotes, and the comma behind it; nil: nothing stands so.
  private static func quoted(at rest: inout Substring.UnicodeScalarView) -> String? {
    guard rest.first == "\"" else { return nil }
    var (text, ahead) = (String.UnicodeScalarView(), rest.dropFirst())
    while let sign = ahead.popFirst() {
      if sign != "\"" {
        text.append(sign)
      } else if ahead.first == "\"" {
        text.append(ahead.removeFirst())
      } else if ahead.isEmpty || ahead.first == "," {
        rest = ahead.dropFirst()
        return String(text)
      } else {
        return nil
      }
    }
    return nil
  }

  package static let emptyProblem =
    #"is empty; leave it out, or give it a value ("" in quotes is the empty text)"#

  /// Of a lone text: what stands in its quotes, or all of it.
  static func unquoted(_ text: String) -> String {
    var rest = text[...].unicodeScalars
    guard let quoted = quoted(at: &rest), rest.isEmpty else { return text }
    return quoted
  }

  /// One text as an address has it among others, and as people are shown it.
  static func item(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard text.isEmpty || scalars.first == "\"" || scalars.contains(",") else { return text }
    let parts = scalars.split(separator: "\"", omittingEmptySubsequences: false).map { String($0) }
    return "\"\(parts.joined(separator: "\"\""))\""
  }

  package init(arrayLiteral texts: String...) {
    self.texts = texts
  }
}

extension TextList: APIValue, HasEmpty {
  static var schema: Schema {
    .either([.text(.list), .integer(), .array(.either([.string(), .integer()]), isFilled: true)])
  }

  static var empty: TextList { [] }

  /// - Throws: `APIError`.
  package init(from decoder: any Decoder) throws {
    texts = try (decoder as? RecordDecoder).map { try Self.texts($0) } ?? [String](from: decoder)
  }

  private static func texts(_ decoder: RecordDecoder) throws -> [String] {
    let texts: [String]
    switch decoder.input {
    case .string(let text): texts = TextList(splitting: [text]).texts
    case .integer(let number): texts = ["\(number)"]
    case .parameter(let given): texts = TextList(splitting: given).texts
    // Only where the field takes it.
    case .null: texts = ["null"]
    case .array(let items):
      guard !items.isEmpty else { throw decoder.wrong("is an empty list; leave it out") }
      texts = try items.map { item in
        if let text = String.read(item) ?? Int64.read(item).map(String.init) { return text }
        throw decoder.wrong("is not a string or a list of them")
      }
    case .bool, .number, .object, .unreadable: throw decoder.wrong("is not a string or a list of them")
    }
    if texts.isEmpty { throw decoder.wrong(Self.emptyProblem) }
    return texts
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(texts)
  }
}
