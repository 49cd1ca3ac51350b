import NIOCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct StateMachineDeadlineTests {
  let connection = MachineFixture()

  @Test func aSilentConnectionIsClosedWithoutAWord() {
    connection.pass(.minutes(11) - .nanoseconds(1))
    #expect(connection.deadlinePassed() == .none)
    connection.pass(.nanoseconds(1))
    #expect(connection.deadlinePassed() == .close)
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
    #expect(connection.deadlinePassed() == .none)
    connection.pass(.seconds(1))
    let answer = connection.deadlinePassed().answer
    #expect(answer?.reply.status == 408)
    #expect(answer?.persistence == .close)
  }

  @Test func headersThatNeverEndTimeOut() {
    for _ in 0..<30 {
      _ = connection.input(bytes: 1)
      connection.pass(.seconds(1))
    }
    #expect(connection.deadlinePassed().answer?.reply.status == 408)
  }

  @Test func theReceiverMayTakeItsTime() {
    _ = connection.begin(.post())
    _ = connection.end()
    connection.pass(.hours(1))
    #expect(connection.deadlinePassed() == .none)
  }

  @Test func theNextRequestHasItsOwnTime() {
    _ = connection.begin(.post())
    _ = connection.end()
    connection.pass(.seconds(29))
    _ = connection.replied()
    _ = connection.flushed()
    #expect(connection.deadline == connection.now + .minutes(11))
    connection.pass(.seconds(1))
    _ = connection.input(bytes: 1)
    #expect(connection.deadline == connection.now + .seconds(30))
  }

  @Test func anAnswerThatIsNotReadEndsTheConnection() {
    _ = connection.begin(.post())
    _ = connection.end()
    _ = connection.replied()
    connection.pass(.seconds(75))
    #expect(connection.deadlinePassed() == .close)
  }
}
