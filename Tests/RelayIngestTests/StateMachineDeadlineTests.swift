import NIOCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct StateMachineDeadlineTests {
  let connection = MachineFixture()

  @Test func aSilentConnectionIsClosedWithoutAWord() {
    #expect(connection.waitForDeadline() == (.minutes(11), .close))
  }

  @Test func headersAndBodyShareOneDeadlineFromTheFirstByte() {
    connection.pass(.seconds(60))
    _ = connection.input(bytes: 1)
    connection.pass(.seconds(20))
    _ = connection.head(.post(.known(1000)))
    for _ in 0..<9 {
      connection.pass(.seconds(1))
      _ = connection.body(bytes: 1)
    }
    #expect(connection.timerFired() == .setTimer(connection.now + .seconds(1)))
    connection.pass(.seconds(1))
    let message = connection.timerFired().message
    #expect(message?.reply.status == 408)
    #expect(message?.persistence == .close)
  }

  @Test func headersThatNeverEndTimeOut() {
    for _ in 0..<30 {
      _ = connection.input(bytes: 1)
      connection.pass(.seconds(1))
    }
    #expect(connection.timerFired().message?.reply.status == 408)
  }

  @Test func theReceiverMayTakeItsTime() {
    _ = connection.begin(.post())
    _ = connection.end()
    connection.pass(.hours(1))
    #expect(connection.timerFired() == .setTimer(connection.now + .seconds(30)))
  }

  @Test func theNextRequestHasItsOwnTime() {
    _ = connection.begin(.post())
    _ = connection.end()
    connection.pass(.seconds(29))
    _ = connection.replied()
    _ = connection.flushed()
    connection.pass(.minutes(11) - .nanoseconds(1))
    #expect(connection.timerFired() == .setTimer(connection.now + .nanoseconds(1)))
    _ = connection.input(bytes: 1)
    let end = connection.waitForDeadline()
    #expect(end.time == .seconds(30) && end.action.message?.reply.status == 408)
  }

  @Test func anAnswerThatIsNotReadEndsTheConnection() {
    _ = connection.begin(.post())
    _ = connection.end()
    _ = connection.replied()
    #expect(connection.waitForDeadline() == (.seconds(75), .close))
  }
}
