import Foundation
import RelayJSON
import Testing

@Suite struct TextTests {
  private func text(_ literal: String) throws -> String {
    let document = #"{"token":\#(literal)}"#
    return try #require(try scan(document).token).text(in: Array(document.utf8))
  }

  static let strings: [(String, String)] = [
    (#""""#, ""), (#""plain é""#, "plain é"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
    (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\ud83d\ude00""#, "😀"), (#""x\uD834\uDD1Ey""#, "x\u{1D11E}y"),
    (#""\udbff\udfff""#, "\u{10FFFF}"), (#""\ud800\udc00""#, "\u{10000}"), (#""\u0000""#, "\u{0}"),
    (#""\ud800""#, "\u{FFFD}"), (#""\udc00""#, "\u{FFFD}"), (#""\ud800x""#, "\u{FFFD}x"),
    (#""\ud800\ud83d\ude00""#, "\u{FFFD}😀"), (#""\udc00\ud800""#, "\u{FFFD}\u{FFFD}"),
    (#""\ud800\u0041""#, "\u{FFFD}A"), (#""\ud800\n""#, "\u{FFFD}\n"), (#""\\u0041""#, "\\u0041"),
    (#""é\u0301é""#, "é\u{301}é"),
  ]

  @Test(arguments: strings)
  func escapesAreDecoded(literal: String, expected: String) throws {
    // By their scalars: String's == would also take other spellings.
    #expect(Array(try text(literal).unicodeScalars) == Array(expected.unicodeScalars))
  }

  @Test(arguments: [
    "1.50", "-0", "123456789012345678901234567890", "null", "true", "false", #"[ 1,"a\n" ]"#, "{ }",
  ])
  func anyOtherKindIsSpelledAsItCame(literal: String) throws {
    #expect(try text(literal) == literal)
  }

  @Test func theWriterEscapesWhatItMustAndNothingElse() {
    var output: [UInt8] = Array("x".utf8)
    JSONWriter.appendString("a\"\\/\u{8}\u{C}\n\r\t\u{0}\u{1}\u{F}\u{10}\u{1F}\u{7F}é😀\u{2028}", to: &output)
    let expected = #"x"a\"\\/\b\f\n\r\t\u0000\u0001\u000f\u0010\u001f"# + "\u{7F}é😀\u{2028}\""
    #expect(String(decoding: output, as: UTF8.self) == expected)
  }

  @Test func whatTheWriterWritesReadsBackTheSame() throws {
    for scalar in (UInt32(0)..<0x300).compactMap(Unicode.Scalar.init) {
      let original = "a\(Character(scalar))b"
      var output: [UInt8] = []
      JSONWriter.appendString(original, to: &output)
      #expect(try text(String(decoding: output, as: UTF8.self)) == original)
      let object = try JSONSerialization.jsonObject(with: Data(output), options: .fragmentsAllowed)
      #expect(object as? String == original)
    }
  }

  @Test func aValuesRangeCanBeMoved() {
    var value = JSONValue(kind: .string, range: 3..<7, hasEscapes: true)
    value.range = 10..<12
    #expect(value == JSONValue(kind: .string, range: 10..<12, hasEscapes: true))
    var note = NotedField(slot: 4, value: value)
    note.slot = 5
    #expect(note == NotedField(slot: 5, value: value))
  }
}
