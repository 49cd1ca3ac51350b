import RelayCore
import RelayJSON
import RelayTestSupport
import Testing

/// An event as it is posted: one object in an envelope of its own.
struct Posted: Sendable, CustomTestStringConvertible {
  var event: String
  var type: String
  var source: String
  /// The source's company.
  var company: String?

  init(
    _ event: String = "{}", type: String = "receivedMessage", source: String = "huggy", company: String? = nil
  ) {
    self.event = event
    self.type = type
    self.source = source
    self.company = company
  }

  var testDescription: String { "\(type) \(event) from \(source)" }

  /// Scans it with the real scanner, and shows it to `body` as the table's receiver would.
  func view<Result>(for table: RoutingTable, _ body: (EventView) throws -> Result) throws -> Result {
    var document = Array(#"{"messages":{"#.utf8)
    JSONWriter.appendString(type, to: &document)
    document += Array(":[\(event)]}}".utf8)
    let envelope = try EnvelopeScanner(fields: table.fields).scan(document)
    let scanned = try #require(envelope.events.first)
    return try document.withUnsafeBufferPointer { bytes in
      try body(
        EventView(
          source: source, type: scanned.type.text(in: bytes), fallbackCompany: company,
          fields: envelope.fields[scanned.fields], document: bytes))
    }
  }

  /// What a table makes of it; asked in both ways, which must agree.
  func decision(of routes: [Route]) throws -> RoutingDecision {
    let table = RoutingTable(routes)
    return try view(for: table) { view in
      let decision = table.decide(view)
      #expect(decision == table.explain(view).decision)
      return decision
    }
  }

  func verdicts(of routes: [Route]) throws -> [Explanation.Verdict] {
    let table = RoutingTable(routes)
    return try view(for: table) { table.explain($0).verdicts }
  }

  /// What the first of them saw where it matched.
  func met(by routes: [Route]) throws -> [Explanation.Met] {
    let table = RoutingTable(routes)
    return try view(for: table) { table.explain($0).met[0] }
  }

  func meets(_ match: Match) throws -> Bool {
    try decision(of: [Route(name: "only", match: match, action: .deliver(to: ["d"]))]).matched == [0]
  }

  /// Whether the field at `path` passes a test.
  func passes(_ test: FieldTest, at path: String) throws -> Bool {
    try meets(Match(fields: [FieldCondition(path: #require(FieldPath(path)), test: test)]))
  }
}

extension RandomRouting {
  mutating func posted() -> Posted {
    let event = event()
    return Posted(event.body, type: event.type, source: event.source, company: event.company)
  }
}
