import RelayCore
import RelayJSON

/// The routing table, with its index of candidates, and routing by its definition: they decide alike.
///
/// An input is the choices that routes are made of, then an event's object; where that is none, it is made of choices, too.
enum RoutingTarget {
  static func makeCheck() -> FuzzTargets.Check {
    { input in
      var maker = RouteMaker(choices: Choices(input))
      let routes = (0..<maker.choices.below(9)).map { maker.route($0) }
      let table = RoutingTable(routes)
      var router = table.router
      let source = maker.choices.pick(["huggy", "test"])
      let company = maker.choices.chance(50) ? maker.word() : nil
      // Several, since the router remembers the type of the one before.
      let types = (0...maker.choices.below(3)).map { _ in maker.type() }
      let rest = Array(maker.choices.rest)
      let body =
        if case .object? = PlainJSON.parse(rest)?.content { rest } else { Array(maker.event().utf8) }
      for type in types {
        check(routes, table, &router, type: type, source: source, company: company, body: body)
      }
    }
  }

  private static func check(
    _ routes: [Route], _ table: RoutingTable, _ router: inout RoutingTable.Router, type: String,
    source: String,
    company: String?, body: [UInt8]
  ) {
    var document = Array(#"{"messages":{"#.utf8)
    JSONWriter.appendString(type, to: &document)
    // A byte order mark may stand before a document, but not in it.
    document += Array(":".utf8) + body.drop { $0 >= 0x80 } + Array("}}".utf8)
    guard let envelope = try? EnvelopeScanner(fields: table.fields).scan(document),
      let scanned = envelope.events.first, let node = PlainJSON.parse(document)
    else { fatalError("an event in an envelope is no event") }
    guard
      let event = PlainEnvelope.values(of: node, ["messages", type]).first(where: { $0.value.kind == .object }
      )
    else { fatalError("there is no event") }
    document.withUnsafeBufferPointer { bytes in
      let view = EventView(
        source: source, type: scanned.type.text(in: bytes), fallbackCompany: company,
        fields: envelope.fields[scanned.fields], document: bytes)
      let plain = PlainRouter(
        event: event, document: document, source: source, type: type, fallbackCompany: company)
      requireSame(view.company, plain.company, "company")
      requireSame(view.channel, plain.channel, "channel")
      requireSame(view.chat, plain.chat, "chat")
      let decision = router.decide(view)
      requireSame(decision, table.explain(view).decision, "what is decided, and what is explained")
      guard let expected = try? plain.decision(of: routes) else { return }
      requireSame(decision, expected, "what is decided, and what the routes say")
    }
  }
}

/// Makes routes and events of choices: of few words, so that they meet, and of any text.
private struct RouteMaker {
  private static let types = ["receivedMessage", "closedChat", "custom", "createdChat", "outra\u{E7}", ""]
  private static let typePatterns = ["receivedmessage", "received*", "*Chat", "?ustom", "*", "outrac\u{327}"]
  private static let words = ["1", "2", "12", "true", "widget", "1.0", "a b", ""]
  private static let patterns = ["1", "1*", "?", "*", "widget", "[*]", "a*b", "true"]
  private static let paths = ["f", "f.g", "chat.id", "channel", "l", "companyID", "company.id", "\"a.b\""]

  var choices: Choices

  mutating func word() -> String { choices.chance(30) ? choices.text() : choices.pick(Self.words) }
  mutating func type() -> String { choices.chance(30) ? choices.text() : choices.pick(Self.types) }

  mutating func route(_ number: Int) -> Route {
    let match = match()
    let except = (0..<choices.below(3)).map { _ in self.match() }
    let action: Route.Action =
      choices.chance(15)
      ? .drop : .deliver(to: (0...choices.below(2)).map { _ in choices.pick(["x", "y", "z"]) })
    return Route(name: "r\(number)", match: match, except: except, action: action, stop: choices.chance(20))
  }

  private mutating func match() -> Match {
    var match = Match()
    if choices.chance(20) { match.sources = [WildcardPattern(choices.pick(["huggy", "t*", "test"]))] }
    if choices.chance(60) {
      match.events = (0...choices.below(2)).map { _ in
        WildcardPattern(
          choices.chance(40) ? choices.text() : choices.pick(Self.typePatterns), ignoringCase: true)
      }
    }
    if choices.chance(50) { match.companies = scalars(ignoringCase: false) }
    if choices.chance(30) { match.channels = scalars(ignoringCase: true) }
    match.fields = (0..<choices.below(3)).map { _ in
      let path = FieldPath(choices.chance(30) ? choices.text() : choices.pick(Self.paths))
      return FieldCondition(path: path ?? FieldPath(keys: ["f"]), test: test(depth: 2))
    }
    return match
  }

  private mutating func scalars(ignoringCase: Bool) -> [ScalarPattern] {
    (0...choices.below(3)).map { _ in
      if choices.chance(20) { return .null }
      let text = choices.chance(40) ? choices.text() : choices.pick(Self.patterns)
      return .text(WildcardPattern(text, ignoringCase: ignoringCase))
    }
  }

  private mutating func test(depth: Int) -> FieldTest {
    switch choices.below(depth > 0 ? 6 : 4) {
    case 0: .equalsAny(scalars(ignoringCase: choices.chance(50)))
    case 1: .exists(choices.chance(50))
    case 2: .contains((0...choices.below(2)).map { _ in word() })
    case 3: .compare(choices.pick(FieldTest.Comparison.allCases), to: word())
    case 4: .not(test(depth: depth - 1))
    default: .all((0...choices.below(3)).map { _ in test(depth: depth - 1) })
    }
  }

  // MARK: Events

  mutating func event() -> String {
    let keys = ["companyID", "channel", "chat", "company", "f", "l", "a.b", "id", "f"]
    let members = (0..<choices.below(8)).map { _ in
      "\"\(choices.pick(keys))\":\(value(depth: 2))"
    }
    return "{\(members.joined(separator: ","))}"
  }

  private mutating func value(depth: Int) -> String {
    switch choices.below(depth > 0 ? 7 : 5) {
    case 0: return choices.pick(["1", "1.0", "-0", "12", "1e2"])
    case 1: return choices.pick(["null", "true", "false"])
    case 2, 3, 4:
      var text: [UInt8] = []
      JSONWriter.appendString(word(), to: &text)
      return String(decoding: text, as: UTF8.self)
    case 5: return "[\(value(depth: depth - 1)),\(value(depth: depth - 1))]"
    default:
      let key = choices.pick(["g", "id", "channel", "source", "name"])
      return "{\"\(key)\":\(value(depth: depth - 1))}"
    }
  }
}
