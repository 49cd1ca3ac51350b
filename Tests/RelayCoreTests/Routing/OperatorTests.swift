import RelayCore
import Testing

/// `not`, `exists`, `contains`, and several operators together, at `f`.
@Suite struct OperatorTests {
  @Test(arguments: [
    (FieldTest.oneOf("11445"), #"{"f":11446}"#, true), (.oneOf("11445"), #"{"f":11445}"#, false),
    (.oneOf("11445"), "{}", true), (.oneOf("1", "2"), #"{"f":2}"#, false),
    (.oneOf("1", "2"), #"{"f":3}"#, true),
    (.oneOf(nil), #"{"f":1}"#, true), (.oneOf(nil), "{}", false), (.oneOf(nil), #"{"f":null}"#, false),
    (.exists(true), "{}", true), (.contains(["x"]), "{}", true), (.contains(["x"]), #"{"f":"axb"}"#, false),
    (.compare(.greater, to: "5"), #"{"f":6}"#, false), (.compare(.greater, to: "5"), #"{"f":"words"}"#, true),
    (.not(.oneOf("1")), #"{"f":1}"#, true), (.oneOf("1"), #"{"f":[1,2]}"#, false),
    (.oneOf("1"), #"{"f":{}}"#, true),
  ])
  func notNegatesTheWholeTest(test: FieldTest, event: String, expected: Bool) throws {
    #expect(try Posted(event).passes(.not(test), at: "f") == expected)
    #expect(try Posted(event).passes(test, at: "f") == !expected)
  }

  @Test(arguments: [
    (#"{"f":1}"#, true), (#"{"f":""}"#, true), (#"{"f":false}"#, true), (#"{"f":{}}"#, true),
    (#"{"f":[]}"#, true), (#"{"f":0}"#, true), (#"{"f":null}"#, false), ("{}", false),
    (#"{"F":1}"#, false), (#"{"f":1,"f":null}"#, false), (#"{"f":null,"f":1}"#, true),
  ])
  func existsMeansPresentAndNotNull(event: String, expected: Bool) throws {
    #expect(try Posted(event).passes(.exists(true), at: "f") == expected)
    #expect(try Posted(event).passes(.exists(false), at: "f") == !expected)
  }

  @Test(arguments: [
    ("boleto", #""Segue o BOLETO.""#, true), ("BOLETO", #""boleto""#, true), ("boleto", #""bole to""#, false),
    ("acao", #""SITUAÇÃO""#, false), ("açã", #""SITUAÇÃO""#, true), ("ÉRITO", #""m\u00e9rito""#, true),
    ("56", "15691", true), ("65", "15691", false), ("tru", "true", false), ("ul", "null", false),
    ("a", #"{"a":"a"}"#, false), ("*", #""a*b""#, true), ("*", #""ab""#, false), ("\n", #""a\nb""#, true),
  ])
  func containsLooksWithoutCase(text: String, value: String, expected: Bool) throws {
    #expect(try Posted("{\"f\":\(value)}").passes(.contains([text]), at: "f") == expected)
  }

  @Test func containsHoldsIfOneTextDoes() throws {
    let test = FieldTest.contains(["boleto", "pix"])
    #expect(try Posted(#"{"f":"um PIX"}"#).passes(test, at: "f"))
    #expect(try !Posted(#"{"f":"dinheiro"}"#).passes(test, at: "f"))
    #expect(try !Posted("{}").passes(test, at: "f"))
  }

  @Test func operatorsTogetherMustAllHold() throws {
    let test = FieldTest.all([.compare(.greaterOrEqual, to: "10"), .compare(.less, to: "20")])
    for (value, expected) in [("9", false), ("10", true), ("19.9", true), ("20", false), (#""15""#, true)] {
      #expect(try Posted("{\"f\":\(value)}").passes(test, at: "f") == expected, "\(value)")
    }
    let guarded = FieldTest.all([.exists(true), .not(.oneOf("x", "y"))])
    for (event, expected) in [("{}", false), (#"{"f":"x"}"#, false), (#"{"f":"z"}"#, true)] {
      #expect(try Posted(event).passes(guarded, at: "f") == expected, "\(event)")
    }
  }

  @Test func operatorsTogetherLookAtTheSameElement() throws {
    let between = FieldTest.all([.compare(.greater, to: "10"), .compare(.less, to: "20")])
    #expect(try !Posted(#"{"f":[5,25]}"#).passes(between, at: "f"))
    #expect(try Posted(#"{"f":[5,15,25]}"#).passes(between, at: "f"))
  }
}
