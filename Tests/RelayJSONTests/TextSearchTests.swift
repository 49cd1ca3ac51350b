import Foundation
import RelayTestSupport
import Testing

@testable import RelayJSON

/// A text is found where the values say it, however they are spelled.
struct TextSearchTests {
  /// The texts of all values, read by another reader of JSON.
  private static func values(_ json: Any) -> [String] {
    switch json {
    case let object as [String: Any]: object.values.flatMap(values)
    case let list as [Any]: list.flatMap(values)
    case let text as String: [text]
    default: []
    }
  }

  private static func isFound(_ text: String, in document: String) -> Bool {
    var search = TextSearch(text)
    return Array(document.utf8).withUnsafeBufferPointer { search.isFound(in: $0) }
  }

  @Test func whatOneReaderFindsTheOtherFinds() throws {
    var random = SplitMix64(seed: 11)
    let pieces = [
      "a", "B", "ç", "Ç", "É", "ß", "İ", "K", "ẞ", "Σ", "日本", "😀", "\"", "\\", "/", "\n", "\u{1}", " ", "5",
      "-",
      "the quick brown fox jumps", "Ⱥ", "ǅ", "{", ":", ",",
    ]
    func text(_ count: Int) -> String { (0..<count).map { _ in random.pick(pieces) }.joined() }
    func spelled(_ text: String) -> String {
      let parts = text.utf16.map { unit -> String in
        if unit == 0x22 || unit == 0x5C || unit < 0x20 || random.chance(20) {
          let digits = String(unit, radix: 16, uppercase: random.chance(50))
          return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return "\0"
      }
      // A character of two units is spelled out as a whole, or not at all.
      var output = ""
      var place = 0
      for scalar in text.unicodeScalars {
        let units = UTF16.width(scalar)
        let own = parts[place..<place + units]
        if own.contains("\0") && !(scalar == "\"" || scalar == "\\" || scalar.value < 0x20) {
          output.unicodeScalars.append(scalar)
        } else {
          output += own.joined()
        }
        place += units
      }
      return output
    }
    var hits = 0
    for _ in 0..<3_000 {
      let texts = (0..<1 + random.below(4)).map { _ in text(random.below(8)) }
      let members = texts.enumerated().map { "\"key\($0) \(spelled("Name"))\" : \"\(spelled($1))\"" }
      let document = "{\"n\": [1, {\(members.joined(separator: ", "))}, null, true]}"
      let json = try JSONSerialization.jsonObject(with: Data(document.utf8))
      let needle: String
      if random.chance(70), let from = texts.filter({ !$0.isEmpty }).randomElement(using: &random) {
        let scalars = Array(from.unicodeScalars)
        let start = random.below(scalars.count)
        var part = String.UnicodeScalarView()
        part.append(contentsOf: scalars[start..<min(scalars.count, start + 1 + random.below(4))])
        needle = random.chance(50) ? String(part).uppercased() : String(part)
      } else {
        needle = text(1 + random.below(2))
      }
      let wanted = Array(needle.lowercased().utf8)
      let expected = Self.values(json).contains {
        Array($0.lowercased().utf8).firstRange(of: wanted) != nil
      }
      if expected { hits += 1 }
      #expect(Self.isFound(needle, in: document) == expected, "\(needle) in \(document)")
    }
    #expect(hits > 500)
  }

  @Test func everyCharacterHasTheLowerCaseThatStringHas() {
    for value in UInt32(1)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      var bytes: UInt64 = 0
      for (place, byte) in String(scalar).lowercased().utf8.enumerated() {
        bytes |= UInt64(byte) << UInt64(8 * place)
      }
      if LowerCase.of(scalar) != bytes { Issue.record("U+\(String(value, radix: 16))") }
    }
  }

  @Test func keysDoNotCountNorWhatRunsFromOneValueIntoAnother() {
    let document = #"{"name": "Ana", "tags":["one","two"],"id":15691,"is_on":true,"p":1.5E+3,"none":null}"#
    for text in ["name", "tags", "onetwo", "anaone", "true", "null", "56910"] {
      #expect(!Self.isFound(text, in: document), "\(text)")
    }
    for text in ["ANA", "one", "two", "5691", "1.5e+3"] {
      #expect(Self.isFound(text, in: document), "\(text)")
    }
  }

  @Test func oneSearchServesDocumentsOfAnyLength() {
    var search = TextSearch("needle")
    for length in [10, 100_000, 3, 40_000] {
      let document = Array("{\"a\":\"\(String(repeating: "x", count: length))NEEDLE\"}".utf8)
      let found = document.withUnsafeBufferPointer { search.isFound(in: $0) }
      #expect(found)
    }
  }

  @Test func whatEndsTooEarlyIsReadToItsEnd() {
    let document = Array(#"{"a":"x\u00e7\ud83d\ude00ç😀\"y","b":-1}"#.utf8)
    for length in 0...document.count {
      var search = TextSearch("zzz")
      let found = Array(document.prefix(length)).withUnsafeBufferPointer { search.isFound(in: $0) }
      #expect(!found)
    }
  }
}
