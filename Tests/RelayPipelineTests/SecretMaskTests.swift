import RelayCore
import Testing

@testable import RelayPipeline

@Suite struct SecretMaskTests {
  private func masked(_ body: String, upTo limit: Int = 4_096, secrets: [String] = []) -> String {
    let mask = SecretMask(secrets.map { Secret($0) })
    let excerpt = mask.excerpt(of: Array(body.utf8), upTo: limit)
    return String(decoding: mask.masked(excerpt, upTo: limit), as: UTF8.self)
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

  private static let signature = "kQ3_x-0123456789abcdefghijklmnopqrstuvwxyzA"

  /// As receivers may repeat it: in JSON, in an address within an address, in a page.
  @Test(arguments: [
    ("signature=", ""), (#"{"url":"http:\/\/r\/files?until=1&signature="#, #""}"#),
    ("u=%3Fsignature%3D", "&x=1"),
    ("signature%253D", " "), (#"signature\u003d"#, #"\u0026"#), ("until=1&amp;signature&#61;", "\">"),
    ("&signature&#x3D;", "<"), ("&signature&equals;", "."),
  ]) func theSignaturesOfLinksToFilesAreMaskedInWhateverSpelling(head: String, tail: String) {
    let masked = masked("a \(head)\(Self.signature)\(tail) b")
    #expect(!masked.contains("kQ3_") && !masked.contains("xyzA"), "\(masked)")
    #expect(
      masked.hasPrefix("a ") && masked.hasSuffix("\(tail) b") && masked.contains("[secret]"), "\(masked)")
  }

  @Test func aSignatureThatTheEndCutsIsMaskedToo() {
    for count in 1..<Self.signature.count {
      #expect(masked("x signature=\(Self.signature.prefix(count))") == "x signature=[secret]")
    }
    for limit in 12..<60 {
      let shown = masked("x signature=\(Self.signature)&more", upTo: limit)
      #expect(!shown.contains("kQ"), "\(limit)")
    }
  }

  @Test(arguments: [
    "webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    "signatures of people who agreed to it all",
    #"{"signature":"none","x":"0123456789012345678901234567890123456789012345"}"#, "signature=short&x=1",
    "signature",
    "signature ",
  ]) func whatIsNoLinksSignatureStays(text: String) {
    #expect(masked(text) == text)
  }

  @Test func theSourcesTokensAreMaskedWhereverTheyStand() {
    #expect(masked("x=s3cret&y=s3cret2", secrets: ["s3cret"]) == "x=[secret]&y=[secret]2")
    #expect(masked("nothing", secrets: [""]) == "nothing")
  }

  @Test func aTokenThatTheLimitCutsIsMaskedAllTheSame() {
    #expect(!masked("aaaas3cret", upTo: 7, secrets: ["s3cret"]).contains("s3"))
    #expect(masked("aaaas3cret", upTo: 7, secrets: ["s3cret"]).utf8.count == 7)
  }

  /// Behind a value that was masked there may be room for what lies behind the limit, and that may end within a secret.
  @Test func whatTheExcerptCutsIsNotShownWhereAMaskHasMadeRoom() {
    let body = #"{"token":"\#(String(repeating: "x", count: 80))","n":"aaaas3cret"}"#
    for limit in 90..<110 {
      #expect(!masked(body, upTo: limit, secrets: ["s3cret"]).contains("s3"), "\(limit)")
    }
  }

  @Test func amongThreeHundredTokensTheRightOneIsFound() {
    let secrets = (0..<300).map { "\(Character(UnicodeScalar(UInt8(97 + $0 % 26))))-token-\($0)-" }
    for secret in secrets { #expect(masked("x=\(secret)&", secrets: secrets) == "x=[secret]&") }
  }

  @Test func noMoreThanTheLimitIsKept() {
    let excerpt = SecretMask([Secret("s3cret")]).excerpt(
      of: [UInt8](repeating: 0x78, count: 10_000), upTo: 4_096)
    #expect(excerpt.count < 4_200)
    #expect(masked(String(repeating: "x", count: 10_000)).utf8.count == 4_096)
  }

  @Test func whatBeginsASecretAtTheCutEndOfAnAnswerGoesToo() {
    let mask = SecretMask([Secret("abcdef"), Secret("cd-1234567")])
    func kept(_ end: String, ofBytes count: Int) -> String {
      let body = [UInt8](repeating: UInt8(ascii: "x"), count: count - end.utf8.count) + Array(end.utf8)
      guard case .status(_, let kept, _) = mask.masked(.status(500, body: body, retryAfter: nil)) else {
        return ""
      }
      return String(decoding: kept.drop { $0 == UInt8(ascii: "x") }, as: UTF8.self)
    }
    #expect(kept("abcd", ofBytes: AttemptResult.keptAnswerBytes) == "")
    #expect(kept("cd-12", ofBytes: AttemptResult.keptAnswerBytes) == "")
    #expect(kept("bcd?", ofBytes: AttemptResult.keptAnswerBytes) == "bcd?")
    #expect(kept("abcd", ofBytes: 100) == "abcd", "it was not cut")
  }

  @Test func whatSucceededIsLeftAsItIs() {
    let answer = AttemptResult.Response.status(200, body: Array("abcdef".utf8), retryAfter: nil)
    #expect(SecretMask([Secret("abcdef")]).masked(answer) == answer)
  }

  /// - Parameter token: As JSON has it.
  private func hidden(_ token: String, in answer: String, _ status: Int = 422) -> String {
    var attempt = AttemptResult(
      startedAt: .epoch, duration: .zero, response: .status(status, body: Array(answer.utf8), retryAfter: nil)
    )
    attempt.evidence = AttemptEvidence()
    attempt.evidence?.answerHeaders = Array("x-was: abcdefgh1".utf8)
    let hidden = SecretMask.hiding(Array(token.utf8), in: attempt)
    guard case .status(_, let body, _) = hidden.response else { return "" }
    let headers = String(decoding: hidden.evidence?.answerHeaders ?? [], as: UTF8.self)
    return "\(String(decoding: body, as: UTF8.self)); \(headers)"
  }

  @Test func theTokenThatWasSentGoesFromWhatWasAnsweredHoweverItIsSpelled() {
    #expect(hidden(#""abcdefgh1""#, in: "x=abcdefgh1&") == "x=[secret]&; x-was: [secret]")
    #expect(
      hidden(#""ab\/defgh\u00e9""#, in: #"{"a":"ab\/defgh\u00e9","b":"ab/defghé"}"#)
        == #"{"a":"[secret]","b":"[secret]"}; x-was: abcdefgh1"#)
    #expect(
      hidden(##""\u0061bcdefgh1""##, in: ##"\u0061bcdefgh1 abcdefgh1"##)
        == "[secret] [secret]; x-was: [secret]", "as it came, however needlessly")
    #expect(hidden("123456789", in: "123456789") == "[secret]; x-was: abcdefgh1", "it may be a number")
    #expect(hidden(#""abc""#, in: "abcabc") == "abcabc; x-was: abcdefgh1", "too short for a secret")
    #expect(
      hidden(#""abcdefgh1""#, in: "abcdefgh1", 200).hasPrefix("abcdefgh1"), "of a success nothing is kept")
  }

  @Test func aSecretGoesAlsoAsOthersSpellItInJSON() {
    #expect(masked(#"{"k":"ab\/cd\u00e9X"}"#, secrets: ["ab/cd\u{E9}X"]) == #"{"k":"[secret]"}"#)
  }

  /// What senders and destinations may repeat. A short header is in many a word.
  @Test func whateverIsASecretOfTheConfigurationIsMasked() {
    let configuration = Configuration.middle {
      $0.server.adminToken = Secret("the-admins-own")
      $0.server.adminTokens = [AdminToken(name: "ana", value: Secret("anas-own"), role: .viewer)]
      $0.destination("crm") {
        $0.authorization = .basic(username: "relay", password: Secret("pass-word"))
        $0.headers = [
          .init(name: "x-key", value: Secret("0123456789abcdef")),
          .init(name: "x-team", value: Secret("blue")),
        ]
      }
      $0.destination("bi") { $0.authorization = .bearer(Secret("bearers-own")) }
    }
    let told = [
      "s3cret-token", "the-admins-own", "anas-own", "0123456789abcdef", "pass-word", "bearers-own",
      "cmVsYXk6cGFzcy13b3Jk",
    ]
    let mask = SecretMask(configuration.toldSecrets)
    for secret in told { #expect(mask.masked("x=\(secret)&") == "x=[secret]&") }
    #expect(mask.masked("relay of the blue team") == "relay of the blue team")
  }

  /// What a destination was called by, it may repeat: as it was written, as it is meant, and as it was sent.
  @Test func whatStandsInAnAddressIsMasked() {
    let url =
      "https://user:p%40ss-word@crm.example/hooks/T0123456789abcdefghij/x?key=0123456789&v=2&just-a-token#f"
    let mask = SecretMask(
      Configuration.middle { $0.destination("crm") { $0.url = Secret(url) } }.toldSecrets)
    for secret in [
      "p%40ss-word", "p@ss-word", "dXNlcjpwQHNzLXdvcmQ=", "T0123456789abcdefghij", "0123456789",
      "just-a-token",
    ] {
      #expect(mask.masked("x=\(secret)&") == "x=[secret]&", "\(secret)")
    }
    #expect(mask.masked("Cannot POST /hooks/x?v=2") == "Cannot POST /hooks/x?v=2")
    for plain in ["http://crm.example", "http://crm.example/hooks", "nothing"] {
      #expect(URLMask.secrets(of: plain) == [])
    }
  }

  @Test func aPathIsMaskedToo() {
    #expect(SecretMask([Secret("s3cret")]).masked("/huggy/s3cret/") == "/huggy/[secret]/")
  }
}
