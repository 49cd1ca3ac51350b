import RelayCore
import RelayCurl
import Testing

@testable import RelayTools

@Suite struct HandshakeTests {
  private func refusal(_ status: Int, _ body: String) -> String? {
    let response = BlockingResponse(status: status, body: Array(body.utf8), duration: .zero)
    return if case .refused(let reason) = Handshake.verdict(on: response, token: "s3cret") { reason } else {
      nil
    }
  }

  @Test func onlyTheTokenByteForByteWillDo() {
    #expect(refusal(200, "s3cret") == nil)
    #expect(refusal(201, "s3cret") == nil)
    #expect(refusal(200, "\"s3cret\"") != nil)
    #expect(refusal(200, "") != nil)
    #expect(refusal(401, "s3cret") != nil)
  }

  @Test func aRefusalSaysWhatCameWithoutTheToken() {
    #expect(
      refusal(200, "s3cret\n")?.contains(#"200 with "[token]\n"; expected was exactly the token"#) == true)
    #expect(refusal(200, "a s3cret s3cret")?.contains("s3cret") == false)
  }

  @Test(arguments: [
    (401, "the source's `token`"), (404, "`path`"), (405, "no POST"), (503, "can't take envelopes"),
  ])
  func aRefusalSaysWhatToCheck(status: Int, advice: String) {
    #expect(refusal(status, "")?.contains(advice) == true)
  }

  @Test func noAnswerNamesTheFailure() {
    let failure = TransportFailure(kind: .connectionRefused, message: "port 1")
    #expect(Handshake.verdict(on: failure).description.contains("connection refused: port 1"))
  }

  @Test func theTokenIsEscaped() {
    #expect(Handshake.body(token: #"a"b"#) == Array(#"{"token":"a\"b","validToken":true}"#.utf8))
  }

  @Test func aMadeUpTokenLooksLikeHuggys() {
    let token = SimulatorSettings(url: "", seed: 1).effectiveToken
    #expect(token.count == 32 && token.allSatisfy(\.isHexDigit))
    #expect(token == SimulatorSettings(url: "", seed: 1).effectiveToken)
  }
}
