import RelayCore
import RelayStoring
import RelayTestSupport
import Testing

struct AgeScheduleTests {
  private var schedule = AgeSchedule()

  @Test mutating func withoutAnAgeNothingIsEverDue() {
    schedule.configure(age: nil, at: .second(5))
    schedule.committed(at: .second(6))
    schedule.walked(head: .second(1), at: .second(7))
    #expect(schedule.due == nil && schedule.cutoff(at: .distantFuture) == nil)
  }

  @Test mutating func aConfigurationLooksAtOnce() {
    schedule.configure(age: .seconds(100), at: .second(500))
    #expect(schedule.cutoff(at: .second(500)) == .second(400))
  }

  @Test mutating func whatHappensNowIsOldAfterItsTimeAndNotBefore() {
    schedule.configure(age: .seconds(100), at: .second(0))
    schedule.walked(head: nil, at: .second(0))
    #expect(schedule.due == nil)
    schedule.committed(at: .second(50))
    schedule.committed(at: .second(70))
    #expect(schedule.due == .second(150))
    #expect(schedule.cutoff(at: .second(149)) == nil)
    #expect(schedule.cutoff(at: .second(150)) == .second(50))
  }

  @Test mutating func whatFallsDueTogetherGoesTogether() {
    schedule.configure(age: .seconds(1_000), at: .second(0))
    schedule.walked(head: .second(-999), at: .second(0))
    #expect(schedule.due == .second(10))
    schedule.walked(head: .second(500), at: .second(0))
    #expect(schedule.due == .second(1_500))
  }

  @Test mutating func whatMayBeOldIsLookedForAtOnce() {
    schedule.mayBeOld(at: .second(5))
    #expect(schedule.due == nil, "nothing grows old")
    schedule.configure(age: .seconds(100), at: .second(0))
    schedule.walked(head: nil, at: .second(0))
    schedule.mayBeOld(at: .second(500))
    #expect(schedule.cutoff(at: .second(500)) == .second(400))
  }

  @Test mutating func anAgeThatIsTakenAwayLooksNoMore() {
    schedule.configure(age: .seconds(1), at: .second(0))
    schedule.configure(age: nil, at: .second(1))
    #expect(schedule.due == nil)
  }
}
