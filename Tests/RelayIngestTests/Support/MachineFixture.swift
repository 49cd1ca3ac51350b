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

  func pass(_ time: TimeAmount) { now = now + time }

  func opened(isTurnedAway: Bool = false) -> ConnectionAction {
    machine.opened(isTurnedAway ? .tooManyConnections : nil, now: now)
  }
  func input(bytes: Int, mustWait: Bool = false) -> InputAction {
    machine.inputReceived(bytes: bytes, mustWait: mustWait, now: now)
  }
  func inputDecoded() -> ConnectionAction { machine.inputDecoded() }
  func part(othersWait: Bool = false) -> PartAction { machine.partReceived(othersWait: othersWait) }
  func next(inputWaits: Bool = false) -> NextAction { machine.next(inputWaits: inputWaits) }
  func readRequested(inputWaits: Bool = false) -> ConnectionAction {
    machine.readRequested(inputWaits: inputWaits)
  }
  func head(_ request: IncomingRequest) -> ConnectionAction { machine.headReceived(request, now: now) }
  func body(bytes: Int) -> ConnectionAction { machine.bodyReceived(.zeros(bytes), now: now) }
  func end() -> ConnectionAction { machine.endReceived(now: now) }
  func inputEnded() { machine.inputEnded() }
  func inputLost() { machine.inputLost() }
  func decodingFailed() -> ConnectionAction { machine.decodingFailed(.malformed, now: now) }
  func memoryRefused() -> ConnectionAction { machine.memoryRefused(now: now) }
  func replied(_ reply: IngestReply = .healthy) -> ConnectionAction { machine.replied(reply, now: now) }
  func flushed() -> ConnectionAction { machine.flushed(now: now) }
  func timerFired() -> ConnectionAction { machine.timerFired(now: now) }
  func quiesce() -> ConnectionAction { machine.quiesce(now: now) }
  func bodyRefused() -> ConnectionAction { machine.bodyRefused(.undecodable(.gzip), now: now) }
  var idleSince: NIODeadline? { machine.idleSince }
  func close() -> ConnectionAction { machine.close() }
  func channelClosed() -> ConnectionAction { machine.channelClosed() }

  /// How long the connection goes on if nothing happens, and the last action: the timer is set as the machine says.
  func waitForDeadline() -> (time: TimeAmount, action: ConnectionAction) {
    let start = now
    var action = timerFired()
    while case .setTimer(let time) = action, time < start + .hours(2) {
      now = time
      action = timerFired()
    }
    return (now - start, action)
  }

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
  var message: ReplyMessage? {
    if case .send(let message, _) = self { message } else { nil }
  }

  static func appendBody(bytes: Int) -> ConnectionAction { .appendBody(.zeros(bytes)) }
}

extension ByteBuffer {
  static func zeros(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 0, count: count) }
}

extension ReplyMessage {
  var isRefusal: Bool {
    switch content {
    case .refusal: true
    case .reply: false
    }
  }
}
