import NIOCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct StateMachineQuiescingTests {
  let connection = MachineFixture()

  @Test func aConnectionThatIsIdleAgainIsClosedAtOnce() {
    _ = connection.begin(.post())
    _ = connection.end()
    _ = connection.replied()
    _ = connection.flushed()
    #expect(connection.quiesce() == .close)
  }

  /// Broken by a shutdown that closes between the connection and its request, which is on its way.
  @Test func aNewConnectionHasAMomentForItsRequest() {
    connection.pass(.milliseconds(300))
    #expect(connection.quiesce() == .setTimer(connection.now + .milliseconds(700)))
    _ = connection.begin(.post())
    #expect(connection.end() == .handOver)
    #expect(connection.replied().message?.persistence == .close)
  }

  @Test func aNewConnectionThatSaysNothingIsClosedAfterThat() {
    _ = connection.quiesce()
    connection.pass(.milliseconds(999))
    #expect(connection.timerFired() != .close)
    connection.pass(.milliseconds(1))
    #expect(connection.timerFired() == .close)
  }

  @Test func anOldConnectionThatNeverSaidAnythingIsClosedAtOnce() {
    connection.pass(.seconds(1))
    #expect(connection.quiesce() == .close)
  }

  @Test func aHeadOnItsWayHasAMomentToo() {
    _ = connection.input(bytes: 1)
    #expect(connection.quiesce() == .setTimer(connection.now + .seconds(1)))
    connection.pass(.seconds(1))
    #expect(connection.timerFired().message?.isRefusal == true)
  }

  @Test func aRequestThatHasBegunIsFinishedAndIsTheLast() {
    _ = connection.begin(.post())
    #expect(connection.quiesce() == .none)
    #expect(connection.body(bytes: 2) == .appendBody(bytes: 2))
    #expect(connection.end() == .handOver)
    #expect(connection.quiesce() == .none)
    #expect(connection.replied().message?.persistence == .close)
    #expect(connection.flushed() == .linger(wakeAt: connection.now + .seconds(2)))
  }

  @Test func anAnswerOnItsWayIsTheLast() {
    _ = connection.begin(.post())
    _ = connection.end()
    _ = connection.replied()
    #expect(connection.quiesce() == .none)
    #expect(connection.flushed() == .linger(wakeAt: connection.now + .seconds(2)))
  }

  @Test func aClientThatSentMoreThanIsKeptGetsOneAnswerAndTheEnd() {
    _ = connection.begin(.post())
    _ = connection.end()
    connection.inputLost()
    #expect(connection.replied().message?.persistence == .close)
    #expect(connection.flushed() == .linger(wakeAt: connection.now + .seconds(2)))
  }
}
