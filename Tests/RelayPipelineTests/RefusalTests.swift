@testable import RelayPipeline
import Testing

@Suite struct RefusalTests {
  @Test func theReplyHasTheReasonAsItsCodeAndTheReasonsStatus() {
    for reason in RefusalReason.allCases {
      let reply = Refusal(reason, "why").reply
      #expect(reply.status == reason.status)
      #expect(
        String(decoding: reply.body, as: UTF8.self)
          == #"{"error":{"code":"\#(reason.rawValue)","message":"why"}}"#)
    }
  }

  @Test func theReplySaysWhereTheBodyIsWrong() {
    let reply = Refusal(.invalidJSON, "an \"end\"", offset: 12).reply
    #expect(
      String(decoding: reply.body, as: UTF8.self)
        == #"{"error":{"code":"invalid_json","message":"an \"end\"","offset":12}}"#)
  }

  @Test func whatIsForTheOperatorIsNotToldTheSender() {
    let refusal = Refusal(.unavailable, "send it again", explanation: "the disk is full: /var/lib/relay.db")
    #expect(!String(decoding: refusal.reply.body, as: UTF8.self).contains("/var/lib"))
    #expect(refusal.logFields["reason"] == "the disk is full: /var/lib/relay.db")
    #expect(refusal.logFields["status"]?.description == "503")
  }

  @Test func onlyWhatSaysSomethingOfAnEnvelopeCountsAsOne() {
    let outcomes = RefusalReason.allCases.map { ($0, $0.outcome) }
    #expect(outcomes.filter { $0.1 == .unauthorized }.map(\.0) == [.invalidToken, .missingToken])
    #expect(outcomes.filter { $0.1 == .forbidden }.map(\.0) == [.forbiddenAddress])
    #expect(outcomes.filter { $0.1 == .rateLimited }.map(\.0) == [.rateLimited])
    #expect(outcomes.filter { $0.1 == .tooLarge }.map(\.0) == [.tooLarge])
    #expect(
      outcomes.filter { $0.1 == .unavailable }.map(\.0) == [.tooManyBytes, .tooManyConnections, .unavailable])
    #expect(
      outcomes.filter { $0.1 == nil }.map(\.0)
        == [
          .expectationFailed, .headersTooLarge, .methodNotAllowed, .notFound, .timeout, .tlsFailed,
          .tooManyConnectionsOfPeer,
        ])
  }
}
