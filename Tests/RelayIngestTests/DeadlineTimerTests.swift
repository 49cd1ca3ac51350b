import NIOCore
import NIOEmbedded
import Testing

@testable import RelayIngest

@Suite struct DeadlineTimerTests {
  private let loop = EmbeddedEventLoop()

  @Test func anotherTimeTakesThePlaceOfTheOneBefore() {
    var timer = DeadlineTimer()
    var woken: [String] = []
    timer.set(to: loop.now + .seconds(10), on: loop) { woken.append("first") }
    timer.set(to: loop.now + .seconds(5), on: loop) { woken.append("second") }
    #expect(timer.wakesAt == loop.now + .seconds(5))
    loop.advanceTime(by: .seconds(20))
    #expect(woken == ["second"])
    timer.fired()
    #expect(timer.wakesAt == nil)
  }

  @Test func aTimerThatIsCancelledWakesNobody() {
    var timer = DeadlineTimer()
    var hasWoken = false
    timer.set(to: loop.now + .seconds(1), on: loop) { hasWoken = true }
    timer.cancel()
    loop.advanceTime(by: .seconds(2))
    #expect(!hasWoken && timer.wakesAt == nil)
  }
}
