import Testing

@testable import RelayCore

/// A lane whose destination takes batches.
@Suite struct LaneBatchTests {
  private func lane(
    concurrency: Int = 4, events: Int = 3, wait: Duration = .zero,
    change: (inout Destination) -> Void = { _ in }
  ) -> Lane {
    LaneKit.lane(concurrency: concurrency) {
      $0.batch = BatchPolicy(maxEvents: events, maxWait: wait)
      $0.format = .event
      change(&$0)
    }
  }

  private func fill(_ lane: inout Lane, _ ids: ClosedRange<Int64>, kind: (Int64) -> String = { _ in "t" }) {
    for id in ids { _ = lane.arrived(Made.delivery(id, kind: kind(id), received: LaneKit.now)) }
  }

  @Test func oneSlotHoldsWhatIsThere() {
    var lane = lane(concurrency: 2)
    fill(&lane, 1...8)
    let requests = lane.startRequests()
    #expect(requests == [[1, 2, 3], [4, 5, 6]])
    #expect(lane.status(at: LaneKit.now).inFlight.count == 6)
    let ended = lane.finish(1, 200)
    #expect(ended?.others.map(\.delivery.id.rawValue) == [2, 3])
    #expect(ended?.others.allSatisfy { $0.settlement.outcome == .delivered } == true)
    let next = lane.startRequests()
    #expect(next == [[7, 8]])
  }

  @Test func anEventWaitsForOthersNoLongerThanItShould() {
    var lane = lane(wait: .seconds(1))
    fill(&lane, 1...2)
    let early = lane.startRequests()
    #expect(early == [])
    #expect(lane.deadline(now: LaneKit.now) == .tick(101))
    #expect(lane.status(at: LaneKit.now).batchUntil == .tick(101))
    #expect(lane.status(at: .tick(101)).batchUntil == nil)
    let inTime = lane.startRequests(at: .tick(101))
    #expect(inTime == [[1, 2]])
    fill(&lane, 11...13)
    let full = lane.startRequests()
    #expect(full == [[11, 12, 13]], "a full one waits for nothing")
  }

  @Test func aProbeIsOneEvent() {
    var lane = lane { $0.circuit.failures = 1 }
    fill(&lane, 1...9)
    _ = lane.startRequests()
    lane.finish(1, Made.failure(.connectionRefused))
    #expect(lane.circuit.isOpen)
    for id in [4, 7] as [Int64] { lane.finish(id, Made.failure(.connectionRefused)) }
    fill(&lane, 11...19)
    let probes = lane.startRequests(at: .tick(110))
    #expect(probes == [[11]])
  }

  @Test func theRateCountsEvents() {
    var lane = lane(events: 50) { $0.rate = Rate(count: 20, per: .seconds(1)) }
    fill(&lane, 1...9)
    let first = lane.startRequests()
    #expect(first == [[1, 2]], "a burst is a tenth of a second's")
    let next = lane.startRequests(at: .millisecond(100_100))
    #expect(next == [[3, 4]])
  }

  /// Broken by one that sends an event the moment that its rate allows one: then there are no batches.
  @Test func theRateSavesUpForABatch() {
    var lane = lane(events: 50) { $0.rate = Rate(count: 20, per: .seconds(1)) }
    fill(&lane, 1...5)
    _ = lane.startRequests()
    let early = lane.startRequests(at: .millisecond(100_050))
    #expect(early == [])
    #expect(lane.status(at: .millisecond(100_050)).isRateUsedUp)
    #expect(lane.deadline(now: .millisecond(100_050)) == .millisecond(100_100))
    let inTime = lane.startRequests(at: .millisecond(100_100))
    #expect(inTime == [[3, 4]])
    let last = lane.startRequests(at: .millisecond(100_150))
    #expect(last == [[5]], "for what is not there nothing is saved up")
  }

  @Test func aBatchThatMayWaitIsAsLargeAsTheRateAllowsMeanwhile() {
    var lane = lane(events: 50, wait: .seconds(1)) { $0.rate = Rate(count: 20, per: .seconds(1)) }
    fill(&lane, 1...30)
    let first = lane.startRequests()
    #expect(first == [Array(1...20)])
    let early = lane.startRequests(at: .millisecond(100_900))
    #expect(early == [])
    let next = lane.startRequests(at: .tick(101))
    #expect(next == [Array(21...30)])
  }

  @Test func aFailureOfTheDestinationsKeepsAllForLaterAndCountsOnce() {
    var lane = lane { $0.circuit.failures = 2 }
    fill(&lane, 1...3)
    _ = lane.startRequests()
    let ended = lane.finish(1, 404)
    let settlements = [ended!.settlement] + ended!.others.map(\.settlement)
    #expect(settlements.allSatisfy { $0.attempts == 1 && $0.countedAttempts == 1 })
    #expect(settlements.allSatisfy { $0.outcome == .retry(at: .tick(101)) })
    #expect(!lane.circuit.isOpen)
  }

  @Test func anAnswerThatBlamesAnEventCountsForNobodyAndKillsNothing() {
    var lane = lane { $0.retry.maxAttempts = 1 }
    fill(&lane, 1...3)
    _ = lane.startRequests()
    let ended = lane.finish(1, 422)
    let settlements = [ended!.settlement] + ended!.others.map(\.settlement)
    #expect(settlements.allSatisfy { $0.attempts == 1 && $0.countedAttempts == 0 })
    #expect(settlements.allSatisfy { $0.outcome == .retry(at: LaneKit.now) })
    lane.bring((1...3).map { Made.delivery($0, attempts: 1, counted: 0) })
    let halves = lane.startRequests()
    #expect(halves == [[1, 2], [3]])
    let alone = lane.finish(3, 422)
    #expect(alone?.settlement.outcome == .dead(.permanent))
  }

  @Test(arguments: [500, 404]) func nobodyDiesOfAnothersFailureBeforeItHasGoneAlone(status: Int) {
    var lane = lane(concurrency: 1, events: 2) {
      $0.retry.maxAttempts = 1
      $0.retry.maxAge = .seconds(1)
    }
    fill(&lane, 1...2)
    _ = lane.startRequests()
    let ended = lane.finish(1, status, at: .tick(200))
    let settlements = [ended!.settlement] + ended!.others.map(\.settlement)
    #expect(settlements.allSatisfy { !$0.outcome.isFinal && $0.countedAttempts == 0 })
    lane.bring([Made.delivery(1, attempts: 1, counted: 0), Made.delivery(2, attempts: 1, counted: 0)])
    let alone = lane.startRequests(at: .tick(300))
    #expect(alone == [[1]])
    #expect(lane.finish(1, status, at: .tick(300))?.settlement.outcome == .dead(.exhausted))
  }

  @Test func aRunEndsBeforeAKindThatIsRefused() {
    var lane = lane(concurrency: 1, events: 9) {
      $0.ordering = .chat
      $0.circuit.failures = 1
    }
    // The kind b fails and opens it, a is served: so b is refused.
    _ = lane.arrived(Made.delivery(1, kind: "b"))
    _ = lane.startRequests()
    lane.finish(1, 404)
    _ = lane.arrived(Made.delivery(2, kind: "a"))
    _ = lane.startRequests(at: .tick(110))
    lane.finish(2, 200, at: .tick(110))
    var first = Made.delivery(11, chat: "1", kind: "a")
    first.followers = [Made.delivery(12, chat: "1", kind: "a"), Made.delivery(13, chat: "1", kind: "b")]
    _ = lane.promoted(first, now: .tick(110))
    let start = lane.nextAttempt(now: .tick(110))
    #expect(start?.others.map(\.id.rawValue) == [12] && start?.left.map(\.rawValue) == [13])
  }

  @Test func aMixedBatchThatFailedByAnAnswerGoesNextByKind() {
    var lane = lane(events: 4)
    fill(&lane, 1...4) { $0 % 2 == 0 ? "even" : "odd" }
    _ = lane.startRequests()
    lane.finish(1, 404)
    lane.bring((1...4).map { Made.delivery($0, kind: $0 % 2 == 0 ? "even" : "odd", attempts: 1) })
    let requests = lane.startRequests()
    #expect(requests == [[1, 3], [2, 4]])
  }

  @Test func aMixedFailureIsNoKindsOwn() {
    var lane = lane(events: 2) { $0.circuit.failures = 1 }
    fill(&lane, 1...2) { "k\($0)" }
    _ = lane.startRequests()
    lane.finish(1, 404)
    #expect(lane.circuit.isOpen && lane.circuit.failed.isEmpty)
  }

  @Test func fiveHundredsOfBatchesHalveTheNextOnesBeforeTheCircuitCounts() {
    var lane = lane(concurrency: 1, events: 8) { $0.circuit.failures = 2 }
    fill(&lane, 1...60)
    var sizes: [Int] = []
    for _ in 0..<6 {
      let requests = lane.startRequests()
      sizes += requests.map(\.count)
      #expect(!lane.circuit.isOpen)
      lane.finish(requests[0][0], 500)
    }
    #expect(sizes == [8, 8, 4, 2, 1, 8] && lane.circuit.isOpen, "one alone has failed: it is not the size")
  }

  @Test func aRunThatHasNoRoomGoesBackToTheStore() {
    var lane = lane(events: 2) { $0.ordering = .chat }
    var first = Made.delivery(1, chat: "a")
    first.followers = [2, 3, 4].map { Made.delivery($0, chat: "a") }
    _ = lane.promoted(first, now: LaneKit.now)
    let start = lane.nextAttempt(now: LaneKit.now)
    #expect(start?.others.map(\.id.rawValue) == [2] && start?.left.map(\.rawValue) == [3, 4])
  }

  @Test func aLaneThatIsHeldGivesRunsBackWhole() {
    var lane = lane { $0.ordering = .chat }
    var first = Made.delivery(1, chat: "a")
    first.followers = [Made.delivery(2, chat: "a")]
    _ = lane.promoted(first, now: LaneKit.now)
    let given = lane.hold()
    #expect(given.map(\.rawValue) == [1, 2])
  }
}

/// A destination that takes batches, a store, and time.
@Suite struct BatchPlayTests {
  private func destination(_ change: (inout Destination) -> Void = { _ in }) -> Destination {
    var destination = Made.destination(concurrency: 4)
    destination.batch = BatchPolicy(maxEvents: 50)
    destination.format = .event
    change(&destination)
    return destination
  }

  @Test func theCulpritIsFoundAndEverythingElseIsDelivered() {
    let culprits: Set<Int64> = [17, 63, 64]
    func answer(_ deliveries: [Delivery]) -> (AttemptResult, after: Duration) {
      let isRefused = deliveries.contains { culprits.contains($0.id.rawValue) }
      return (Made.result(isRefused ? 400 : 200), .milliseconds(10))
    }
    var play = Play([destination()], batches: { deliveries, _ in answer(deliveries) }) { delivery, _ in
      answer([delivery])
    }
    play.post(200, to: "d")
    play.run(for: .seconds(1))
    let dead = play.deliveries(of: "d").filter { $0.state == .dead(.permanent) }
    #expect(Set(dead.map(\.id.rawValue)) == culprits)
    #expect(play.count(.delivered, of: "d") == 197)
    #expect(dead.allSatisfy { $0.delivery.countedAttempts == 1 })
    #expect(play.requestSizes.count < 50, "\(play.requestSizes)")
  }

  @Test func oneEventThatTheDestinationFailsAtDoesNotHoldTheOthersForLong() {
    func answer(_ deliveries: [Delivery]) -> (AttemptResult, after: Duration) {
      (Made.result(deliveries.contains { $0.id.rawValue == 7 } ? 500 : 200), .milliseconds(10))
    }
    let taken = destination { $0.retry.jitter = 0 }
    var play = Play([taken], batches: { deliveries, _ in answer(deliveries) }) { delivery, _ in
      answer([delivery])
    }
    play.post(100, to: "d")
    play.run(for: .seconds(120))
    #expect(play.count(.delivered, of: "d") == 99)
    #expect(play.circuitChanges["d"] == nil)
  }

  @Test func anOrderedBacklogGoesInRunsAndStaysInOrder() {
    let ordered = destination { $0.ordering = .destination }
    var play = Play([ordered]) { _, _ in (Made.result(200), .milliseconds(10)) }
    play.post(500, to: "d")
    play.run(for: .seconds(2))
    #expect(play.count(.delivered, of: "d") == 500)
    #expect(play.starts["d"]?.map(\.id) == Array(1...500))
    #expect(play.requestSizes.count < 20, "\(play.requestSizes)")
    #expect(play.mostInFlight == 1)
  }
}
