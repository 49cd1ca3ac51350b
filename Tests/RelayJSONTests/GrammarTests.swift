import RelayJSON
import Testing

/// The grammar, rule by rule, in the manner of JSONTestSuite's y_ and n_ files.
@Suite struct GrammarTests {
  static let values: [(String, JSONKind)] = [
    ("null", .null), ("true", .true), ("false", .false),
    ("0", .number), ("-0", .number), ("-0.0", .number), ("10", .number), ("1.25", .number), ("0.1", .number),
    ("1e5", .number), ("1E5", .number), ("1e+5", .number), ("1E-5", .number), ("-1.5e007", .number),
    ("0e1", .number), ("1E400", .number), ("-1e-99999999999", .number),
    ("123456789012345678901234567890", .number), ("0." + String(repeating: "9", count: 5000), .number),
    (#""""#, .string), (#""a""#, .string), (#""\"\\\/\b\f\n\r\t""#, .string), (#""\u0000""#, .string),
    (#""\uD834\udd1e""#, .string), (#""\uD800""#, .string), (#""\uDC00\uD800x""#, .string),
    (#""\uABCD\uabcd""#, .string), ("\"\u{7F}\"", .string), ("\"é€😀\u{10FFFF}\u{FFFF}\u{2028}\"", .string),
    (#""01234567890123456789\\ tail""#, .string), ("\"\u{FEFF}\"", .string),
    ("[]", .array), ("[ ]", .array), ("[1]", .array), ("[1,2]", .array), ("[ 1 , \"a\" , [ ] ]", .array),
    ("[[],[[]],{}]", .array), ("[null, 1, \"1\", {}]", .array), ("[\t\r\n1\r\n]", .array),
    ("{}", .object), ("{ }", .object), (#"{"":0}"#, .object), (#"{"a":1,"a":2}"#, .object),
    (#"{ "a" : { "b" : [ { } ] } , "c" : 1 }"#, .object), (#"{"\u0000":1}"#, .object),
    (#"{"a\"b":"}"}"#, .object),
  ]

  @Test(arguments: values)
  func aValueOfTheGrammarIsAcceptedWhole(text: String, kind: JSONKind) throws {
    for gap in ["", " ", "\n\t\r ", "             "] {
      let document = #"{"time":\#(gap)\#(text)\#(gap)}"#
      let time = try #require(try scan(document).time)
      #expect(time.kind == kind)
      let bytes = Array(document.utf8)
      let range = kind == .string ? time.range.lowerBound - 1..<time.range.upperBound + 1 : time.range
      #expect(String(decoding: bytes[range], as: UTF8.self) == text)
      #expect(time.hasEscapes == (kind == .string && text.contains("\\")))
    }
  }

  @Test(arguments: ["{}", " {}", "{} ", "\n\t\r {\r\n}\t \n", "        {}                 "])
  func whiteSpaceAroundTheDocumentIsFine(document: String) throws {
    #expect(try scan(document).hasMessages == false)
  }

  /// As Windows programs write it. Places count from the document's first byte, the mark's.
  @Test func aByteOrderMarkBeforeTheDocumentIsSkipped() throws {
    #expect(try scan("\u{FEFF}{}").hasMessages == false)
    let bytes = Array("\u{FEFF} {\"messages\":{\"a\":[{\"id\":1}]}}".utf8)
    let envelope = try EnvelopeScanner(fields: FieldTree(paths: [])).scan(bytes)
    #expect(envelope.events.map { String(decoding: bytes[$0.body], as: UTF8.self) } == [#"{"id":1}"#])
  }

  static let refused: [(String, Int, String)] = [
    ("", 0, "the document is empty"), ("  \n", 3, "the document is empty"),
    ("\u{FEFF}", 3, "the document is empty"), ("\u{FEFF}\u{FEFF}{}", 3, "expected a value"),
    (" \u{FEFF}{}", 1, "expected a value"), ("{}\u{FEFF}", 2, "nothing after"),
    ("\u{FEFF}{", 4, "a key in quotes"),
    ("\u{A0}{}", 0, "expected a value"),
    ("{", 1, "expected a key in quotes or '}', found the end"),
    ("[", 1, "expected a value or ']', found the end"),
    ("}", 0, "expected a value"), ("]", 0, "expected a value"), ("{]", 1, "a key in quotes"),
    ("[}", 1, "a value"),
    ("{}}", 2, "nothing after"), ("{}{}", 2, "nothing after"), ("{} x", 3, "nothing after"),
    ("{}\u{0}", 2, "nothing after"), ("{\u{0}}", 1, "a key in quotes"), ("{}//", 2, "nothing after"),
    ("{a:1}", 1, "a key in quotes"), ("{'a':1}", 1, "a key in quotes"), ("{1:1}", 1, "a key in quotes"),
    (#"{"a"}"#, 4, "':' after a key"), (#"{"a" 1}"#, 5, "':' after a key"), (#"{"a"::1}"#, 5, "a value"),
    (#"{"a":}"#, 5, "a value"), (#"{"a":,}"#, 5, "a value"), (#"{"a":1,}"#, 7, "a key in quotes"),
    (#"{,"a":1}"#, 1, "a key in quotes"), (#"{"a":1,,"b":1}"#, 7, "a key in quotes"),
    (#"{"a":1 "b":1}"#, 7, "',' or '}'"), (#"{"a":1 2 3 ::, }"#, 7, "',' or '}'"),
    (#"{"a":1]"#, 6, "',' or '}'"),
    (#"{"a":"b":"c"}"#, 8, "',' or '}'"), (#"{"a":1"#, 6, "found the end"),
    ("[1,]", 3, "a value"), ("[,1]", 1, "a value"), ("[1,,2]", 3, "a value"), ("[1 2]", 3, "',' or ']'"),
    ("[1}", 2, "',' or ']'"), ("[1:2]", 2, "',' or ']'"), ("[1,", 3, "found the end"),
    ("[\u{C}]", 1, "a value"),
    ("nul", 3, "null"), ("nulL", 3, "null"), ("True", 0, "a value"), ("trux", 3, "true"),
    ("fals", 4, "false"),
    ("[truex]", 5, "',' or ']'"), ("NaN", 0, "a value"), ("[Infinity]", 1, "a value"),
    ("[-Infinity]", 2, "a digit"),
    ("[-]", 2, "a digit"), ("[--1]", 2, "a digit"), ("[+1]", 1, "a value"), ("[.5]", 1, "a value"),
    ("[01]", 2, "must not start with 0"), ("[-01]", 3, "must not start with 0"), ("[00]", 2, "start with 0"),
    ("[1.]", 3, "a digit"), ("[1.e1]", 3, "a digit"), ("[-.5]", 2, "a digit"), ("[1e]", 3, "a digit"),
    ("[1e+]", 4, "a digit"), ("[1E-x]", 4, "a digit"), ("[1e1.5]", 4, "',' or ']'"),
    ("[1.5.5]", 4, "',' or ']'"),
    ("[0x1]", 2, "',' or ']'"), ("[1_0]", 2, "',' or ']'"), ("-", 1, "found the end"), ("[１]", 1, "a value"),
    (#"["a"#, 3, "ends inside a string"), (#"["a\"#, 4, "ends inside a string"),
    (#"["a\""#, 5, "ends inside"),
    (#"["\u00"#, 6, "ends inside a string"), (#"["\x"]"#, 3, "unknown escape"),
    (#"["\'"]"#, 3, "unknown escape"),
    (#"["\U0041"]"#, 3, "unknown escape"), (#"["\u00g0"]"#, 6, "four hexadecimal digits"),
    (#"["\u"]"#, 4, "four hexadecimal digits"), (#"["\u 041"]"#, 4, "four hexadecimal digits"),
    ("[\"a\nb\"]", 3, "control character"), ("[\"\u{0}\"]", 2, "control character"),
    ("[\"\t\"]", 2, "control character"), ("[\"0123456789\u{1F}\"]", 12, "control character"),
    (#"[{"a":}"#, 6, "expected a value"), ("{\"a\n\":1}", 3, "control character"), ("['a']", 1, "a value"),
  ]

  @Test(arguments: refused)
  func aBreachOfTheGrammarIsRefusedWhereItStands(document: String, offset: Int, message: String) throws {
    let error = try #require(scanError(document))
    #expect(error.code == .invalidJSON)
    #expect(error.offset == offset)
    #expect(error.message.contains(message), "\(error.message)")
  }

  @Test(arguments: refused)
  func aBreachInWhatIsOfNoInterestIsRefusedToo(document: String, offset: Int, message: String) throws {
    let before = #"{"messages":{"t":[{"ignored":"#
    let isEmpty = document.allSatisfy(\.isWhitespace)
    let error = try #require(scanError(before + (isEmpty ? "}" : document) + "}]}}"))
    #expect(error.code == .invalidJSON)
  }

  @Test func bareControlCharactersAreRefusedAtEveryPlaceOfAWord() {
    for byte in UInt8(0)..<0x20 {
      for place in 0..<17 {
        var text = [UInt8](repeating: UInt8(ascii: "a"), count: 17)
        text[place] = byte
        let document = Array(#"{"k":""#.utf8) + text + Array(#""}"#.utf8)
        #expect(scanError(document)?.offset == 6 + place)
      }
    }
  }

  @Test(arguments: ["null", "1", #""a""#, "[]", "[{}]", " true "])
  func aDocumentThatIsNoObjectIsToldFromBadGrammar(document: String) throws {
    let error = try #require(scanError(document))
    #expect(error.code == .notAnObject)
    #expect(error.offset == document.prefix { $0 == " " }.count)
  }

  @Test func nestingOf1024IsAcceptedAndOf1025Refused() throws {
    for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
      let inner = open == "[" ? "" : "1"
      func document(depth: Int) -> String {
        #"{"k":"# + String(repeating: open, count: depth - 1) + inner
          + String(repeating: close, count: depth - 1)
          + "}"
      }
      #expect(try scan(document(depth: 1024)).events.isEmpty)
      let error = try #require(scanError(document(depth: 1025)))
      #expect(error.code == .invalidJSON && error.message == "nesting deeper than 1024")
      #expect(error.offset == 5 + 1023 * open.utf8.count)
    }
  }

  @Test func aMillionOpenBracketsAreRefusedEarly() {
    #expect(scanError([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000))?.offset == 1024)
  }

  @Test func anEmptyBufferIsRefused() {
    let scanner = EnvelopeScanner(fields: FieldTree(paths: []))
    #expect(throws: ScanError.self) { try scanner.scan(UnsafeBufferPointer(start: nil, count: 0)) }
  }
}
