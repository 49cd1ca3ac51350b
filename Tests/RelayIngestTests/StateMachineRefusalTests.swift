import NIOCore
import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct StateMachineRefusalTests {
  let connection = MachineFixture()

  struct Case: Sendable, CustomTestStringConvertible {
    var request: IncomingRequest
    var status: Int
    var allow: String?
    var testDescription: String { "\(request.method) \(request.target): \(status)" }
  }

  static let cases = [
    Case(request: IncomingRequest(target: .unknown, method: .post), status: 404),
    Case(request: IncomingRequest(target: .unknown, method: .other), status: 404),
    Case(request: IncomingRequest(target: .source, method: .get), status: 405, allow: "POST, PUT"),
    Case(request: IncomingRequest(target: .source, method: .head), status: 405, allow: "POST, PUT"),
    Case(request: IncomingRequest(target: .source, method: .other), status: 405, allow: "POST, PUT"),
    Case(request: IncomingRequest(target: .health, method: .post), status: 405, allow: "GET, HEAD"),
    Case(
      request: IncomingRequest(target: .source, method: .post, expectation: .unknown), status: 417),
  ]

  @Test(arguments: cases) func aRefusalWithoutABodyKeepsTheConnection(_ expected: Case) {
    let connection = MachineFixture()
    #expect(connection.begin(expected.request) == .none)
    let message = connection.end().message
    #expect(message?.reply.status == expected.status)
    #expect(message?.reply.headers.first { $0.name == "allow" }?.value == expected.allow)
    #expect(message?.isRefusal == true)
    #expect(message?.persistence == .keepAlive)
    #expect(message?.omitsBody == (expected.request.method == .head))
  }

  @Test func aShortRefusedBodyIsReadAndTheConnectionLivesOn() {
    var request = IncomingRequest.post(.known(64 << 10))
    request.target = .unknown
    #expect(connection.begin(request) == .none)
    #expect(connection.body(bytes: 64 << 10) == .none)
    #expect(connection.end().message?.persistence == .keepAlive)
    #expect(connection.flushed() == .proceed)
  }

  @Test(arguments: [IncomingRequest.BodyLength.known((64 << 10) + 1), .chunked])
  func aLongRefusedBodyEndsTheConnection(_ body: IncomingRequest.BodyLength) {
    let connection = MachineFixture()
    var request = IncomingRequest.post(body)
    request.target = .unknown
    let message = connection.begin(request).message
    #expect(message?.reply.status == 404)
    #expect(message?.persistence == .close)
    #expect(connection.flushed() == .linger(wakeAt: connection.now + .seconds(5)))
  }

  @Test func anAnnouncedBodyOverTheLimitIsRefusedAtOnce() {
    let message = connection.begin(.post(.known((5 << 20) + 1))).message
    #expect(message?.reply.status == 413)
    #expect(message?.persistence == .close)
  }

  @Test func aClientThatWaitsToContinueGetsItsRefusalInstead() {
    var request = IncomingRequest.post()
    request.target = .unknown
    request.expectation = .continue
    #expect(connection.begin(request).message?.reply.status == 404)
  }

  /// 64 MiB, since four times the largest body are less.
  @Test func aRefusedClientMaySendOnForABoundedNumberOfBytes() {
    _ = connection.begin(.post(.known(1 << 40)))
    _ = connection.flushed()
    for _ in 0..<63 { #expect(connection.input(bytes: 1 << 20) == .discard) }
    #expect(connection.input(bytes: (1 << 20) - 1) == .discard)
    #expect(connection.input(bytes: 1) == .close)
    #expect(connection.input(bytes: 1) == .discard)
  }

  @Test func ofLargeBodiesFourTimesAsMuchIsRead() {
    var settings = ServerSettings()
    settings.maxBodyBytes = 100 << 20
    #expect(ConnectionLimits(settings).lingerBytes == 400 << 20)
  }

  @Test func aRefusedClientMaySendOnForTheTimeOfARequest() {
    _ = connection.begin(.post(.known(1 << 40)))
    _ = connection.flushed()
    for _ in 0..<29 {
      connection.pass(.seconds(1))
      #expect(connection.input(bytes: 1) == .discard)
      #expect(connection.timerFired() != .close)
    }
    #expect(connection.waitForDeadline() == (.seconds(1), .close))
  }

  @Test func aRefusedClientMayBeSilentForFiveSeconds() {
    _ = connection.begin(.post(.known(1 << 40)))
    _ = connection.flushed()
    connection.pass(.seconds(3))
    _ = connection.input(bytes: 1)
    #expect(connection.waitForDeadline() == (.seconds(5), .close))
  }

  /// Before its answer has left, too: it need not read it.
  @Test func aRefusedClientThatReadsNothingIsBoundedAsWell() {
    _ = connection.begin(.post(.known(1 << 40)))
    for _ in 0..<30 {
      connection.pass(.seconds(1))
      _ = connection.input(bytes: 1)
    }
    #expect(connection.timerFired() == .close)
  }

  @Test func aShutdownDoesNotWaitLongForWhatARefusedClientSends() {
    _ = connection.begin(.post(.known(1 << 40)))
    _ = connection.flushed()
    #expect(connection.quiesce() == .setTimer(connection.now + .seconds(2)))
    connection.pass(.seconds(1))
    _ = connection.input(bytes: 1)
    #expect(connection.waitForDeadline() == (.seconds(1), .close))
  }

  @Test func aBodyThatCannotBeDecodedIsRefusedWhileItComesOrAtItsEnd() {
    _ = connection.begin(.post())
    let early = connection.bodyRefused().message
    #expect(early?.persistence == .close && early?.isRefusal == true)
    let other = MachineFixture()
    _ = other.begin(.post())
    _ = other.end()
    let late = other.bodyRefused().message
    #expect(late?.persistence == .keepAlive && late?.isRefusal == true)
    #expect(other.bodyRefused() == .none)
  }

  @Test func aCodingThatIsNotReadIsToldWhichOnesAre() {
    var request = IncomingRequest.post()
    request.coding = .unknown("br")
    #expect(connection.begin(request) == .none, "its body is short: the connection lives on")
    let message = connection.end().message
    let reply = message?.reply
    #expect(reply?.status == 415)
    #expect(reply?.headers == [.init("accept-encoding", "gzip, deflate")])
    #expect(message?.content == .refusal(.unknownCoding("br")))
  }

  /// Lines of the log that are alike are folded by it.
  @Test func theReasonForTheLogDoesNotSpellACodingThatASenderMadeUp() {
    let reasons = (0..<100).map { Refusal.unknownCoding("a\($0)").explanation }
    #expect(Set(reasons).count == 1)
    #expect(Set(["br", "zstd", "a"].map { Refusal.unknownCoding($0).explanation }).count == 3)
  }

  @Test func aRefusedClientThatEndsIsClosed() {
    _ = connection.begin(.post(.known(1 << 40)))
    connection.inputEnded()
    #expect(connection.next() == .none, "its reply has not left yet")
    _ = connection.flushed()
    #expect(connection.next() == .close)
  }

  @Test func aFaultyHeadIsABadRequest() {
    var request = IncomingRequest.post()
    request.fault = "nonsense"
    let message = connection.begin(request).message
    #expect(message?.reply.status == 400)
    #expect(message?.persistence == .close)
  }

  @Test func whatIsNotHTTPIsRefusedWhereverItCanBeAnswered() {
    _ = connection.input(bytes: 1)
    #expect(connection.decodingFailed().message?.reply.status == 400)
    #expect(connection.decodingFailed() == .none)
  }

  @Test func aBodyWithoutRoomInTheBudgetIsRefused() {
    _ = connection.begin(.post())
    let message = connection.memoryRefused().message
    #expect(message?.reply.status == 503)
    #expect(message?.reply.headers.contains { $0.name == "retry-after" } == true)
    #expect(message?.persistence == .close)
  }

  @Test func oneConnectionTooManyIsToldSoBeforeItHasSaidAnything() {
    let message = connection.opened(isTurnedAway: true).message
    #expect(message?.reply.status == 503)
    #expect(connection.flushed() == .linger(wakeAt: connection.now + .seconds(5)))
  }
}
