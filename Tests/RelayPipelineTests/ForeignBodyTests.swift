import RelayCore
import RelayJSON
import Testing

@testable import RelayPipeline

@Suite struct ForeignBodyTests {
  private static let json = #"{"messages":{}}"#

  private static func wide(_ bytesPerUnit: Int, bigEndian: Bool) -> [UInt8] {
    json.utf8.flatMap { byte -> [UInt8] in
      let zeros = [UInt8](repeating: 0, count: bytesPerUnit - 1)
      return bigEndian ? zeros + [byte] : [byte] + zeros
    }
  }

  static let bodies: [(String, [UInt8], ForeignBody?)] = [
    ("UTF-16 LE with a mark", [0xFF, 0xFE] + wide(2, bigEndian: false), .utf16),
    ("UTF-16 BE with a mark", [0xFE, 0xFF] + wide(2, bigEndian: true), .utf16),
    ("UTF-16 LE", wide(2, bigEndian: false), .utf16), ("UTF-16 BE", wide(2, bigEndian: true), .utf16),
    ("UTF-32 LE with a mark", [0xFF, 0xFE, 0, 0] + wide(4, bigEndian: false), .utf32),
    ("UTF-32 BE with a mark", [0, 0, 0xFE, 0xFF] + wide(4, bigEndian: true), .utf32),
    ("UTF-32 LE", wide(4, bigEndian: false), .utf32), ("UTF-32 BE", wide(4, bigEndian: true), .utf32),
    ("a form", Array("payload=%7B%22messages%22%3A%7B%7D%7D".utf8), .form),
    ("a form with plain JSON in it", Array("payload={\"messages\":{}}".utf8), .form),
    ("a form with odd names", Array("a%5Bb%5D[c]+d.e-f_g~*=1&x=2".utf8), .form),
    ("a form without a name", Array("%7B%22messages%22%3A%7B%7D%7D".utf8), .form),
    (
      "multipart",
      Array("--x\r\nContent-Disposition: form-data; name=\"payload\"\r\n\r\n{}\r\n--x--\r\n".utf8), .multipart
    ),
    ("gzip", [0x1F, 0x8B, 8, 0], .gzip), ("nothing", [], nil),
    ("a truncated envelope", Array("{\"messages".utf8), nil),
    ("a word", Array("hello".utf8), nil), ("text", Array("hello = world".utf8), nil),
    ("XML", Array("<a b=\"c\"/>".utf8), nil),
    ("an equals sign", Array("=x".utf8), nil), ("dashes", Array("--".utf8), nil),
    ("a negative number", Array("-1".utf8), nil),
    ("a long word", [UInt8](repeating: 0x61, count: 300) + Array("=".utf8), nil),
    ("zeros", [0, 0, 0, 0], nil),
  ]

  @Test(arguments: bodies) func aBodyShowsWhatItIs(name: String, body: [UInt8], kind: ForeignBody?) {
    #expect(ForeignBody(body) == kind, "\(name)")
  }

  @Test func eachIsToldWhatToSendInstead() {
    for (_, body, kind) in Self.bodies {
      let refusal = Refusal(ScanError(code: .invalidJSON, message: "expected a value", offset: 7), in: body)
      switch kind {
      case .utf16, .utf32, .form, .multipart:
        #expect(refusal.reason == .unsupportedMediaType)
        #expect(refusal.message.contains("send"))
      case .gzip:
        #expect(refusal.reason == .invalidJSON && refusal.offset == 7)
        #expect(refusal.message.contains("content-encoding: gzip"))
      case nil:
        #expect(refusal == Refusal(.invalidJSON, "expected a value", offset: 7))
      }
    }
  }

  /// What the grammar has nothing against is never judged by its looks.
  @Test func onlyWhatIsNotJSONIsJudged() {
    let refusal = Refusal(ScanError(code: .notAnObject, message: "x", offset: 0), in: Array("a=b".utf8))
    #expect(refusal.reason == .invalidEnvelope)
  }
}
