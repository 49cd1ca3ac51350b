import RelayCore
import Testing

@Suite struct SuspendedTimeTests {
  private func set(_ suspended: inout SuspendedTime, _ isSuspended: Bool, at time: Timestamp) -> Bool {
    suspended.set(isSuspended: isSuspended, at: time)
  }

  @Test func onlySuspensionsAddUp() {
    var suspended = SuspendedTime()
    #expect(set(&suspended, true, at: .tick(100)))
    #expect(suspended.total(at: .tick(130)) == .seconds(30))
    #expect(set(&suspended, false, at: .tick(150)))
    #expect(suspended.total(at: .tick(1_000)) == .seconds(50))
    #expect(set(&suspended, true, at: .tick(1_000)))
    #expect(suspended.total(at: .tick(1_007)) == .seconds(57))
  }

  @Test func sayingTheSameTwiceChangesNothing() {
    var suspended = SuspendedTime()
    #expect(!set(&suspended, false, at: .tick(1)))
    #expect(set(&suspended, true, at: .tick(2)))
    #expect(!set(&suspended, true, at: .tick(9)))
    #expect(suspended == SuspendedTime(since: .tick(2)))
  }

  @Test func theServiceClockStandsStillMeanwhile() {
    var suspended = SuspendedTime()
    suspended.set(isSuspended: true, at: .tick(100))
    #expect(suspended.serviceTime(at: .tick(100)) == suspended.serviceTime(at: .tick(5_000)))
    suspended.set(isSuspended: false, at: .tick(5_000))
    #expect(suspended.serviceTime(at: .tick(5_003)) == .tick(103))
  }

  @Test func aClockThatGoesBackTakesNothingAway() {
    var suspended = SuspendedTime(ended: .seconds(10), since: .tick(100))
    #expect(suspended.total(at: .tick(40)) == .seconds(10))
    suspended.set(isSuspended: false, at: .tick(40))
    #expect(suspended == SuspendedTime(ended: .seconds(10)))
  }
}
