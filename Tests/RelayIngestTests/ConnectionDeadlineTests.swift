import NIOCore
import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct ConnectionDeadlineTests {
  @Test func aSilentConnectionIsClosedWithoutAWordAtItsIdleTimeout() throws {
    let connection = try EmbeddedConnection()
    connection.advance(by: .milliseconds(659_999))
    #expect(!connection.isClosed)
    connection.advance(by: .milliseconds(1))
    #expect(connection.isClosed)
    #expect(try connection.output().isEmpty)
    #expect(connection.receiver.refused.isEmpty)
  }

  @Test func aByteASecondDoesNotKeepABodyAlive() throws {
    let connection = try EmbeddedConnection()
    connection.advance(by: .seconds(20))
    connection.send(Requests.head("POST", "/huggy", headers: ["Content-Length: 1000"]))
    for _ in 0..<29 {
      connection.advance(by: .seconds(1))
      connection.send("x")
    }
    #expect(try connection.output().isEmpty)
    connection.advance(by: .seconds(1))
    #expect(try connection.output().contains("408 Request Timeout"))
    #expect(connection.receiver.refused == [.init(path: "/huggy", status: 408)])
    #expect(connection.budget.chargedBytes == 0)
    connection.advance(by: .seconds(5))
    #expect(connection.isClosed)
  }

  @Test func aRequestLateInAnIdleConnectionsLifeStillTimesOutInTime() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.post())
    #expect(try connection.statuses() == [200])
    connection.advance(by: .seconds(650))
    connection.send("POST ")
    connection.advance(by: .milliseconds(29_999))
    #expect(try connection.output().isEmpty)
    connection.advance(by: .milliseconds(1))
    #expect(try connection.statuses() == [408])
  }

  @Test func aReceiverThatTakesLongIsWaitedFor() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    connection.send(Requests.post())
    connection.advance(by: .seconds(3600))
    #expect(!connection.isClosed)
    receiver.received[0].complete(RecordingReceiver.reply)
    #expect(try connection.statuses() == [200])
    connection.advance(by: .seconds(660))
    #expect(connection.isClosed)
  }

  @Test func aClientThatDoesNotReadItsAnswerIsCutOff() throws {
    let connection = try EmbeddedConnection()
    connection.socket.withholdsWrites = true
    connection.send(Requests.post() + Requests.post())
    #expect(connection.receiver.received.count == 1, "the next request waits for the answer to leave")
    connection.advance(by: .milliseconds(74_999))
    #expect(!connection.isClosed)
    connection.advance(by: .milliseconds(1))
    #expect(connection.isClosed)
  }

  @Test func aSlowReaderGoesOnWhereItStopped() throws {
    let connection = try EmbeddedConnection()
    connection.socket.withholdsWrites = true
    connection.send(Requests.post() + Requests.post())
    connection.socket.releaseWrites()
    #expect(connection.receiver.received.count == 2)
    #expect(try connection.statuses() == [200, 200])
  }

  @Test func aConnectionHasOneTimerThatItsRequestsDoNotTouch() throws {
    let connection = try EmbeddedConnection()
    let scheduled = connection.timerDeadline
    for _ in 0..<10 { connection.send(Requests.post()) }
    #expect(scheduled != nil)
    #expect(connection.timerDeadline == scheduled)
  }

  @Test func noTimerOutlivesItsConnection() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.post(headers: ["Connection: close"]))
    #expect(connection.isClosed)
    connection.loop.run()
    #expect(connection.timerDeadline == nil)
  }
}
