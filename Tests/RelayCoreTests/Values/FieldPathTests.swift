import RelayCore
import Testing

@Suite struct FieldPathTests {
  @Test(arguments: [
    ("a", ["a"]), ("a.b.c", ["a", "b", "c"]), (#"context."SYSTEM.CHAT_ID""#, ["context", "SYSTEM.CHAT_ID"]),
    (#""a.b".c"#, ["a.b", "c"]), (#""a""#, ["a"]), (#"a.".""#, ["a", "."]),
    ("situação.é", ["situação", "é"]),
    ("a b", ["a b"]), (#"a"b.c"#, [#"a"b"#, "c"]), ("0.1", ["0", "1"]),
  ])
  func dotsSeparateKeysUnlessQuoted(text: String, keys: [String]) {
    #expect(FieldPath(text)?.keys == keys)
  }

  @Test(arguments: [
    "", ".", "a.", ".a", "a..b", #"""#, #"""""#, #""a"#, #"a."b"#, #""a"b"#, #""a"."#, #"a."".b"#,
  ])
  func anEmptyKeyOrAnOpenQuotationIsNoPath(text: String) {
    #expect(FieldPath(text) == nil)
  }

  @Test(arguments: ["a", "a.b", #"context."SYSTEM.CHAT_ID""#, #""."."..""#])
  func itReadsAsItWasWritten(text: String) throws {
    #expect(try #require(FieldPath(text)).description == text)
  }
}
