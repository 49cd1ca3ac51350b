import NIOCore
import RelayPipeline
import Testing

@testable import RelayIngest

/// What comes while something else is under way, and what is read.
@Suite struct StateMachineInputTests {
  let connection = MachineFixture()

  /// A request that waits for its reply.
  private func awaitReply(_ request: IncomingRequest = .post()) {
    _ = connection.begin(request)
    _ = connection.end()
  }

  // MARK: Bytes

  @Test func whatIsBehindOthersIsHeldAndBeginsNothing() {
    #expect(connection.input(bytes: 1, mustWait: true) == .hold)
    #expect(connection.idleSince != nil)
  }

  @Test func ofABodyItIsKnownWhatIsMissing() {
    #expect(connection.input(bytes: 1) == .decodeHead)
    _ = connection.head(.post(.known(10)))
    _ = connection.body(bytes: 4)
    #expect(connection.input(bytes: 1) == .decodeBody(missingBytes: 6))
    let chunked = MachineFixture()
    _ = chunked.begin(.post(.chunked))
    #expect(chunked.input(bytes: 1) == .decodeBody(missingBytes: 0))
  }

  @Test func ofARefusedBodyToo() {
    var request = IncomingRequest.post(.known(10))
    request.target = .unknown
    _ = connection.begin(request)
    _ = connection.body(bytes: 4)
    #expect(connection.input(bytes: 1) == .decodeBody(missingBytes: 6))
  }

  @Test func aHeadIsChargedUntilItIsComplete() {
    _ = connection.input(bytes: 1)
    #expect(connection.inputDecoded() == .chargeHead)
    _ = connection.head(.post())
    #expect(connection.inputDecoded() == .none)
  }

  @Test func behindTheLastReplyBytesAreThrownAwayAlsoThoseThatWouldWait() {
    var request = IncomingRequest.post()
    request.keepAlive = false
    awaitReply(request)
    _ = connection.replied()
    #expect(connection.input(bytes: 1) == .discard)
    #expect(connection.input(bytes: 1, mustWait: true) == .discard)
  }

  // MARK: Parts

  @Test func partsAreTakenInOrderOneRequestAtATime() {
    #expect(connection.part() == .process)
    #expect(connection.part(othersWait: true) == .wait)
    awaitReply()
    #expect(connection.part() == .wait)
    _ = connection.replied()
    #expect(connection.part() == .wait)
    _ = connection.flushed()
    #expect(connection.part() == .process)
  }

  @Test func partsOfWhatIsNotAnsweredAreThrownAway() {
    _ = connection.begin(.post(.known(1 << 40)))
    #expect(connection.part() == .discard)
    _ = connection.flushed()
    #expect(connection.part(othersWait: true) == .discard)
    _ = connection.close()
    #expect(connection.part() == .discard)
  }

  // MARK: What waits, and the socket

  @Test func whatWaitsIsTakenBeforeTheSocketIsRead() {
    #expect(connection.readRequested(inputWaits: true) == .none)
    #expect(connection.next(inputWaits: true) == .takeWaiting)
    #expect(connection.next() == .read)
    #expect(connection.next() == .none, "once for each that asked")
  }

  @Test func aSocketIsReadWhileAReplyIsPending() {
    awaitReply()
    #expect(connection.readRequested() == .read)
    #expect(connection.next(inputWaits: true) == .none, "its turn has not come")
  }

  @Test func aConnectionThatIsAboutToCloseIsNotRead() {
    var request = IncomingRequest.post()
    request.keepAlive = false
    awaitReply(request)
    _ = connection.replied()
    #expect(connection.readRequested() == .none)
    #expect(connection.next() == .none)
    #expect(connection.flushed() == .close)
    #expect(connection.next() == .none)
  }

  @Test func aClientsEndIsSeenBehindAllThatCameBefore() {
    connection.inputEnded()
    #expect(connection.next(inputWaits: true) == .takeWaiting)
    #expect(connection.next() == .close)
    #expect(connection.next() == .none)
  }

  // MARK: The connection's end

  @Test func whateverHappenedTheEndOfAChannelGivesAllBack() {
    #expect(connection.channelClosed() == .release)
    #expect(connection.channelClosed() == .release)
    #expect(connection.close() == .none)
    #expect(connection.opened() == .none)
  }

  @Test func theTimerIsSetWhenAConnectionOpensAndForNoLongerThanARequestHas() {
    #expect(connection.opened() == .setTimer(connection.now + .seconds(30)))
  }

  /// The timer may be set for later than the deadline that a refusal has.
  @Test func aRefusalWakesTheConnectionInTime() {
    guard case .send(_, let wakeAt) = connection.begin(.post(.known(1 << 40))) else {
      Issue.record("it was not refused")
      return
    }
    #expect(wakeAt == connection.now + .seconds(5))
    #expect(connection.flushed() == .linger(wakeAt: connection.now + .seconds(5)))
  }
}
