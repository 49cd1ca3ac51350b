import RelayCore
import Testing

/// A scalar of the configuration against a value of the event, at `f`.
@Suite struct ScalarTests {
  @Test(arguments: [
    ("15691", "15691", true), ("15691", #""15691""#, true), ("15691", "15691.0", false),
    ("1.0", "1.0", true), ("1.0", "1", false), ("1.0", "1.00", false), ("1.0", #""1.0""#, true),
    ("1e2", "1e2", true), ("1e2", "1E2", false), ("1e2", "100", false), ("-0", "-0", true),
    ("0", "-0", false),
    ("12345678901234567890", "12345678901234567890", true),
    ("12345678901234567890", "12345678901234567891", false),
    ("true", "true", true), ("true", #""true""#, true), ("true", "false", false), ("false", "false", true),
    ("True", "true", false), ("acme", #""Acme""#, false), ("Acme", #""Acme""#, true),
    ("", #""""#, true), ("", "null", false), ("", "false", false), ("x", #"" x""#, false),
  ])
  func scalarsCompareByTheirText(pattern: String, value: String, expected: Bool) throws {
    #expect(try Posted("{\"f\":\(value)}").passes(.oneOf(pattern), at: "f") == expected)
  }

  @Test(arguments: [
    ("*@acme.com", #""joe@acme.com""#, true), ("*@acme.com", #""joe@acme.com.br""#, false),
    ("156??", "15691", true), ("156??", "1569", false), ("*", #""""#, true), ("?*", #""""#, false),
    ("*", "false", true), ("*", "null", false), ("*", "{}", false), ("t*e", "true", true),
    ("a[*]b", #""a*b""#, true), ("a[*]b", #""a**b""#, false), ("[?]", #""?""#, true), ("[?]", #""x""#, false),
    ("[[]*", #""[x""#, true), ("[x]", #""[x]""#, true), ("a?c", #""açc""#, true), ("a?c", #""a😀c""#, true),
    ("a??c", #""açc""#, false), ("*ção", #""situação""#, true),
  ])
  func stringsMayHoldWildcards(pattern: String, value: String, expected: Bool) throws {
    #expect(try Posted("{\"f\":\(value)}").passes(.oneOf(pattern), at: "f") == expected)
  }

  @Test(arguments: [
    ("aéb", #""a\u00e9b""#, true), ("a\nb", #""a\nb""#, true), ("\"", #""\"""#, true), ("/", #""\/""#, true),
    ("😀", #""\ud83d\ude00""#, true), ("a?b", #""a\u00e9b""#, true), ("\\u00e9", #""\u00e9""#, false),
  ])
  func escapesAreDecodedBeforeTheyCompare(pattern: String, value: String, expected: Bool) throws {
    #expect(try Posted("{\"f\":\(value)}").passes(.oneOf(pattern), at: "f") == expected)
  }

  @Test(arguments: [
    (#"{"f":null}"#, true), ("{}", true), (#"{"f":"null"}"#, false), (#"{"f":""}"#, false),
    (#"{"f":false}"#, false), (#"{"f":0}"#, false), (#"{"f":{}}"#, false), (#"{"f":[]}"#, false),
    (#"{"f":[1,null]}"#, true),
  ])
  func nullMatchesNullAndAbsent(event: String, expected: Bool) throws {
    #expect(try Posted(event).passes(.oneOf(nil), at: "f") == expected)
    #expect(try Posted(event).passes(.oneOf("never", nil), at: "f") == expected)
  }

  @Test func theTextNullIsNotNull() throws {
    #expect(try Posted(#"{"f":"null"}"#).passes(.oneOf("null"), at: "f"))
    #expect(try !Posted(#"{"f":null}"#).passes(.oneOf("null"), at: "f"))
    #expect(try !Posted("{}").passes(.oneOf("null"), at: "f"))
  }

  @Test func aListHoldsIfOneItemDoes() throws {
    let test = FieldTest.oneOf("in_chat", "wait_*", nil)
    for value in [#""in_chat""#, #""wait_for_chat""#, "null"] {
      #expect(try Posted("{\"f\":\(value)}").passes(test, at: "f"), "\(value)")
    }
    #expect(try !Posted(#"{"f":"closed"}"#).passes(test, at: "f"))
  }

  @Test func objectsAndArraysEqualNoScalar() throws {
    #expect(try !Posted(#"{"f":{"a":1}}"#).passes(.oneOf("*", #"{"a":1}"#, "an object"), at: "f"))
    #expect(try !Posted(#"{"f":[]}"#).passes(.oneOf("*", "[]"), at: "f"))
  }
}
