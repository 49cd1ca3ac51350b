import Testing

@testable import RelayCurl

@Suite struct AnswerProgressTests {
  @Test func theFinalHeaderIsTheFirstThatIsNotInterim() {
    var answer = AnswerProgress()
    let interim = answer.endOfHeader(bytes: 2, status: 103)
    #expect(interim && !answer.isFinal)
    let final = answer.endOfHeader(bytes: 2, status: 200)
    #expect(final && answer.isFinal)
  }

  @Test(arguments: [200, 404, 599, 600, 999])
  func everyStatusFromTwoHundredIsFinal(_ status: Int) {
    var answer = AnswerProgress()
    let goesOn = answer.endOfHeader(bytes: 2, status: status)
    #expect(goesOn && answer.isFinal && answer.refusal == nil)
  }

  @Test func aSwitchOfProtocolsIsRefused() {
    var answer = AnswerProgress()
    let goesOn = answer.endOfHeader(bytes: 2, status: 101)
    #expect(!goesOn && !answer.isFinal && answer.refusal == .switchedProtocols)
  }

  @Test func headersOfInterimAnswersCountTogether() {
    var answer = AnswerProgress()
    let half = AnswerProgress.maxHeaderBytes / 2 - 2
    let first = answer.line(bytes: half) && answer.endOfHeader(bytes: 2, status: 103)
    let second = answer.line(bytes: half)
    #expect(first && second)
    let end = answer.endOfHeader(bytes: 3, status: 200)
    #expect(!end && answer.refusal == .headerTooLong && !answer.isFinal)
  }

  @Test func dataAndTrailersCountTogetherOnceTheHeaderHasEnded() {
    var answer = AnswerProgress()
    _ = answer.line(bytes: 1_000)
    _ = answer.endOfHeader(bytes: 2, status: 200)
    let data = answer.rest(bytes: AnswerProgress.maxRestBytes - 10)
    let trailer = answer.line(bytes: 8)
    let end = answer.endOfHeader(bytes: 2, status: 200)
    #expect(data && trailer && end && answer.restBytes == AnswerProgress.maxRestBytes)
    let more = answer.rest(bytes: 1)
    #expect(!more && answer.isFinal && answer.refusal == nil)
  }
}
