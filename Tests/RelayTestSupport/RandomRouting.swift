import RelayCore

/// Routes and events from a small vocabulary, so that they often meet.
package struct RandomRouting {
  /// An event as it is posted: one object.
  package struct RandomEvent: Sendable {
    package var body: String
    package var type: String
    package var source: String
    /// The source's company.
    package var company: String?
  }

  package var random: SplitMix64

  package init(random: SplitMix64) {
    self.random = random
  }

  package static let sources = ["huggy", "test"]
  static let types = [
    "receivedMessage", "receivedALLMessage", "closedChat", "custom", "CUSTOM", "outra\u{E7}",
  ]
  static let typePatterns = [
    "receivedmessage", "received*", "*Chat", "custom", "?ustom", "*", "outrac\u{327}", "x",
  ]
  static let texts = ["1", "2", "12", "true", "widget", "Widget", "a b"]
  static let textPatterns = ["1", "2", "1*", "?", "*", "true", "widget", "a*b"]
  static let paths = ["f", "f.g", "chat.id", "channel", "l", "companyID"]

  package mutating func routes() -> [Route] {
    let count = random.below(9)
    return routes(count)
  }

  package mutating func routes(_ count: Int) -> [Route] {
    (0..<count).map { number in
      Route(
        name: "r\(number)", match: match(), except: (0..<random.below(2)).map { _ in match() },
        action: action(),
        stop: random.chance(10))
    }
  }

  package mutating func event() -> RandomEvent {
    var members: [String] = []
    for key in ["companyID", "channel", "f", "l", "f"] where random.chance(60) {
      members.append("\"\(key)\":\(value(depth: 2))")
    }
    if random.chance(50) {
      members.append(#""chat":{"id":\#(value(depth: 0)),"channel":\#(value(depth: 1))}"#)
    }
    return RandomEvent(
      body: "{\(members.joined(separator: ","))}", type: random.pick(Self.types),
      source: random.pick(Self.sources), company: random.chance(50) ? random.pick(Self.texts) : nil)
  }

  private mutating func action() -> Route.Action {
    random.chance(15) ? .drop : .deliver(to: (0...random.below(2)).map { _ in random.pick(["x", "y", "z"]) })
  }

  private mutating func match() -> Match {
    var match = Match()
    if random.chance(10) { match.sources = [WildcardPattern(random.pick(["huggy", "t*"]))] }
    if random.chance(50) {
      match.events = (0...random.below(2)).map { _ in
        WildcardPattern(random.pick(Self.typePatterns), ignoringCase: true)
      }
    }
    if random.chance(50) { match.companies = patterns() }
    if random.chance(20) { match.channels = patterns() }
    match.fields = (0..<random.below(2)).map { _ in
      FieldCondition(path: FieldPath(random.pick(Self.paths))!, test: test(depth: 2))
    }
    return match
  }

  private mutating func patterns() -> [ScalarPattern] {
    (0...random.below(2)).map { _ in
      random.chance(15) ? .null : .text(WildcardPattern(random.pick(Self.textPatterns)))
    }
  }

  private mutating func test(depth: Int) -> FieldTest {
    switch random.below(depth > 0 ? 6 : 4) {
    case 0: .equalsAny(patterns())
    case 1: .exists(random.chance(50))
    case 2: .contains([random.pick(["1", "G", " "])])
    case 3: .compare(random.pick(FieldTest.Comparison.allCases), to: random.pick(Self.texts))
    case 4: .not(test(depth: depth - 1))
    default: .all([test(depth: depth - 1), test(depth: depth - 1)])
    }
  }

  private mutating func value(depth: Int) -> String {
    switch random.below(depth > 0 ? 7 : 5) {
    case 0: "null"
    case 1: random.pick(["true", "false"])
    case 2: random.pick(["1", "2", "12"])
    case 3, 4: "\"\(random.pick(Self.texts))\""
    case 5: "[\(value(depth: depth - 1)),\(value(depth: depth - 1))]"
    default: "{\"g\":\(value(depth: depth - 1))}"
    }
  }
}
