import NIOCore
import RelayPipeline
import Testing

@testable import RelayIngest

/// Replies that other threads give: when the loop is woken for them, and whose they are.
@Suite struct ReplyQueueTests {
  /// Some connections of one loop whose requests wait for their replies.
  private struct Fixture {
    let connections: [EmbeddedConnection]
    let loop: OtherThreadsLoop
    let queue: ReplyQueue

    init(_ count: Int = 3) throws {
      connections = try (0..<count).map { _ in
        try EmbeddedConnection(receiver: RecordingReceiver(answersAtOnce: nil))
      }
      for connection in connections { connection.send(Requests.post()) }
      loop = OtherThreadsLoop(connections[0].loop)
      queue = ReplyQueue(eventLoop: loop)
    }

    func give(_ text: String, to place: Int) {
      let connection = connections[place]
      queue.give(
        IngestReply(status: 200, body: Array(text.utf8)),
        to: NIOLoopBound(connection.handler, eventLoop: connection.loop))
    }

    func outputs() throws -> [String] {
      try connections.map { String(try $0.output().suffix(1)) }
    }
  }

  @Test func whatIsGatheredWakesTheLoopOnceAtItsEnd() throws {
    let fixture = try Fixture()
    fixture.queue.beginGathering()
    for place in 0..<3 { fixture.give("\(place)", to: place) }
    #expect(fixture.loop.wakeUps == 0)
    fixture.queue.endGathering()
    #expect(fixture.loop.wakeUps == 1)
    fixture.loop.run()
    #expect(try fixture.outputs() == ["0", "1", "2"])
  }

  @Test func aReplyThatComesByItselfIsNotKeptWaiting() throws {
    let fixture = try Fixture()
    fixture.give("a", to: 0)
    #expect(fixture.loop.wakeUps == 1)
    // The loop has not come to it yet.
    fixture.give("b", to: 1)
    #expect(fixture.loop.wakeUps == 1)
    fixture.loop.run()
    fixture.give("c", to: 2)
    #expect(fixture.loop.wakeUps == 1)
    fixture.loop.run()
    #expect(try fixture.outputs() == ["a", "b", "c"])
  }

  @Test func whatCameBeforeTheGatheringLeavesDuringIt() throws {
    let fixture = try Fixture()
    fixture.give("a", to: 0)
    fixture.queue.beginGathering()
    fixture.give("b", to: 1)
    fixture.loop.run()
    #expect(try fixture.outputs() == ["a", "b", ""])
    fixture.give("c", to: 2)
    #expect(fixture.loop.wakeUps == 0)
    fixture.queue.endGathering()
    fixture.loop.run()
    #expect(try fixture.outputs() == ["", "", "c"])
  }

  @Test func aGatheringOfNothingWakesNobody() throws {
    let fixture = try Fixture(1)
    fixture.queue.beginGathering()
    fixture.queue.endGathering()
    #expect(fixture.loop.wakeUps == 0)
  }

  @Test func aReplyForAConnectionThatIsGoneIsLeftOut() throws {
    let fixture = try Fixture(2)
    fixture.queue.beginGathering()
    fixture.give("a", to: 0)
    fixture.give("b", to: 1)
    fixture.queue.endGathering()
    fixture.connections[0].handler.close()
    fixture.loop.run()
    #expect(try fixture.outputs() == ["", "b"])
  }
}
