import RelayCore
import Testing

/// Where a condition's path leads.
@Suite struct FieldLookupTests {
  @Test(arguments: [
    ("tags", #"{"tags":["a","b"]}"#, true), ("tags", #"{"tags":["a","c"]}"#, false),
    ("tags", #"{"tags":"b"}"#, true), ("tags", #"{"tags":[["a",["b"]]]}"#, true),
    ("tags", #"{"tags":[{"b":"b"}]}"#, false), ("items.id", #"{"items":[{"id":"a"},{"id":"b"}]}"#, true),
    ("items.id", #"{"items":[[{"id":["b"]}]]}"#, true), ("items.id", #"{"items":{"id":"b"}}"#, true),
    ("items.id", #"{"items":["b"]}"#, false), ("items", #"{"items":[]}"#, false),
  ])
  func anyElementOfAnArrayMayMatch(path: String, event: String, expected: Bool) throws {
    #expect(try Posted(event).passes(.oneOf("b"), at: path) == expected)
  }

  @Test func anArrayHoldsForEveryOperatorByAnyElement() throws {
    let event = Posted(#"{"f":[1,"Palavra",null]}"#)
    #expect(try event.passes(.compare(.lessOrEqual, to: "1"), at: "f"))
    #expect(try event.passes(.contains(["lav"]), at: "f"))
    #expect(try event.passes(.oneOf(nil), at: "f"))
    #expect(try event.passes(.exists(true), at: "f"))
    #expect(try !event.passes(.not(.oneOf("1")), at: "f"))
    #expect(try event.passes(.not(.oneOf("2")), at: "f"))
  }

  @Test func aQuotedKeyMayHoldADot() throws {
    let event = Posted(#"{"context":{"SYSTEM.CHAT_ID":5,"SYSTEM":{"CHAT_ID":6}}}"#)
    #expect(try event.passes(.oneOf("5"), at: #"context."SYSTEM.CHAT_ID""#))
    #expect(try !event.passes(.oneOf("6"), at: #"context."SYSTEM.CHAT_ID""#))
    #expect(try event.passes(.oneOf("6"), at: "context.SYSTEM.CHAT_ID"))
  }

  @Test(
    arguments: [
      (#"{"a":{"b":1},"a":{"b":2}}"#, "2"), (#"{"a":{"b":1,"b":2}}"#, "2"), (#"{"a":{"b":1},"a":{}}"#, nil),
      (#"{"a":{"b":1},"a":false}"#, nil), (#"{"a":false,"a":{"b":1}}"#, "1"),
      (#"{"a":{"b":1},"\u0061":null}"#, nil),
    ] as [(String, String?)])
  func theLastOfDuplicateKeysRoutes(event: String, expected: String?) throws {
    for candidate in ["1", "2", nil] {
      #expect(
        try Posted(event).passes(.oneOf(candidate), at: "a.b") == (candidate == expected),
        "\(candidate ?? "")")
    }
  }

  @Test(arguments: ["false", "null", "true", "0", #""""#, #""text""#, "[]", "{}"])
  func aValueWhereAnObjectIsDocumentedHidesItsFields(value: String) throws {
    let event = Posted("{\"sender\":\(value)}")
    #expect(try event.passes(.exists(false), at: "sender.email"))
    #expect(try event.passes(.oneOf(nil), at: "sender.email"))
    #expect(try !event.passes(.oneOf("*"), at: "sender.email"))
    #expect(try event.passes(.not(.oneOf("x")), at: "sender.email"))
  }

  @Test func aPathMayBeAPrefixOfAnother() throws {
    let fields = ["a", "a.b", "a.b.c"].map { FieldCondition(path: FieldPath($0)!, test: .exists(true)) }
    #expect(try Posted(#"{"a":{"b":{"c":1}}}"#).meets(Match(fields: fields)))
    #expect(try !Posted(#"{"a":{"b":{}}}"#).meets(Match(fields: fields)))
  }

  @Test func theSamePathInSeveralRoutesIsAskedOfTheSameValue() throws {
    let routes = ["1", "2", "1"].enumerated().map { number, value in
      Route(name: "r\(number)", match: .field("x.y", .oneOf(value)), action: .deliver(to: ["d\(number)"]))
    }
    #expect(try Posted(#"{"x":{"y":1}}"#).decision(of: routes).matched == [0, 2])
  }

  /// Two spellings of one text in Unicode are two keys, two types: bytes decide.
  @Test func otherSpellingsOfTheSameTextAreOthers() throws {
    let (composed, decomposed) = ("situa\u{E7}\u{E3}o", "situac\u{327}a\u{303}o")
    let fields = [composed, decomposed].map {
      Route(name: $0, match: .field($0, .exists(true)), action: .deliver(to: ["d"]))
    }
    #expect(try Posted("{\"\(composed)\":1}").decision(of: fields).matched == [0])
    #expect(try Posted("{\"\(decomposed)\":1}").decision(of: fields).matched == [1])
    let types = [composed, decomposed, "situac*"].map {
      Route(name: $0, match: .event($0), action: .deliver(to: ["d"]))
    }
    #expect(try Posted(type: composed).decision(of: types).matched == [0])
    #expect(try Posted(type: decomposed).decision(of: types).matched == [1, 2])
    let companies = [composed, decomposed].map {
      Route(name: $0, match: .company($0), action: .deliver(to: ["d"]))
    }
    #expect(try Posted(company: decomposed).decision(of: companies).matched == [1])
  }
}
