import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct NoticeQueueTests {
  private var queue = NoticeQueue()

  @Test mutating func oneIsSentAfterTheOther() {
    _ = queue.add(NoticeSamples.notice("a"))
    _ = queue.add(NoticeSamples.notice("b"))
    #expect(queue.take(at: .second(0))?.id == "a")
    #expect(queue.take(at: .second(0)) == nil && queue.due == nil)
    queue.sent("a")
    #expect(queue.take(at: .second(0))?.id == "b")
    queue.sent("b")
    #expect(queue.waiting.isEmpty && queue.due == nil)
  }

  @Test mutating func whatWasNotTakenIsSentAgainAfterEverLongerTimes() {
    _ = queue.add(NoticeSamples.notice("a"))
    var (now, waits) = (Timestamp.second(0), [Int64]())
    for _ in 0..<10 {
      #expect(queue.take(at: now)?.id == "a")
      queue.failed(at: now)
      let due = queue.due ?? .epoch
      #expect(queue.take(at: due.advanced(by: .milliseconds(-1))) == nil)
      waits.append(now.duration(to: due).components.seconds)
      now = due
    }
    #expect(waits == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600])
    #expect(queue.take(at: now) != nil)
    queue.sent("a")
    _ = queue.add(NoticeSamples.notice("b"))
    #expect(queue.take(at: now)?.id == "b")
  }

  private mutating func fill() {
    for number in 0..<NoticeQueue.maxWaiting {
      _ = queue.add(NoticeSamples.notice("\(number)", .down, .began, .destination("d\(number)")))
    }
  }

  @Test mutating func ofTooManyARepetitionGoesFirst() {
    fill()
    queue = NoticeQueue(Array(queue.waiting.dropLast()) + [NoticeSamples.notice("again", .down, .repeated)])
    #expect(queue.add(NoticeSamples.notice("new")) == 1)
    #expect(!queue.waiting.contains { $0.id == "again" } && queue.waiting.last?.id == "new")
  }

  @Test mutating func thenWhatHasBegunAndEnded() {
    fill()
    var waiting = queue.waiting
    waiting[19] = NoticeSamples.notice("end", .down, .ended, .destination("d3"))
    queue = NoticeQueue(waiting)
    #expect(queue.add(NoticeSamples.notice("new")) == 2)
    #expect(!queue.waiting.contains { $0.key.subject == .destination("d3") })
  }

  @Test mutating func thenTheOldestButForTheOneThatIsUnderWay() {
    fill()
    _ = queue.take(at: .second(0))
    #expect(queue.add(NoticeSamples.notice("new")) == 1)
    #expect(queue.waiting.prefix(2).map(\.id) == ["0", "2"])
    #expect(queue.waiting.count == NoticeQueue.maxWaiting)
  }

  @Test func aHeartbeatComesAtOnceAndThenInStep() {
    var schedule = HeartbeatSchedule()
    var beats: [Int] = []
    for second in 0...200 where schedule.take(at: .second(second), every: .seconds(60), isReady: true) {
      beats.append(second)
      schedule.ended(isTaken: true, at: .second(second))
    }
    #expect(beats == [0, 60, 120, 180])
  }

  @Test func whatIsNotReadyDoesNotBeatAndDoesNotMakeUpForIt() {
    var schedule = HeartbeatSchedule()
    var beats: [Int] = []
    for second in 0...200 {
      guard schedule.take(at: .second(second), every: .seconds(60), isReady: second > 100) else { continue }
      beats.append(second)
      schedule.ended(isTaken: true, at: .second(second))
    }
    #expect(beats == [120, 180])
  }

  @Test func aHeartbeatThatHangsHasNoOtherBesideIt() {
    var schedule = HeartbeatSchedule()
    func takes(_ second: Int) -> Bool {
      schedule.take(at: .second(second), every: .seconds(60), isReady: true)
    }
    #expect(takes(0))
    #expect(!takes(60))
    schedule.ended(isTaken: false, at: .second(70))
    #expect(takes(60))
    // One alone may be lost.
    #expect(schedule.failingSince == nil)
    schedule.ended(isTaken: false, at: .second(130))
    #expect(schedule.failingSince == .second(70))
    #expect(takes(120))
    schedule.ended(isTaken: true, at: .second(121))
    #expect(schedule.failingSince == nil)
  }

  @Test mutating func sinceWhenNothingIsTakenCountsFromTheFirstFailure() {
    _ = queue.add(NoticeSamples.notice("a"))
    for second in [0, 10, 100] {
      _ = queue.take(at: .second(second))
      queue.failed(at: .second(second + 1))
      #expect(queue.failingSince == .second(1))
    }
    _ = queue.take(at: .second(1_000))
    queue.sent("a")
    #expect(queue.failingSince == nil)
  }
}
