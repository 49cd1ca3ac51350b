import RelayJSON

@testable import RelayCore

/// Routing by its definition: every route is asked, top to bottom, of the tree of an event.
struct PlainRouter {
  /// What can't be told here: two numbers that are too long, or too large, for a Double.
  struct Unknown: Error {}

  let event: PlainJSON.Node
  let document: [UInt8]
  let source: String
  let type: String
  let fallbackCompany: String?

  var company: String? { text(["company", "id"]) ?? text(["companyID"]) ?? fallbackCompany }

  var channel: String? {
    for path in [["chat", "channel"], ["channel"]] {
      if let channel = text(path) ?? text(path + ["source"]) ?? text(path + ["name"]) { return channel }
    }
    return nil
  }

  var chat: String? {
    let ofChat = ["createdchat", "startedchat", "agententered", "closedchat"]
    let isOfChat = ofChat.contains { PlainPattern.matches($0, type, ignoringCase: true) }
    return text(["chat", "id"]) ?? text(["chatID"]) ?? (isOfChat ? text(["id"]) : nil)
  }

  func decision(of routes: [Route]) throws -> RoutingDecision {
    var decision = RoutingDecision()
    for (number, route) in routes.enumerated() {
      guard try meets(route.match), try !route.except.contains(where: meets) else { continue }
      decision.matched.append(number)
      guard case .deliver(let destinations) = route.action else {
        decision.isDropped = true
        break
      }
      for name in destinations where !decision.targets.contains(where: { $0.destination == name }) {
        decision.targets.append(.init(destination: name, route: number))
      }
      if route.stop { break }
    }
    return decision
  }

  // MARK: Conditions

  private func meets(_ match: Match) throws -> Bool {
    func anyOf(_ patterns: [WildcardPattern]?, _ text: String) -> Bool {
      patterns.map { $0.contains { matches($0, text) } } ?? true
    }
    func anyOf(_ patterns: [ScalarPattern]?, _ text: String?) -> Bool {
      guard let patterns else { return true }
      return patterns.contains { pattern in
        switch pattern {
        case .null: text == nil
        case .text(let pattern): text.map { matches(pattern, $0) } ?? false
        }
      }
    }
    return try anyOf(match.sources, source) && anyOf(match.events, type) && anyOf(match.companies, company)
      && anyOf(match.channels, channel)
      && match.fields.allSatisfy { try holds($0.test, PlainEnvelope.values(of: event, $0.path.keys[...])) }
  }

  private func matches(_ pattern: WildcardPattern, _ text: String) -> Bool {
    PlainPattern.matches(pattern.source, text, ignoringCase: pattern.ignoresCase)
  }

  private func holds(_ test: FieldTest, _ values: [PlainJSON.Node]) throws -> Bool {
    switch test {
    case .not(let inner): return try !holds(inner, values)
    case .exists(let expected): return values.contains { $0.value.kind != .null } == expected
    case .equalsAny(let patterns):
      if patterns.contains(.null), values.isEmpty { return true }
      return try values.contains { try satisfies(test, $0) }
    case .contains, .compare: return try values.contains { try satisfies(test, $0) }
    case .all(let tests):
      // Those that look at a value speak of one and the same.
      let ofOneValue = tests.filter {
        switch $0 {
        case .equalsAny, .contains, .compare: true
        case .not, .exists, .all: false
        }
      }
      let others = tests.filter { !ofOneValue.contains($0) }
      guard try others.allSatisfy({ try holds($0, values) }) else { return false }
      return try ofOneValue.isEmpty
        || values.contains { value in try ofOneValue.allSatisfy { try satisfies($0, value) } }
    }
  }

  private func satisfies(_ test: FieldTest, _ value: PlainJSON.Node) throws -> Bool {
    let isText = value.value.kind == .string || value.value.kind == .number
    switch test {
    case .equalsAny(let patterns):
      return patterns.contains { pattern in
        switch (pattern, value.value.kind) {
        case (.null, let kind): kind == .null
        case (_, .null), (_, .object), (_, .array): false
        case (.text(let pattern), _): matches(pattern, text(of: value))
        }
      }
    case .contains(let texts):
      let own = Array(text(of: value).lowercased().utf8)
      return isText
        && texts.contains { text in
          let sought = Array(text.lowercased().utf8)
          return own.count >= sought.count
            && (0...own.count - sought.count).contains { own[$0...].starts(with: sought) }
        }
    case .compare(let comparison, let operand):
      return try isText
        && holds(comparison, text(of: value), operand, isString: value.value.kind == .string)
    case .not, .exists, .all: return false
    }
  }

  private func holds(
    _ comparison: FieldTest.Comparison, _ text: String, _ operand: String, isString: Bool
  ) throws -> Bool {
    switch (isNumber(text), isNumber(operand)) {
    case (true, true):
      let (value, limit) = (try number(text), try number(operand))
      return switch comparison {
      case .greater: value > limit
      case .greaterOrEqual: value >= limit
      case .less: value < limit
      case .lessOrEqual: value <= limit
      }
    // A text of digits is a text beside one that is no number.
    case (_, false) where isString:
      let (value, limit) = (Array(text.utf8), Array(operand.utf8))
      return switch comparison {
      case .greater: limit.lexicographicallyPrecedes(value)
      case .greaterOrEqual: value == limit || limit.lexicographicallyPrecedes(value)
      case .less: value.lexicographicallyPrecedes(limit)
      case .lessOrEqual: value == limit || value.lexicographicallyPrecedes(limit)
      }
    default: return false
    }
  }

  private func isNumber(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let node = PlainJSON.parse(bytes), node.value.kind == .number else { return false }
    return node.value.range == 0..<bytes.count
  }

  /// Fifteen digits are told apart by every Double.
  private func number(_ text: String) throws -> Double {
    let digits = text.utf8.filter { (0x30...0x39).contains($0) }.count
    guard digits <= 15, let number = Double(text), number == 0 || (1e-200...1e200).contains(number.magnitude)
    else { throw Unknown() }
    return number
  }

  // MARK: Values

  private func text(of value: PlainJSON.Node) -> String {
    value.text ?? String(decoding: document[value.value.range], as: UTF8.self)
  }

  /// The first that says something.
  private func text(_ path: [String]) -> String? {
    PlainEnvelope.values(of: event, path[...]).first {
      switch $0.value.kind {
      case .string: $0.text?.isEmpty == false
      case .number: true
      case .null, .false, .true, .array, .object: false
      }
    }.map { text(of: $0) }
  }
}
