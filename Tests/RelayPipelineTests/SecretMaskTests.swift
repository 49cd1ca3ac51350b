import RelayCore
import Testing

@testable import RelayPipeline

@Suite struct SecretMaskTests {
  private func masked(_ body: String, upTo limit: Int = 4_096, secrets: [String] = []) -> String {
    String(
      decoding: SecretMask.mask(Array(body.utf8), upTo: limit, secrets: secrets.map { Secret($0) }),
      as: UTF8.self)
  }

  @Test(arguments: [
    (#"{"token":"abc","messages":{}}"#, #"{"token":[secret],"messages":{}}"#),
    (#"{"token" : "a\"b" ,"x":1}"#, #"{"token" : [secret] ,"x":1}"#),
    (#"{"token":12345}"#, #"{"token":[secret]}"#),
    (#"{"messages":{"token":"abc"}}"#, #"{"messages":{"token":[secret]}}"#),
    (#"{"token":"never ends"#, #"{"token":[secret]"#),
    (#"{"token":"ends in \"#, #"{"token":[secret]"#),
    (#"{"a":"token","b":1}"#, #"{"a":"token","b":1}"#),
    (#"no JSON at all"#, #"no JSON at all"#),
  ]) func whatStandsAfterTheKeyTokenIsMasked(body: String, expected: String) {
    #expect(masked(body) == expected)
  }

  @Test func theSourcesTokensAreMaskedWhereverTheyStand() {
    #expect(masked("x=s3cret&y=s3cret2", secrets: ["s3cret"]) == "x=[secret]&y=[secret]2")
    #expect(masked("nothing", secrets: [""]) == "nothing")
  }

  @Test func aTokenThatTheLimitCutsIsMaskedAllTheSame() {
    #expect(!masked("aaaas3cret", upTo: 7, secrets: ["s3cret"]).contains("s3"))
    #expect(masked("aaaas3cret", upTo: 7, secrets: ["s3cret"]).utf8.count == 7)
  }

  @Test func noMoreThanTheLimitIsKept() {
    #expect(masked(String(repeating: "x", count: 10_000)).utf8.count == 4_096)
  }
}
