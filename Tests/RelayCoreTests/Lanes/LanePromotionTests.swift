import Testing

@testable import RelayCore

/// Deliveries whose turn in their order key has come.
@Suite struct LanePromotionTests {
  private let now = LaneKit.now

  @Test func itDoesNotWaitBehindTheBacklog() {
    var lane = Lane(destination: Made.destination(), window: WindowSize(deliveries: 64, bytes: 64 << 20))
    #expect(lane.arrived(Made.delivery(9)) != [], "older ones may be in the store")
    #expect(lane.promoted(Made.delivery(2), now: now) == [])
    #expect(lane.start() == [2])
  }

  @Test func oneThatWasAttemptedBeforeIsARetry() {
    var lane = LaneKit.lane(concurrency: 4)
    for id in 1...9 as ClosedRange<Int64> {
      #expect(lane.promoted(Made.delivery(id, attempts: 1), now: now) == [])
    }
    #expect(lane.start().count == 3, "a slot is left to fresh ones")
  }

  @Test func oneThatIsNotDueGoesBackAndIsAskedForInTime() throws {
    var lane = LaneKit.lane()
    #expect(lane.promoted(Made.delivery(3, attempts: 2, due: .tick(160)), now: now) != [])
    #expect(lane.deadline(now: now) == .tick(160))
    #expect(lane.nextClaim(now: .millisecond(159_999)) == nil)
    #expect(lane.nextClaim(now: .tick(160))?.kind == .retrying)
    #expect(lane.promoted(Made.delivery(4, attempts: 2, due: .tick(160)), now: .tick(160)) == [])
  }

  @Test func oneThatGoesBackDuringAClaimIsAskedForAgain() throws {
    var lane = LaneKit.lane()
    lane.settled(.retry(at: now), now: now)
    let wish = lane.nextClaim(now: now)
    let request = try #require(wish)
    _ = lane.promoted(Made.delivery(3, attempts: 2, due: .tick(160)), now: now)
    // The store looked for retries before it got this one back.
    lane.claimed(LaneKit.answer(request), now: now)
    let again = lane.nextClaim(now: now)
    lane.claimed(LaneKit.answer(try #require(again), nextDue: .tick(160)), now: now)
    #expect(lane.deadline(now: now) == .tick(160))
  }

  @Test(arguments: [(0, 12), (1, 4)])
  func noMoreThanTwiceItsPartIsHeld(attempts: Int, most: Int64) {
    var lane = LaneKit.lane(concurrency: 16, deliveries: 8)
    let refused = (1...20).flatMap { lane.promoted(Made.delivery($0, attempts: attempts), now: now) }
    #expect(refused.map(\.rawValue) == Array(most + 1...20))
    #expect(lane.start().count == Int(most))
    #expect(lane.nextClaim(now: now)?.kind == (attempts == 0 ? .fresh : .retrying))

    var small = LaneKit.lane(bytes: 1 << 20)
    #expect(small.promoted(Made.delivery(1, bytes: 4 << 20, attempts: attempts), now: now) == [])
    #expect(small.promoted(Made.delivery(2, attempts: attempts), now: now) != [])
  }
}
