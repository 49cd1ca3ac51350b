import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// When something is old enough to be looked for, and what that is.
struct RetentionScheduleTests {
  private var schedule = RetentionSchedule()

  private func second(_ second: Int) -> Timestamp { .second(second) }

  @Test mutating func nothingGrowsOldBeforeAConfigurationSaysSo() {
    schedule.committed(at: second(5))
    #expect(schedule.due == nil)
    #expect(schedule.cutoffs(at: .distantFuture) == nil)
  }

  @Test mutating func aConfigurationIsFollowedAtOnce() {
    schedule.configure(retention: .seconds(100), dedupe: .seconds(10), at: second(5))
    #expect(schedule.due == second(5))
    #expect(schedule.cutoffs(at: second(4)) == nil)
    let cutoffs = schedule.cutoffs(at: second(200))
    #expect(cutoffs == PruneCutoffs(events: second(100), envelopes: second(100), now: second(200)))
  }

  @Test mutating func aHashStaysAsLongAsItsEventOrLonger() {
    schedule.configure(retention: .seconds(100), dedupe: .seconds(150), at: second(5))
    #expect(schedule.cutoffs(at: second(200))?.envelopes == second(50))
  }

  @Test mutating func whereRoomIsNeededNoEventsAgeIsAskedForButHashesStay() {
    schedule.configure(retention: .seconds(100), dedupe: .seconds(10), at: second(5))
    let cutoffs = schedule.cutoffsForRoom(at: second(200))
    #expect(cutoffs == PruneCutoffs(events: .distantFuture, envelopes: second(190), now: second(200)))
  }

  @Test mutating func whatWasCommittedIsOldAfterItsTimeAndAnEarlierCauseComesFirst() {
    schedule.configure(retention: .seconds(100), dedupe: .seconds(10), at: second(0))
    schedule.pruned(PruneHeads(), at: second(0))
    #expect(schedule.due == nil)
    schedule.committed(at: second(7))
    #expect(schedule.due == second(107))
    schedule.committed(at: second(9))
    #expect(schedule.due == second(107))
  }

  /// An hour's retention is looked at again after 36 s at the earliest.
  @Test(arguments: [(10, 1), (3_600, 36), (1_000_000, 60)])
  mutating func whatFallsDueTogetherGoesTogether(retention: Int, pause: Int) {
    schedule.configure(retention: .seconds(retention), dedupe: .zero, at: second(0))
    let now = second(retention)
    schedule.pruned(PruneHeads(event: second(0)), at: now)
    #expect(schedule.due == now.advanced(by: .seconds(pause)))
    schedule.pruned(PruneHeads(event: second(500)), at: now)
    #expect(schedule.due == max(second(500 + retention), now.advanced(by: .seconds(pause))))
  }

  @Test mutating func anEnvelopeWithoutEventsIsWaitedForAsLongAsItsHashIsNeeded() {
    schedule.configure(retention: .seconds(100), dedupe: .seconds(150), at: second(0))
    schedule.pruned(PruneHeads(event: second(500), childless: second(400)), at: second(0))
    #expect(schedule.due == second(550))
    schedule.pruned(PruneHeads(event: second(440), childless: second(400)), at: second(0))
    #expect(schedule.due == second(540))
  }
}
