import Testing

@testable import RelayCore

/// When a lane asks its store for more.
@Suite struct LaneBacklogTests {
  private let now = LaneKit.now

  @Test func aNewLaneAsksForBothKindsOnce() {
    var lane = Lane(destination: Made.destination(), window: LaneWindow(deliveries: 100, bytes: 1_000))
    let claims = [lane.nextClaim(now: now), lane.nextClaim(now: now)].compactMap { $0 }
    #expect(claims.map(\.kind) == [.fresh, .retrying])
    #expect(claims.allSatisfy { $0.limit == 50 && $0.byteLimit == 500 && $0.now == now })
    #expect(lane.nextClaim(now: now) == nil)
    #expect(lane.deadline(now: now) == nil)
  }

  @Test func aRetryIsAskedForWhenItFallsDue() throws {
    var lane = LaneKit.lane()
    _ = lane.arrived(Made.delivery(1))
    _ = lane.start()
    let ended = lane.finish(1, 500)
    let settlement = try #require(ended)
    #expect(settlement.outcome == .retry(at: .second(101)) && settlement.attempts == 1)
    #expect(lane.deadline(now: now) == nil, "not on disk yet")
    lane.settled(.retry(at: .second(105)))
    lane.settled(settlement.outcome)
    lane.settled(.retry(at: .second(109)))
    #expect(lane.deadline(now: now) == .second(101))
    #expect(lane.nextClaim(now: now) == nil)
    let wish = lane.nextClaim(now: .second(101))
    let request = try #require(wish)
    #expect(request.kind == .retrying)
    lane.claimed(LaneKit.answer(request, nextDue: .second(105)), now: .second(101))
    #expect(lane.deadline(now: .second(101)) == .second(105))
  }

  @Test func aStoreThatCouldNotReadIsAskedAgainAfterASecond() throws {
    var lane = LaneKit.lane()
    lane.settled(.retry(at: now))
    let wish = lane.nextClaim(now: now)
    let request = try #require(wish)
    lane.claimed(LaneKit.answer(request, exhausted: false), now: now)
    #expect(lane.nextClaim(now: now) == nil)
    #expect(lane.deadline(now: now) == .second(101))
    #expect(lane.nextClaim(now: .second(101))?.kind == .retrying)
  }

  @Test func whatIsGivenBackDuringAClaimIsAskedForAgain() throws {
    var lane = Lane(destination: Made.destination(), window: LaneWindow(deliveries: 8, bytes: 64 << 20))
    let wish = lane.nextClaim(now: now)
    let request = try #require(wish)
    #expect(lane.arrived(Made.delivery(1)) != nil)
    lane.claimed(LaneKit.answer(request), now: now)
    #expect(lane.nextClaim(now: now)?.kind == .fresh)
  }

  @Test func aLaneThatComesBackAsksAgainWhateverAnOldClaimSays() throws {
    var lane = LaneKit.lane()
    lane.remove()
    lane.restore()
    let wishes = [lane.nextClaim(now: now), lane.nextClaim(now: now)].compactMap { $0 }
    #expect(wishes.map(\.kind) == [.fresh, .retrying])
    // Removed and back once more, while those claims are under way.
    lane.remove()
    lane.restore()
    for wish in wishes { lane.claimed(LaneKit.answer(wish), now: now) }
    #expect(
      [lane.nextClaim(now: now), lane.nextClaim(now: now)].compactMap(\.?.kind) == [.fresh, .retrying])
  }
}
