import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct MessageTests {
  private func time(_ milliseconds: Int) -> Timestamp { .second(0).advanced(by: .milliseconds(milliseconds)) }

  @Test(arguments: [NodeMessage(slot: 0, id: 1), NodeMessage(slot: 4_095, id: .max)])
  func aMessageIsReadAsItWasWritten(message: NodeMessage) {
    #expect(NodeMessage(payload: message.payload) == message)
  }

  @Test(arguments: ["", "7", "7:", ":7", "4096:1", "-1:1", "1:2:3", "1:x", "1: 2", "1:99999999999999999999"])
  func whatIsNoMessageIsPassedOver(payload: String) {
    #expect(NodeMessage(payload: payload) == nil)
  }

  @Test func theFirstMessageGoesAtOnceAndTheNextFiveMillisecondsLater() {
    var gate = MessageGate()
    let wakes = [gate.add(10), gate.add(12), gate.add(11)]
    #expect(wakes == [true, false, false])
    #expect(gate.delay(at: time(0)) == .zero)
    let first = gate.take(at: time(0))
    #expect(first == 12)
    #expect(gate.delay(at: time(0)) == nil)
    let wakesAgain = gate.add(13)
    #expect(wakesAgain)
    #expect(gate.delay(at: time(1)) == .milliseconds(4))
    let early = gate.take(at: time(4))
    #expect(early == nil)
    let late = gate.take(at: time(5))
    #expect(late == 13)
    let nothing = gate.take(at: time(50))
    #expect(nothing == nil)
  }
}
