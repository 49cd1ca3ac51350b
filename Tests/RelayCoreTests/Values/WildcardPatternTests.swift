import RelayTestSupport
import RelayCore
import RelayText
import Testing

@Suite struct WildcardPatternTests {
  @Test func itAgreesWithTheDefinition() throws {
    var random = SplitMix64(seed: 11)
    let patternLetters = ["a", "A", "b", "é", "e\u{301}", "😀", "*", "*", "?", "[", "]", "[*]", "[?]", "[[]"]
    let textLetters = ["a", "a", "A", "b", "é", "É", "e\u{301}", "😀", "*", "?", "[", "]"]
    var matched = 0
    for _ in 0..<6_000 {
      let pattern = (0..<random.below(7)).map { _ in random.pick(patternLetters) }.joined()
      let text = (0..<random.below(7)).map { _ in random.pick(textLetters) }.joined()
      let ignoringCase = random.chance(50)
      let expected = ReferenceMatcher.matches(pattern, text, ignoringCase: ignoringCase)
      let actual = WildcardPattern(pattern, ignoringCase: ignoringCase).matches(text)
      try #require(actual == expected, "\(pattern) against \(text), \(ignoringCase)")
      if expected { matched += 1 }
    }
    #expect(matched > 200)
  }

  @Test func aPatternWithoutWildcardsIsALiteral() {
    #expect(WildcardPattern("Abc").literal == "Abc")
    #expect(WildcardPattern("Abc", ignoringCase: true).literal == "abc")
    #expect(WildcardPattern("a[*]b[[]").literal == "a*b[")
    #expect(WildcardPattern("").literal == "")
    #expect(WildcardPattern("a*").literal == nil)
    #expect(WildcardPattern("?").literal == nil)
  }

  @Test func onlyStarsMatchEverything() {
    #expect(WildcardPattern("*").matchesEverything)
    #expect(WildcardPattern("**").matchesEverything)
    for pattern in ["", "?", "*a", "*?", "[*]"] { #expect(!WildcardPattern(pattern).matchesEverything) }
  }

  @Test func itReadsAsItWasWritten() {
    #expect("\(WildcardPattern("A[*]*?", ignoringCase: true))" == "A[*]*?")
  }

  /// The definition's matcher would need longer than the universe has.
  @Test func manyStarsCostNoMoreThanTextTimesPattern() {
    let pattern = WildcardPattern(String(repeating: "a*", count: 40) + "b")
    #expect(!pattern.matches(String(repeating: "a", count: 2_000)))
  }

  @Test func lowerCaseIsForASCIILettersOnly() {
    #expect("@AZ[`az{ÉK".asciiLowercased == "@az[`az{Ék")
    #expect("é1".asciiLowercased == "é1")
  }
}
