import NIOCore
import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct StateMachineRequestTests {
  let connection = MachineFixture()

  @Test func aPostIsReadHandedOverAnsweredAndFollowedByTheNext() {
    #expect(connection.begin(.post()) == .startBody(limitBytes: 2, sendContinue: false))
    #expect(connection.body(bytes: 2) == .appendBody)
    #expect(connection.end() == .handOver)
    let reply = IngestReply(status: 200, body: [])
    #expect(
      connection.replied(reply)
        == .answer(Answer(reply: reply, persistence: .keepAlive)))
    #expect(connection.flushed() == .proceed)
    #expect(connection.state == .idle)
  }

  @Test func putIsTakenLikePost() {
    var put = IncomingRequest.post()
    put.method = .put
    #expect(connection.begin(put) == .startBody(limitBytes: 2, sendContinue: false))
  }

  @Test func whatFollowsARequestIsHeldUntilItsAnswerHasLeft() {
    _ = connection.begin(.post())
    _ = connection.end()
    #expect(connection.input(bytes: 1) == .hold)
    _ = connection.replied()
    #expect(connection.input(bytes: 1) == .hold)
    _ = connection.flushed()
    #expect(connection.input(bytes: 1) == .decode)
  }

  @Test func aClientThatAsksForTheEndGetsIt() {
    var request = IncomingRequest.post()
    request.keepAlive = false
    _ = connection.begin(request)
    _ = connection.end()
    let answer = connection.replied().answer
    #expect(answer?.persistence == .close)
    #expect(connection.flushed() == .close)
  }

  @Test func anHTTP10ClientThatMayStayIsToldSo() {
    var request = IncomingRequest.post()
    request.isHTTP10 = true
    _ = connection.begin(request)
    _ = connection.end()
    #expect(
      connection.replied().answer?.persistence == .keepAliveHTTP10)
  }

  @Test func aClientThatWaitsIsToldToContinue() {
    var request = IncomingRequest.post()
    request.expectation = .continue
    #expect(connection.begin(request) == .startBody(limitBytes: 2, sendContinue: true))
  }

  @Test func nobodyIsToldToContinueWithoutABody() {
    var request = IncomingRequest.post(.known(0))
    request.expectation = .continue
    #expect(connection.begin(request) == .startBody(limitBytes: 0, sendContinue: false))
  }

  @Test func aChunkedBodyMayComeToTheLimitAndNoFurther() {
    #expect(connection.begin(.post(.chunked)) == .startBody(limitBytes: 5 << 20, sendContinue: false))
    #expect(connection.body(bytes: 5 << 20) == .appendBody)
    #expect(connection.body(bytes: 1).answer?.reply.status == 413)
    #expect(connection.state == .flushing(then: .linger))
  }

  @Test func aCodedBodyMayBecomeAsLargeAsAnyOther() {
    var request = IncomingRequest.post(.known(10))
    request.coding = .gzip
    #expect(connection.begin(request) == .startBody(limitBytes: 5 << 20, sendContinue: false))
  }

  @Test func aConnectionIsIdleBetweenItsRequests() {
    let start = connection.now
    #expect(connection.idleSince == start)
    connection.pass(.seconds(5))
    _ = connection.begin(.post())
    #expect(connection.idleSince == nil)
    _ = connection.end()
    _ = connection.replied()
    #expect(connection.idleSince == nil)
    _ = connection.flushed()
    #expect(connection.idleSince == start + .seconds(5))
    _ = connection.close()
    #expect(connection.idleSince == nil)
  }

  @Test func aHealthCheckIsAnsweredAtItsEnd() {
    #expect(connection.begin(IncomingRequest(target: .health, method: .get)) == .none)
    #expect(
      connection.end()
        == .answer(Answer(reply: .healthy, persistence: .keepAlive)))
  }

  @Test func anAnswerToHeadHasNoBody() {
    _ = connection.begin(IncomingRequest(target: .health, method: .head))
    #expect(connection.end().answer?.omitsBody == true)
  }

  @Test func aReplyThatComesTooLateIsDropped() {
    _ = connection.begin(.post())
    _ = connection.end()
    #expect(connection.close() == .close)
    #expect(connection.replied() == .none)
  }

  @Test func aClientThatEndsMidRequestIsClosedAtOnce() {
    _ = connection.begin(.post())
    #expect(connection.inputEnded() == .close)
    #expect(connection.end() == .none)
  }

  @Test func aClientThatEndsBehindItsRequestWaitsForItsAnswer() {
    _ = connection.begin(.post())
    _ = connection.end()
    #expect(connection.inputEnded() == .none)
    #expect(connection.replied().answer != nil)
    #expect(connection.flushed() == .proceed)
    #expect(connection.inputEnded() == .close)
  }
}
