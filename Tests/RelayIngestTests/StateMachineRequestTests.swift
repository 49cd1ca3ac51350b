import NIOCore
import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct StateMachineRequestTests {
  let connection = MachineFixture()

  @Test func aPostIsReadHandedOverAnsweredAndFollowedByTheNext() {
    #expect(connection.begin(.post()) == .startBody(limitBytes: 2, coding: .identity, sendContinue: false))
    #expect(connection.body(bytes: 2) == .appendBody(bytes: 2))
    #expect(connection.end() == .handOver)
    let reply = IngestReply(status: 200, body: [])
    #expect(
      connection.replied(reply)
        == .send(ReplyMessage(content: .reply(reply), persistence: .keepAlive), wakeAt: nil))
    #expect(connection.flushed() == .proceed)
    #expect(connection.idleSince != nil)
  }

  @Test func putIsTakenLikePost() {
    var put = IncomingRequest.post()
    put.method = .put
    #expect(connection.begin(put) == .startBody(limitBytes: 2, coding: .identity, sendContinue: false))
  }

  @Test func whatFollowsARequestIsHeldUntilItsAnswerHasLeft() {
    _ = connection.begin(.post())
    _ = connection.end()
    #expect(connection.input(bytes: 1) == .hold)
    _ = connection.replied()
    #expect(connection.input(bytes: 1) == .hold)
    _ = connection.flushed()
    #expect(connection.input(bytes: 1) == .decodeHead)
  }

  @Test func aClientThatAsksForTheEndGetsIt() {
    var request = IncomingRequest.post()
    request.keepAlive = false
    _ = connection.begin(request)
    _ = connection.end()
    let message = connection.replied().message
    #expect(message?.persistence == .close)
    #expect(connection.flushed() == .close)
  }

  @Test func anHTTP10ClientThatMayStayIsToldSo() {
    var request = IncomingRequest.post()
    request.isHTTP10 = true
    _ = connection.begin(request)
    _ = connection.end()
    #expect(
      connection.replied().message?.persistence == .keepAliveHTTP10)
  }

  @Test func aClientThatWaitsIsToldToContinue() {
    var request = IncomingRequest.post()
    request.expectation = .continue
    #expect(connection.begin(request) == .startBody(limitBytes: 2, coding: .identity, sendContinue: true))
  }

  @Test func nobodyIsToldToContinueWithoutABody() {
    var request = IncomingRequest.post(.known(0))
    request.expectation = .continue
    #expect(connection.begin(request) == .startBody(limitBytes: 0, coding: .identity, sendContinue: false))
  }

  @Test func aChunkedBodyMayComeToTheLimitAndNoFurther() {
    #expect(
      connection.begin(.post(.chunked))
        == .startBody(limitBytes: 5 << 20, coding: .identity, sendContinue: false))
    #expect(connection.body(bytes: 5 << 20) == .appendBody(bytes: 5 << 20))
    #expect(connection.body(bytes: 1).message?.reply.status == 413)
    #expect(connection.flushed() == .linger(wakeAt: connection.now + .seconds(5)))
  }

  @Test func aCodedBodyMayBecomeAsLargeAsAnyOther() {
    var request = IncomingRequest.post(.known(10))
    request.coding = .gzip
    #expect(connection.begin(request) == .startBody(limitBytes: 5 << 20, coding: .gzip, sendContinue: false))
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
        == .send(ReplyMessage(content: .reply(.healthy), persistence: .keepAlive), wakeAt: nil))
  }

  @Test func anAnswerToHeadHasNoBody() {
    _ = connection.begin(IncomingRequest(target: .health, method: .head))
    #expect(connection.end().message?.omitsBody == true)
  }

  @Test func aReplyThatComesTooLateIsDropped() {
    _ = connection.begin(.post())
    _ = connection.end()
    #expect(connection.close() == .close)
    #expect(connection.replied() == .none)
  }

  @Test func aClientThatEndsMidRequestIsClosedAtOnce() {
    _ = connection.begin(.post())
    connection.inputEnded()
    #expect(connection.next() == .close)
    #expect(connection.end() == .none)
  }

  @Test func aClientThatEndsBehindItsRequestWaitsForItsAnswer() {
    _ = connection.begin(.post())
    _ = connection.end()
    connection.inputEnded()
    #expect(connection.next() == .none)
    #expect(connection.replied().message != nil)
    #expect(connection.flushed() == .proceed)
    #expect(connection.next() == .close)
  }
}
