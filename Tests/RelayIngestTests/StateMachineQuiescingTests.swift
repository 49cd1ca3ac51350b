import NIOCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct StateMachineQuiescingTests {
  let connection = MachineFixture()

  @Test func anIdleConnectionIsClosedAtOnce() {
    #expect(connection.quiesce() == .close)
  }

  @Test func aRequestWithoutItsHeadHasNotBegun() {
    _ = connection.input(bytes: 1)
    #expect(connection.quiesce() == .close)
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
