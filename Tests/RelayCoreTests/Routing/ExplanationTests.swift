import RelayCore
import Testing

@Suite struct ExplanationTests {
  private func verdict(_ posted: Posted, _ match: Match, except: [Match] = []) throws -> Explanation.Verdict {
    let routes = [Route(name: "r", match: match, except: except, action: .deliver(to: ["d"]))]
    return try #require(try posted.verdicts(of: routes).first)
  }

  @Test(arguments: [
    (Match(sources: .words("crm")), "source: crm", "huggy"),
    (.event("closed*"), "event: closed*", "receivedMessage"),
    (Match(events: .words("a", "b")), "event: [a, b]", "receivedMessage"),
    (.company("1"), "company: 1", "15691"),
    (Match(companies: .words("1", nil)), "company: [1, null]", "15691"),
    (.channel("widget"), "channel: widget", "WhatsApp"), (.channel(nil), "channel: null", "WhatsApp"),
    (.field("f", .oneOf("x")), "f: x", "5"), (.field("f", .oneOf("x", nil)), "f: [x, null]", "5"),
    (.field("f", .not(.oneOf("5", "6"))), "f: not [5, 6]", "5"),
    (.field("f", .exists(false)), "f: exists: false", "5"),
    (.field("g", .exists(true)), "g: exists: true", "absent"),
    (.field("n", .exists(true)), "n: exists: true", "null"),
    (.field("f", .contains(["a", "b"])), "f: contains a or b", "5"),
    (.field("f", .compare(.greaterOrEqual, to: "6")), "f: gte 6", "5"),
    (.field("f", .all([.compare(.greater, to: "1"), .compare(.less, to: "5")])), "f: gt 1 and lt 5", "5"),
    (.field("l", .oneOf("x")), "l: x", "an array, a, an object, true"),
    (.field("o", .oneOf("x")), "o: x", "an object"), (.field("e", .oneOf("x")), "e: x", "é"),
    (.field(#"o."p.q""#, .oneOf("x")), #"o."p.q": x"#, "1.0"),
  ])
  func aFailureNamesTheConditionAndWhatItSaw(match: Match, condition: String, saw: String) throws {
    let event = Posted(
      #"{"companyID":15691,"channel":"WhatsApp","f":5,"n":null,"l":["a",{},true],"o":{"p.q":1.0},"e":"\u00e9"}"#
    )
    #expect(try verdict(event, match) == .failed(condition: condition, saw: saw))
  }

  @Test func whatMatchedNamesEachConditionAndWhatItSaw() throws {
    var match = Match(
      events: .words("*Message"), channels: .words("Whats*"),
      fields: [FieldCondition(path: FieldPath("is_internal")!, test: .oneOf("true"))])
    let event = Posted(#"{"channel":"WhatsApp","is_internal":true}"#)
    func met() throws -> [Explanation.Met] {
      try event.met(by: [Route(name: "r", match: match, action: .drop)])
    }
    #expect(
      try met().map { [$0.condition, $0.saw] } == [
        ["event: *Message", "receivedMessage"], ["channel: Whats*", "WhatsApp"],
        ["is_internal: true", "true"],
      ])
    match.sources = .words("another")
    #expect(try met().isEmpty, "what does not match says what failed")
  }

  @Test func anAbsentCompanyOrChannelIsSaidToBeAbsent() throws {
    #expect(try verdict(Posted(), .company("1")) == .failed(condition: "company: 1", saw: "absent"))
    #expect(try verdict(Posted(), .channel("x")) == .failed(condition: "channel: x", saw: "absent"))
  }

  @Test func theFirstConditionThatFailsIsNamed() throws {
    var match = Match(
      sources: .words("no"), events: .words("no"), companies: .words("no"), channels: .words("no"),
      fields: ["a", "b"].map { FieldCondition(path: FieldPath($0)!, test: .oneOf("no")) })
    let event = Posted(#"{"b":"no"}"#)
    func condition() throws -> String? {
      if case .failed(let condition, _) = try verdict(event, match) { condition } else { nil }
    }
    #expect(try condition() == "source: no")
    match.sources = nil
    #expect(try condition() == "event: no")
    match.events = nil
    #expect(try condition() == "company: no")
    match.companies = nil
    #expect(try condition() == "channel: no")
    match.channels = nil
    #expect(try condition() == "a: no")
    match.fields.reverse()
    #expect(try condition() == "a: no")
    match.fields.removeLast()
    #expect(try verdict(event, match) == .matched)
  }

  @Test func anExclusionTellsWhichBlockHeld() throws {
    var second = Match(
      sources: .words("huggy"), events: .words("received*"), companies: .words("1"), channels: .words(nil))
    second.fields = [FieldCondition(path: FieldPath("a")!, test: .oneOf("1"))]
    let blocks = [Match.event("other"), second, Match()]
    #expect(
      try verdict(Posted(#"{"a":1}"#, company: "1"), Match(), except: blocks)
        == .excluded(condition: "source: huggy, event: received*, company: 1, channel: null, a: 1"))
  }

  @Test func routesAfterADropOrAStopAreNotReached() throws {
    let noise = Route(name: "noise", match: .event("received*"), action: .drop)
    let last = Route(name: "last", match: .event("no"), action: .deliver(to: ["d"]))
    let stopping = Route(name: "vip", action: .deliver(to: ["d"]), stop: true)
    #expect(
      try Posted().verdicts(of: [noise, last, last])
        == [.matched, .notReached(after: "noise"), .notReached(after: "noise")])
    #expect(
      try Posted(type: "no").verdicts(of: [noise, last, stopping, noise]) == [
        .failed(condition: "event: received*", saw: "no"), .matched, .matched, .notReached(after: "vip"),
      ])
  }
}
