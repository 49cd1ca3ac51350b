import RelayTestSupport
import Testing

@testable import RelayCore

@Suite struct ConcurrencyLimitTests {
  private typealias Reading = ConcurrencyLimit.Reading

  /// What it is told of a time, in milliseconds.
  private struct Happening {
    var at: Int64
    /// nil: an attempt ended.
    var isFull: Bool?
    var took: Int64 = 0
  }

  /// What it should say, by going through all that happened.
  private static func expected(_ happenings: [Happening], at now: Int64, concurrency: Int) -> Reading? {
    guard let began = happenings.first?.at else { return nil }
    // It counts in buckets of five seconds: the one that is being filled, and twelve before it.
    let from = max(began, (now / 5_000 - 12) * 5_000)
    guard now - from >= 5_000 else { return nil }
    var (full, since) = (Int64(0), Int64?.none)
    let ended = happenings.filter { $0.isFull == nil && $0.at >= (now / 5_000 - 12) * 5_000 }
    for one in happenings + [Happening(at: now, isFull: false)] {
      guard let isFull = one.isFull else { continue }
      if isFull {
        since = since ?? one.at
      } else if let start = since {
        full += max(0, one.at - max(start, from))
        since = nil
      }
    }
    let taken = ended.reduce(0) { $0 + $1.took }
    guard full > 0, !ended.isEmpty, taken > 0 else { return nil }
    return Reading(
      share: Double(full) / Double(now - from),
      meanDuration: .microseconds(taken * 1_000 / Int64(ended.count)), concurrency: concurrency)
  }

  @Test(arguments: 0..<200) func itSaysWhatAnAccountOfAllThatHappenedSays(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var limit = ConcurrencyLimit()
    var happenings: [Happening] = []
    var now = Int64.random(in: 0..<1_000_000_000, using: &random)
    // Some are told of much in a moment, others of little in an hour.
    let pause = Int64([100, 1_000, 30_000].randomElement(using: &random) ?? 1)
    var (told, silent) = (0, 0)
    for _ in 0..<300 {
      now += Int64.random(in: 0...pause, using: &random)
      if Bool.random(using: &random) {
        let isFull = Bool.random(using: &random)
        limit.note(isFull: isFull, at: .millisecond(now))
        happenings.append(Happening(at: now, isFull: isFull))
      } else {
        let took = Int64.random(in: 0..<5_000, using: &random)
        limit.attemptEnded(took: .milliseconds(took), at: .millisecond(now))
        happenings.append(Happening(at: now, took: took))
      }
      let later = now + Int64.random(in: 0...pause, using: &random)
      let found = limit.reading(at: .millisecond(later), concurrency: 7)
      let expected = Self.expected(happenings, at: later, concurrency: 7)
      #expect(found?.meanDuration == expected?.meanDuration)
      #expect(abs((found?.share ?? -1) - (expected?.share ?? -1)) < 1e-9, "at \(later)")
      if expected == nil { silent += 1 } else { told += 1 }
    }
    #expect(told > 0 && silent > 0, "both must have been tried")
  }

  @Test func whatWasAMinuteAgoIsForgotten() {
    var limit = ConcurrencyLimit()
    limit.note(isFull: true, at: .tick(1_000))
    limit.attemptEnded(took: .seconds(1), at: .tick(1_010))
    limit.note(isFull: false, at: .tick(1_010))
    #expect(limit.reading(at: .tick(1_010), concurrency: 4)?.share == 1)
    #expect(limit.reading(at: .tick(1_040), concurrency: 4)?.share == 0.25)
    #expect(limit.reading(at: .tick(1_080), concurrency: 4) == nil)
  }

  @Test func slotsThatAreTakenNowCountUntilNow() {
    var limit = ConcurrencyLimit()
    limit.note(isFull: true, at: .tick(1_000))
    limit.attemptEnded(took: .milliseconds(250), at: .tick(1_020))
    #expect(
      limit.reading(at: .tick(1_020), concurrency: 16)
        == Reading(share: 1, meanDuration: .milliseconds(250), concurrency: 16))
    // Taken for hours: no more is added up than the buckets hold.
    limit.attemptEnded(took: .milliseconds(250), at: .tick(9_999))
    #expect(limit.reading(at: .tick(10_000), concurrency: 16)?.share == 1)
  }

  @Test func aFewSecondsSayNothing() {
    var limit = ConcurrencyLimit()
    limit.note(isFull: true, at: .tick(1_000))
    limit.attemptEnded(took: .seconds(1), at: .tick(1_001))
    #expect(limit.reading(at: .tick(1_004), concurrency: 4) == nil)
    #expect(limit.reading(at: .tick(1_005), concurrency: 4) != nil)
  }

  private func reading(share: Double = 0.97, concurrency: Int = 16) -> Reading {
    Reading(share: share, meanDuration: .milliseconds(243), concurrency: concurrency)
  }

  @Test func whatIsTakenForHalfOfTheTimeIsALimit() {
    #expect(reading(share: 0.5).isLimiting)
    #expect(!reading(share: 0.49).isLimiting)
  }

  @Test func whatTheSlotsAllowIsTheirNumberThroughTheMean() {
    #expect(abs(reading().attemptsPerSecond - 65.84) < 0.01)
  }

  @Test(
    arguments: [
      (130.0, 1.0, 38), (130, 2, 19), (130, 3, nil), (10, 1, nil), (3_429, 1, 1_000), (3_430, 1, nil),
      (nil, 1, nil),
    ] as [(Double?, Double, Int?)])
  func whatIsSuggestedCarriesWhatArrivesWithAFifthToSpare(
    arriving: Double?, eventsPerRequest: Double, suggested: Int?
  ) {
    #expect(
      reading().suggestedConcurrency(arriving: arriving, eventsPerRequest: eventsPerRequest) == suggested)
  }
}

/// What a lane tells its `ConcurrencyLimit`.
@Suite struct LaneConcurrencyTests {
  /// A lane of two slots in which both are taken for ten seconds by attempts of a second.
  private func lane(
    deliveries: Int64, concurrency: Int = 2, change: (inout Destination) -> Void = { _ in }
  ) -> Lane {
    var lane = LaneKit.lane(concurrency: concurrency, change: change)
    for id in 1...deliveries { _ = lane.arrived(Made.delivery(id)) }
    for second in 0..<10 { turn(&lane, at: .tick(100 + Int64(second))) }
    return lane
  }

  /// What is in flight ends after a second, and what may start starts.
  private func turn(_ lane: inout Lane, at now: Timestamp) {
    for id in lane.slots.inFlight.keys {
      _ = lane.finished(id, result: Self.second, now: now, random: 0)
    }
    _ = lane.advance(to: now)
    _ = lane.start(at: now)
    lane.noteSlots(at: now, mayStart: true)
  }

  private static var second: AttemptResult {
    AttemptResult(
      startedAt: .epoch, duration: .seconds(1), response: .status(200, body: [], retryAfter: nil))
  }

  private func reading(_ lane: Lane) -> ConcurrencyLimit.Reading? {
    lane.status(at: .tick(110)).concurrencyLimit
  }

  @Test func slotsThatAreAllTakenWhileMoreIsDueAreTold() {
    #expect(
      reading(lane(deliveries: 100))
        == ConcurrencyLimit.Reading(share: 1, meanDuration: .seconds(1), concurrency: 2))
  }

  @Test func slotsThatAreAllTakenWhileNothingWaitsAreNot() {
    #expect(reading(lane(deliveries: 2)) == nil)
    #expect(reading(lane(deliveries: 100, concurrency: 200)) == nil, "more slots than deliveries")
  }

  @Test func aRateThatHoldsIsNotTakenForTheSlots() {
    #expect(
      reading(lane(deliveries: 100, concurrency: 1) { $0.rate = Rate(count: 1, per: .seconds(60)) }) == nil)
  }

  @Test func whileItIsPausedOrTheStoreHoldsItSaysNothing() {
    var lane = LaneKit.lane(concurrency: 2)
    for id in 1...10 { _ = lane.arrived(Made.delivery(Int64(id))) }
    _ = lane.start()
    lane.noteSlots(at: .tick(100), mayStart: false)
    lane.pause(until: .distantFuture)
    lane.noteSlots(at: .tick(101), mayStart: true)
    _ = lane.finished(DeliveryID(rawValue: 1), result: Self.second, now: .tick(109), random: 0)
    #expect(reading(lane) == nil)
  }

  @Test func otherSlotsBeginAnew() {
    var lane = lane(deliveries: 100)
    var destination = lane.destination
    destination.concurrency = 3
    _ = lane.reconfigure(destination)
    #expect(reading(lane) == nil)
  }
}
