import Testing

@testable import RelayCore

@Suite struct DispatcherTests {
  @Test func anArrivalIsAttemptedSettledAndForgotten() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    let delivery = Made.delivery(1, to: "a")
    #expect(dispatcher.actions(after: .arrived([delivery])) == [.attempt(delivery)])
    #expect(!dispatcher.isIdle)
    #expect(
      dispatcher.actions(after: .finished(Made.finished(1, 200, of: "a"))) == [.delivered(1, to: "a")])
    #expect(!dispatcher.isIdle, "the outcome is not on disk")
    #expect(dispatcher.actions(after: .settled([.init(destination: "a", outcome: .delivered)])) == [])
    #expect(dispatcher.isIdle)
    #expect(dispatcher.nextDeadline() == nil)
  }

  @Test func aDestinationThatHangsTakesNothingFromAnother() {
    var dispatcher = Dispatcher.idle(
      Made.destination("hung", concurrency: 4), Made.destination("well", concurrency: 4))
    let hung = (1...50).map { Made.delivery($0, to: "hung") }
    #expect(dispatcher.actions(after: .arrived(hung)).count == 4)
    let well = (101...150).map { Made.delivery($0, to: "well") }
    #expect(dispatcher.actions(after: .arrived(well)) == well.prefix(4).map { .attempt($0) })
    for id in 101...146 as ClosedRange<Int64> {
      let actions = dispatcher.actions(after: .finished(Made.finished(id, 200, of: "well")))
      #expect(actions == [.delivered(id, to: "well"), .attempt(well[Int(id) - 97])])
    }
  }

  @Test func drainingStartsNothingAndSettlesWhatEnds() {
    var dispatcher = Dispatcher.idle(Made.destination("a", concurrency: 1))
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a"), Made.delivery(2, to: "a")]))
    #expect(dispatcher.actions(after: .drain) == [])
    #expect(!dispatcher.isIdle)
    #expect(
      dispatcher.actions(after: .finished(Made.finished(1, 200, of: "a"))) == [.delivered(1, to: "a")])
    #expect(dispatcher.actions(after: .arrived([Made.delivery(3, to: "a")])) == [])
    let retry = Dispatcher.Settled(destination: "a", outcome: .retry(at: LaneKit.now))
    #expect(dispatcher.actions(after: .settled([retry])) == [])
    #expect(dispatcher.isIdle)
    #expect(dispatcher.nextDeadline() == nil)
  }

  @Test func anAttemptThatNobodyStartedIsReleased() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    #expect(
      dispatcher.actions(after: .finished(Made.finished(7, 200, of: "a")))
        == [.release([DeliveryID(rawValue: 7)])])
  }

  @Test func whatFallsDueLaterDoesNotWakeADispatcherThatDrains() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a")]))
    _ = dispatcher.actions(after: .finished(Made.finished(1, 500, of: "a")))
    _ = dispatcher.actions(after: .settled([.init(destination: "a", outcome: .retry(at: .tick(200)))]))
    #expect(dispatcher.nextDeadline() == .tick(200))
    #expect(dispatcher.actions(after: .drain) == [])
    #expect(dispatcher.nextDeadline() == nil)
  }
}
