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
    let answer = connection.end().answer
    #expect(answer?.reply.status == expected.status)
    #expect(answer?.reply.headers.first { $0.name == "allow" }?.value == expected.allow)
    #expect(answer?.isRefusal == true)
    #expect(answer?.persistence == .keepAlive)
    #expect(answer?.omitsBody == (expected.request.method == .head))
  }

  @Test func aShortRefusedBodyIsReadAndTheConnectionLivesOn() {
    var request = IncomingRequest.post(.known(64 << 10))
    request.target = .unknown
    #expect(connection.begin(request) == .none)
    #expect(connection.body(bytes: 64 << 10) == .none)
    #expect(connection.end().answer?.persistence == .keepAlive)
    #expect(connection.flushed() == .proceed)
  }

  @Test(arguments: [IncomingRequest.BodyLength.known((64 << 10) + 1), .chunked])
  func aLongRefusedBodyEndsTheConnection(_ body: IncomingRequest.BodyLength) {
    let connection = MachineFixture()
    var request = IncomingRequest.post(body)
    request.target = .unknown
    let answer = connection.begin(request).answer
    #expect(answer?.reply.status == 404)
    #expect(answer?.persistence == .close)
    #expect(connection.flushed() == .linger)
  }

  @Test func anAnnouncedBodyOverTheLimitIsRefusedAtOnce() {
    let answer = connection.begin(.post(.known((5 << 20) + 1))).answer
    #expect(answer?.reply.status == 413)
    #expect(answer?.persistence == .close)
  }

  @Test func aClientThatWaitsToContinueGetsItsRefusalInstead() {
    var request = IncomingRequest.post()
    request.target = .unknown
    request.expectation = .continue
    #expect(connection.begin(request).answer?.reply.status == 404)
  }

  @Test func aRefusedClientMaySendOnForABoundedNumberOfBytes() {
    _ = connection.begin(.post(.known(1 << 40)))
    _ = connection.flushed()
    for _ in 0..<3 {
      #expect(connection.input(bytes: 64 << 10) == .discard)
    }
    #expect(connection.input(bytes: 64 << 10) == .close)
    #expect(connection.input(bytes: 64 << 10) == .discard)
  }

  @Test func aRefusedClientMaySendOnForABoundedTime() {
    _ = connection.begin(.post(.known(1 << 40)))
    _ = connection.flushed()
    connection.pass(.milliseconds(1999))
    #expect(connection.deadlinePassed() == .none)
    connection.pass(.milliseconds(1))
    #expect(connection.deadlinePassed() == .close)
  }

  @Test func aRefusedClientThatEndsIsClosed() {
    _ = connection.begin(.post(.known(1 << 40)))
    #expect(connection.inputEnded() == .none, "its answer has not left yet")
    _ = connection.flushed()
    #expect(connection.inputEnded() == .close)
  }

  @Test func aFaultyHeadIsABadRequest() {
    var request = IncomingRequest.post()
    request.fault = "nonsense"
    let answer = connection.begin(request).answer
    #expect(answer?.reply.status == 400)
    #expect(answer?.persistence == .close)
  }

  @Test func whatIsNotHTTPIsRefusedWhereverItCanBeAnswered() {
    _ = connection.input(bytes: 1)
    #expect(connection.decodingFailed().answer?.reply.status == 400)
    #expect(connection.decodingFailed() == .none)
  }

  @Test func aBodyWithoutRoomInTheBudgetIsRefused() {
    _ = connection.begin(.post())
    let answer = connection.memoryRefused().answer
    #expect(answer?.reply.status == 503)
    #expect(answer?.reply.headers.contains { $0.name == "retry-after" } == true)
    #expect(answer?.persistence == .close)
  }

  @Test func oneConnectionTooManyIsToldSoBeforeItHasSaidAnything() {
    let answer = connection.turnAway().answer
    #expect(answer?.reply.status == 503)
    #expect(connection.flushed() == .linger)
  }
}
