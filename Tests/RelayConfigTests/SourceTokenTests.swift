import RelayCore
import Testing

@testable import RelayConfig

/// `token: learn`.
struct SourceTokenTests {
  private static let path = "/huggy-K3vTz0q8WmNcYb5RdJx1Lp"

  @Test(arguments: ["learn", "\"learn\"", "\"${WORD}\""]) func aTokenMayBeLearned(_ token: String) throws {
    let sources = try configuration(
      of: "sources: { huggy: { path: \(Self.path), token: \(token) } }", environment: ["WORD": "learn"]
    ).sources
    #expect(sources[0].learnsToken && sources[0].tokens.isEmpty)
  }

  @Test func aTokenThatIsGivenIsNotLearned() throws {
    let sources = try configuration(of: "sources: { a: { token: learned }, b: {} }").sources
    #expect(sources.map(\.learnsToken) == [false, false])
  }

  /// Broken by a list that takes it as a token: whoever says `learn` would be believed.
  @Test(arguments: [
    "[learn]", "[t, learn]", "[\"${WORD}\"]", "[{ value: learn, company: a }]",
  ])
  func inAListItIsAnError(_ token: String) {
    let errors = problems(of: "sources: { huggy: { token: \(token) } }", environment: ["WORD": "learn"])
    #expect(errors.count == 1 && errors[0].contains("learn stands alone"), "\(errors)")
  }

  @Test func aPathThatIsEasyToGuessIsWarnedOf() {
    #expect(
      problems(of: "sources: { huggy: { token: learn } }").contains {
        $0.contains("guesses this source's path")
      })
    #expect(
      !problems(of: "sources: { huggy: { path: \(Self.path), token: learn } }").contains {
        $0.contains("guess")
      })
  }
}
