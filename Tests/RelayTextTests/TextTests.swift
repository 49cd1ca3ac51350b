import RelayText
import Testing

@Suite struct PercentCodingTests {
  @Test(arguments: [
    ("", ""), ("plain", "plain"), ("%41%2f", "A/"), ("a%20b", "a b"), ("%c3%A9", "é"), ("%", "%"),
    ("%4", "%4"),
    ("%zz%41", "%zzA"), ("100%", "100%"), ("%25%34%31", "%41"), ("%ff", "\u{FFFD}"),
  ])
  func whatIsEncodedIsDecodedOnceAndTheRestStays(encoded: String, decoded: String) {
    #expect(encoded.percentDecoded == decoded)
  }

  @Test(arguments: [("aZ09-._~", "aZ09-._~"), ("a b/c", "a%20b%2Fc"), ("é%", "%C3%A9%25")])
  func anythingButUnreservedCharactersIsEncoded(text: String, encoded: String) {
    #expect(text.percentEncoded == encoded)
    #expect(encoded.percentDecoded == text)
  }
}

@Suite struct CountTests {
  @Test(arguments: [
    (0, "0 deliveries"), (1, "1 delivery"), (2, "2 deliveries"), (-1, "-1 deliveries"),
    (1_204_332, "1,204,332 deliveries"),
  ])
  func aCountHasItsNounInTheRightNumber(count: Int, text: String) {
    #expect(count.counted("delivery", "deliveries") == text)
  }
}

@Suite struct ASCIICaseTests {
  @Test func onlyLettersOfASCIIAreFolded() {
    #expect("@AZ[`az{ÉK".asciiLowercased == "@az[`az{Ék")
    #expect("ClosedChat".equalsIgnoringASCIICase("closedcHAT"))
    #expect(!"É".equalsIgnoringASCIICase("é"))
    #expect(!"abc".equalsIgnoringASCIICase("abcd"))
    #expect(!"[".equalsIgnoringASCIICase("{"))
  }
}

@Suite struct TerminalTextTests {
  @Test func nothingMovesTheCursorOrReordersText() {
    #expect("a\u{1B}[31mb\nc\u{202E}d\u{85}".forTerminal() == "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d\u{FFFD}")
    #expect("Olá 👋🏽".forTerminal() == "Olá 👋🏽")
  }

  @Test func linesStayLinesAndAreHarmlessEach() {
    #expect("a\r\n\nb\u{1B}[1m\n".linesForTerminal(maxCharacters: 9) == ["a", "", "b\u{FFFD}[1m"])
    #expect("".linesForTerminal(maxCharacters: 9).isEmpty)
  }

  @Test func whatIsTooLongIsCutOffAndSaysSo() {
    #expect("abcdef".forTerminal(maxCharacters: 6) == "abcdef")
    #expect("abcdefg".forTerminal(maxCharacters: 6) == "abcde…")
    #expect(String(repeating: "x", count: 61).printable == String(repeating: "x", count: 60) + "…")
  }

  @Test func controlCharactersAreSpelledOut() {
    #expect("a\u{7}b\u{9F}".printable == "a\\u{7}b\\u{9f}")
  }
}

@Suite struct DurationTextTests {
  @Test(arguments: [
    ("0s", Duration.zero), ("250ms", .milliseconds(250)), ("5s", .seconds(5)), ("10m", .seconds(600)),
    ("24h", .seconds(86_400)), ("7d", .seconds(604_800)), ("007s", .seconds(7)),
  ])
  func aWholeNumberAndItsUnitAreADuration(text: String, duration: Duration) {
    #expect(Duration(text: text) == duration)
  }

  @Test(arguments: ["", "5", "s", "5 s", "-5s", "+5s", "1.5s", "5S", "5sec", "٥s", "5w", "5s "])
  func anythingElseIsNone(text: String) {
    #expect(Duration(text: text) == nil)
  }

  @Test(arguments: ["99999999999999999999s", "9223372036854775807d", "106751991168d"])
  func whatDoesNotFitIsLongerThanTheLongest(text: String) throws {
    #expect(try #require(Duration(text: text)) > .longestText)
  }

  @Test(arguments: [
    (Duration.zero, "0s"), (.milliseconds(1_500), "1500ms"), (.seconds(90), "90s"), (.seconds(3_600), "1h"),
    (.longestText, "3650d"), (.microseconds(1), "1ms"),
  ])
  func itIsWrittenInTheLargestUnitThatGivesAWholeNumber(duration: Duration, text: String) {
    #expect(duration.text == text)
  }
}

@Suite struct NearestNameTests {
  @Test func aNameThatIsNearIsAskedForElseWhatThereIs() {
    #expect(NearestName.hint(for: "crn", among: ["crm", "bi"]) == "; did you mean 'crm'?")
    #expect(NearestName.hint(for: "warehouse", among: ["crm", "bi"]) == "; there are: crm, bi")
    #expect(NearestName.hint(for: "x", among: []) == "; there are none here")
    #expect(NearestName.hint(for: "warehouse", among: ["crm"], called: "sources") == "; the sources are: crm")
    #expect(NearestName.hint(for: "x", among: [], called: "sources") == "; there are no sources")
    let many = (10...40).map { "destination-number-\($0)" }
    #expect(NearestName.hint(for: "x", among: many, called: "sources").hasSuffix("-29, …"))
  }

  @Test(arguments: [
    ("ab", "ab", 0), ("ab", "ba", 1), ("abc", "ac", 1), ("", "abc", 3), ("kitten", "sitting", 3),
  ])
  func editsAreInsertionsDeletionsReplacementsAndSwaps(a: String, b: String, edits: Int) {
    #expect(NearestName.edits(from: Array(a.utf8), to: Array(b.utf8)) == edits)
    #expect(NearestName.edits(from: Array(b.utf8), to: Array(a.utf8)) == edits)
  }
}
