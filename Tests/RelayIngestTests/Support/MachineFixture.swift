import NIOCore
import RelayCore
import RelayPipeline

@testable import RelayIngest

/// A machine, and the time that is passed to it. (A class, since `#expect` can't mutate values.)
final class MachineFixture {
  var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private var machine: ConnectionStateMachine

  init() {
    machine = ConnectionStateMachine(limits: ConnectionLimits(ServerSettings()), now: now)
  }

  var state: ConnectionStateMachine.State { machine.state }
  var deadline: NIODeadline { machine.deadline }
  var wantsInput: Bool { machine.wantsInput }

  func pass(_ time: TimeAmount) { now = now + time }

  func input(bytes: Int) -> InputAction { machine.inputReceived(bytes: bytes, now: now) }
  func head(_ request: IncomingRequest) -> ConnectionAction { machine.headReceived(request, now: now) }
  func body(bytes: Int) -> ConnectionAction { machine.bodyReceived(bytes: bytes, now: now) }
  func end() -> ConnectionAction { machine.endReceived(now: now) }
  func inputEnded() -> ConnectionAction { machine.inputEnded() }
  func inputLost() { machine.inputLost() }
  func decodingFailed() -> ConnectionAction { machine.decodingFailed(.malformed, now: now) }
  func memoryRefused() -> ConnectionAction { machine.memoryRefused(now: now) }
  func turnAway() -> ConnectionAction { machine.turnAway(now: now) }
  func replied(_ reply: IngestReply = .healthy) -> ConnectionAction { machine.replied(reply, now: now) }
  func flushed() -> ConnectionAction { machine.flushed(now: now) }
  func deadlinePassed() -> ConnectionAction { machine.deadlinePassed(now: now) }
  func quiesce() -> ConnectionAction { machine.quiesce(now: now) }
  func bodyRefused() -> ConnectionAction { machine.bodyRefused(.undecodable(.gzip), now: now) }
  var idleSince: NIODeadline? { machine.idleSince }
  func close() -> ConnectionAction { machine.close() }

  /// The first bytes of a request, and its head.
  func begin(_ request: IncomingRequest) -> ConnectionAction {
    _ = input(bytes: 10)
    return head(request)
  }
}

extension IncomingRequest {
  static func post(_ body: BodyLength = .known(2)) -> IncomingRequest {
    IncomingRequest(target: .source, method: .post, body: body)
  }
}

extension ConnectionAction {
  var answer: Answer? {
    if case .answer(let answer) = self { answer } else { nil }
  }
}
