import Testing

@testable import RelayCore

/// When a lane asks its store for more.
@Suite struct LaneBacklogTests {
  private let now = LaneKit.now

  @Test func aNewLaneAsksForBothKindsOnce() {
    var lane = Lane(destination: Made.destination(), window: WindowSize(deliveries: 100, bytes: 1_000))
    let claims = [lane.nextClaim(now: now), lane.nextClaim(now: now)].compactMap { $0 }
    #expect(claims.map(\.kind) == [.fresh, .retrying])
    #expect(claims.map(\.limit) == [75, 25])
    #expect(claims.map(\.byteLimit) == [750, 250])
    #expect(claims.allSatisfy { $0.now == now })
    #expect(lane.nextClaim(now: now) == nil)
    #expect(lane.deadline(now: now) == nil)
  }

  @Test func aRetryIsAskedForWhenItFallsDue() throws {
    var lane = LaneKit.lane()
    _ = lane.arrived(Made.delivery(1))
    _ = lane.start()
    let ended = lane.finish(1, 500)
    let settlement = try #require(ended).settlement
    #expect(settlement.outcome == .retry(at: .tick(101)) && settlement.attempts == 1)
    #expect(lane.deadline(now: now) == nil, "not on disk yet")
    lane.settled(.retry(at: .tick(105)), now: now)
    lane.settled(settlement.outcome, now: now)
    lane.settled(.retry(at: .tick(109)), now: now)
    #expect(lane.deadline(now: now) == .tick(101))
    #expect(lane.nextClaim(now: now) == nil)
    let wish = lane.nextClaim(now: .tick(101))
    let request = try #require(wish)
    #expect(request.kind == .retrying)
    lane.claimed(LaneKit.answer(request, nextDue: .tick(105)), now: .tick(101))
    #expect(lane.deadline(now: .tick(101)) == .tick(105))
  }

  @Test func aStoreThatCouldNotReadIsAskedAgainAfterASecond() throws {
    var lane = LaneKit.lane()
    lane.settled(.retry(at: now), now: now)
    let wish = lane.nextClaim(now: now)
    let request = try #require(wish)
    lane.claimed(LaneKit.answer(request, exhausted: false), now: now)
    #expect(lane.nextClaim(now: now) == nil)
    #expect(lane.deadline(now: now) == .tick(101))
    #expect(lane.nextClaim(now: .tick(101))?.kind == .retrying)
  }

  @Test func whatIsGivenBackDuringAClaimIsAskedForAgain() throws {
    var lane = Lane(destination: Made.destination(), window: WindowSize(deliveries: 8, bytes: 64 << 20))
    let wish = lane.nextClaim(now: now)
    let request = try #require(wish)
    // One has room beside the claim, an eighth of the window; the next goes back to the store.
    #expect(lane.arrived(Made.delivery(1)) == [])
    #expect(lane.arrived(Made.delivery(2)) != [])
    #expect(lane.claimed(LaneKit.answer(request), now: now).isEmpty)
    #expect(lane.nextClaim(now: now)?.kind == .fresh)
    #expect(lane.start() == [1])
  }

  @Test func whatArrivesDuringAClaimFollowsWhatItBringsAndIsNotReadBack() {
    var lane = Lane(destination: Made.destination(), window: WindowSize(deliveries: 64, bytes: 64 << 20))
    let request = lane.nextClaim(now: now)
    #expect(lane.arrived(Made.delivery(7)) == [])
    let claim = Claim(destination: "d", kind: .fresh, deliveries: [Made.delivery(3)], isExhausted: true)
    #expect(request?.kind == .fresh)
    #expect(lane.claimed(claim, now: now).isEmpty)
    #expect(lane.nextClaim(now: now)?.kind == .retrying)
    #expect(lane.start() == [3, 7])
    // From now on it delivers from memory.
    #expect(lane.arrived(Made.delivery(8)) == [])
  }

  @Test func whatArrivesDuringAClaimGoesBackWhenOlderOnesAreLeft() {
    var lane = Lane(destination: Made.destination(), window: WindowSize(deliveries: 64, bytes: 64 << 20))
    #expect(lane.nextClaim(now: now)?.kind == .fresh)
    #expect(lane.arrived(Made.delivery(7)) == [])
    let claim = Claim(destination: "d", kind: .fresh, deliveries: [Made.delivery(3)], isExhausted: false)
    #expect(lane.claimed(claim, now: now) == [DeliveryID(rawValue: 7)])
    #expect(lane.start() == [3])
  }

  @Test func aLaneThatComesBackAsksAgainWhateverAnOldClaimSays() throws {
    var lane = LaneKit.lane()
    _ = lane.remove()
    _ = lane.reconfigure(lane.destination)
    let wishes = [lane.nextClaim(now: now), lane.nextClaim(now: now)].compactMap { $0 }
    #expect(wishes.map(\.kind) == [.fresh, .retrying])
    // Removed and back once more, while those claims are under way.
    _ = lane.remove()
    _ = lane.reconfigure(lane.destination)
    for wish in wishes { lane.claimed(LaneKit.answer(wish), now: now) }
    #expect(
      [lane.nextClaim(now: now), lane.nextClaim(now: now)].compactMap(\.?.kind) == [.fresh, .retrying])
  }
}
