import CCurl
import Testing

@testable import RelayCurl

@Suite struct RepetitionTests {
  /// On a connection that had served before, with nothing of an answer.
  private func ending(
    _ code: CURLcode, _ change: (inout Repetition.Ending) -> Void = { _ in }
  ) -> Repetition.Ending {
    var ending = Repetition.Ending(
      code: code, isReused: true, hasAnswer: false, isRepeated: false, sharesConnection: false,
      wasRetryRefused: false)
    change(&ending)
    return ending
  }

  @Test(arguments: [CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR])
  func whatDiesOnAKeptConnectionIsSentOnAFreshOne(_ code: CURLcode) {
    #expect(Repetition(after: ending(code)) == .onFreshConnection)
    #expect(Repetition(after: ending(code) { $0.sharesConnection = true }) == .inNextPool)
  }

  @Test(arguments: [CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR])
  func whatDiesOnAFreshConnectionHasFailed(_ code: CURLcode) {
    #expect(Repetition(after: ending(code) { $0.isReused = false }) == nil)
  }

  @Test(arguments: [CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_PARTIAL_FILE])
  func whatDiesWithASharedConnectionGoesToTheNextOne(_ code: CURLcode) {
    let first = ending(code) { ($0.sharesConnection, $0.isReused) = (true, false) }
    #expect(Repetition(after: first) == .inNextPool)
  }

  @Test func aStreamThatIsResetAloneHasFailed() {
    #expect(Repetition(after: ending(CURLE_HTTP2_STREAM) { $0.sharesConnection = true }) == nil)
  }

  /// Its errors are those of our refusal.
  @Test(arguments: [CURLE_COULDNT_CONNECT, CURLE_ABORTED_BY_CALLBACK])
  func whatLibcurlWouldHaveRepeatedIsRepeated(_ code: CURLcode) {
    #expect(Repetition(after: ending(code) { $0.wasRetryRefused = true }) == .onFreshConnection)
    #expect(Repetition(after: ending(code)) == nil)
  }

  @Test func nothingIsRepeatedTwiceOrAfterTheFirstByteOfAnAnswer() {
    for isShared in [false, true] {
      for code in [
        CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2_STREAM,
      ] {
        let ending = ending(code) { $0.sharesConnection = isShared }
        var (again, answered) = (ending, ending)
        again.isRepeated = true
        answered.hasAnswer = true
        #expect(Repetition(after: again) == nil)
        #expect(Repetition(after: answered) == nil)
      }
    }
  }

  @Test(arguments: [CURLE_OPERATION_TIMEDOUT, CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE, CURLE_OK])
  func otherEndingsAreNoReasonToRepeat(_ code: CURLcode) {
    #expect(Repetition(after: ending(code)) == nil)
  }
}
