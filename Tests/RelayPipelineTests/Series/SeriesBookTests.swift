import RelayCore
import Testing

@testable import RelayPipeline

/// What samples are made of, and where they are shown.
@Suite struct SeriesBookTests {
  // MARK: Samples

  @Test func aSampleHasWhatWasCountedSinceTheOneBefore() throws {
    var run = SeriesRun(.of(attempts: 100, failed: 10, delivered: 90, accepted: 7))
    run.next(.of(attempts: 105, failed: 12, delivered: 93, pending: 4, accepted: 9))
    run.next(.of(attempts: 105, failed: 12, delivered: 93, pending: 6, accepted: 10))
    let report = run.last(2)
    let crm = try #require(report.destination())
    #expect(crm.attempts.shown == [5, 0])
    #expect(crm.failed.shown == [2, 0])
    #expect(crm.delivered.shown == [3, 0])
    #expect(crm.pending.shown == [4, 6])
    #expect(report.sources.map(\.accepted.shown) == [[2, 1]])
    #expect(report.sources.map(\.events.shown) == [[4, 2]])
    #expect(report.since == .series(0) && report.until == .series(20))
  }

  @Test func whatAStoreDoesNotSayIsNotZero() throws {
    var run = SeriesRun()
    run.next(.of(attempts: 1, pending: nil))
    let crm = try #require(run.last(1).destination())
    #expect(crm.attempts.shown == [1])
    #expect(crm.pending.shown == [nil] && crm.dead.shown == [nil])
    #expect(run.last(1).storeBytes.shown == [nil])
  }

  /// Broken by a sum over samples: a median of medians is none.
  @Test func fiveMinutesAreMeasuredOverTheirWholeTime() throws {
    // Half of the deliveries of the first step take up to 5 ms, then three times as many a minute.
    let bounds = HistogramScale.deliveryLatency.bounds
    func counts(_ fast: Int, _ slow: Int) -> [Int] {
      var counts = Array(repeating: 0, count: bounds.count + 1)
      (counts[1], counts[9]) = (fast, slow)
      return counts
    }
    var run = SeriesRun(.of(latencies: counts(0, 0)))
    run.next(.of(attempts: 100, delivered: 100, pending: 3, latencies: counts(100, 0)))
    for _ in 0..<29 {
      run.next(.of(attempts: 400, delivered: 400, pending: 5, latencies: counts(100, 300)))
    }
    let crm = try #require(run.last(1, .fiveMinutes).destination())
    #expect(crm.attempts.shown == [400])
    #expect(crm.pending.shown == [5])
    let median = try #require(crm.latencyMedianMilliseconds.shown.first ?? nil)
    #expect(median > 10_000 && median < 60_000)
    let fast = try #require(
      run.last(30).destination()?.latencyMedianMilliseconds.shown.first ?? nil)
    #expect(fast > 2.5 && fast <= 5)
  }

  @Test func fiveMinutesThatAreNotOverAreNotShown() {
    var run = SeriesRun()
    for _ in 0..<29 { run.next(.of(attempts: 9)) }
    #expect(run.report(SeriesRequest(step: .fiveMinutes)).destination()?.attempts.shown.last == .some(nil))
    run.next(.of(attempts: 9))
    #expect(run.report(SeriesRequest(step: .fiveMinutes)).destination()?.attempts.shown.last == 9)
  }

  @Test func aLateTimerCountsInTheStepThatHasEnded() {
    var book = SeriesBook(.of())
    _ = book.take(.of(attempts: 1), at: .series(10.02))
    _ = book.take(.of(attempts: 3), at: .series(24.9))
    _ = book.take(.of(attempts: 7), at: .series(30.01))
    let report = book.report(SeriesRequest(since: .series(0)), at: .series(30.02), ClockHistory())
    #expect(report.destination()?.attempts.shown == [1, 2, 4])
  }

  @Test func aStepInWhichNobodyLookedHasNoSample() {
    var run = SeriesRun()
    run.next(.of(attempts: 1))
    run.sleep(.seconds(30))
    run.next(.of(attempts: 5))
    #expect(run.last(5).destination()?.attempts.shown == [1, nil, nil, nil, 4])
  }

  @Test func whatIsOlderThanAnHourIsWrittenOver() {
    var run = SeriesRun()
    for number in 1...400 { run.next(.of(attempts: number)) }
    let shown = run.report().destination()?.attempts.shown
    #expect(shown?.count == 360 && shown?.allSatisfy { $0 == 1 } == true)
  }

  /// Broken by a chart whose end is nothing for as long as the sample is being taken.
  @Test func aStepThatHasEndedJustNowIsNotMissing() {
    var run = SeriesRun()
    run.next(.of(attempts: 1))
    let early = run.book.report(SeriesRequest(), at: .series(20.5), ClockHistory())
    #expect(early.until == .series(10) && early.destination()?.attempts.shown.last == 1)
    // It does not come: then it is missing.
    let late = run.book.report(SeriesRequest(), at: .series(27), ClockHistory())
    #expect(late.until == .series(20) && late.destination()?.attempts.shown.suffix(2) == [1, nil])
  }

  // MARK: Restarts

  @Test func whatAnEarlierRunHasLeftIsGoneOnWith() throws {
    var first = SeriesRun()
    first.next(.of(attempts: 4))
    first.next(.of(attempts: 9))
    // It was killed, and is back half a minute later; its counters begin at nothing.
    var second = SeriesRun(.of(), from: .series(52))
    second.book.load(first.book.kept, at: second.now)
    second.next(.of(attempts: 2))
    #expect(second.last(6).destination()?.attempts.shown == [4, 5, nil, nil, nil, 2])
  }

  @Test func stepsThatARestartCutsInTwoHaveTheCountsOfBothParts() {
    var first = SeriesRun(.of(), from: .series(0))
    first.next(.of(attempts: 4))
    _ = first.book.take(.of(attempts: 7), at: .series(13), isLast: true)
    var second = SeriesRun(.of(), from: .series(15))
    second.book.load(first.book.kept, at: second.now)
    second.next(.of(attempts: 20))
    #expect(second.last(2).destination()?.attempts.shown == [4, 23])
    for _ in 0..<28 { second.next(.of(attempts: 20)) }
    #expect(second.last(1, .fiveMinutes).destination()?.attempts.shown == [27])
  }

  /// A store that was put back from a copy has an earlier time; so has a new one, perhaps.
  @Test func whatLiesInTheFutureIsOfAnotherTime() {
    var first = SeriesRun(.of(), from: .series(3_000))
    first.next(.of(attempts: 4))
    var second = SeriesRun(.of(), from: .series(0))
    second.book.load(first.book.kept, at: second.now)
    second.next(.of(attempts: 1))
    #expect(
      second.book.kept.samples(.tenSeconds).map(\.number) == [SeriesStep.tenSeconds.number(at: .series(0))])
    #expect(second.book.kept.samples(.fiveMinutes).count == 1)
  }

  // MARK: Destinations that come and go

  @Test func aNewDestinationHasNoSamplesFromBefore() throws {
    var run = SeriesRun()
    run.next(.of(attempts: 1))
    let change = run.next(.of(attempts: 2).configured(["bi", "crm"]))
    #expect(change == .names)
    let report = run.last(2)
    #expect(report.destinations.map(\.name) == ["bi", "crm"])
    #expect(report.destination("bi")?.attempts.shown == [nil, 0])
    #expect(report.destination("crm")?.attempts.shown == [1, 1])
  }

  @Test func anotherOrderOfTheSameNamesWritesNothingAnew() {
    var run = SeriesRun()
    run.next(.of().configured(["bi", "crm"]))
    #expect(run.next(.of().configured(["crm", "bi"])) != .names)
    #expect(run.last(1).destinations.map(\.name) == ["crm", "bi"])
  }

  @Test func aDestinationThatComesBackGoesOnWithoutWhatItDidMeanwhile() {
    var run = SeriesRun()
    run.next(.of(attempts: 1))
    // What was in flight ends.
    run.next(.of(attempts: 3).configured(["bi"]))
    #expect(run.last(2).destinations.map(\.name) == ["bi", "crm"])
    run.next(.of(attempts: 4).configured(["bi", "crm"]))
    #expect(run.last(3).destination("crm")?.attempts.shown == [1, nil, 1])
  }

  @Test func aDestinationThatIsGoneIsShownWhereItHasSamples() {
    var run = SeriesRun()
    run.next(.of(attempts: 1))
    run.next(.of(attempts: 1).configured(["bi"]))
    #expect(run.last(2).destinations.map(\.name) == ["bi", "crm"])
    #expect(run.last(1).destinations.map(\.name) == ["bi"])
  }

  @Test func ofTooManyDestinationsTheFirstOfTheConfigurationAreKept() {
    let names = (0..<300).map { "d\($0)" }
    var run = SeriesRun(SeriesReading().configured(names, sources: []))
    run.next(SeriesReading().configured(names, sources: []))
    #expect(run.last(1).destinations.map(\.name) == Array(names.prefix(256)))
    // Room for what is configured comes before what is gone.
    run.next(SeriesReading().configured(names.reversed(), sources: []))
    #expect(run.last(1).destinations.map(\.name) == Array(names.reversed().prefix(256)))
  }

  // MARK: The wall clock

  @Test func aWallClockThatWasSetForwardLeavesAGap() {
    var run = SeriesRun()
    run.next(.of(attempts: 1))
    run.history = ClockHistory([
      .init(from: .series(-1_000), offset: .zero), .init(from: .series(10.5), offset: .seconds(30)),
    ])
    run.next(.of(attempts: 3))
    run.next(.of(attempts: 6))
    let report = run.last(6)
    #expect(report.until == .series(60))
    #expect(report.destination()?.attempts.shown == [1, 2, nil, nil, nil, 3].map { $0 })
  }

  @Test func aWallClockThatWasSetBackShowsWhatCameSecond() {
    var run = SeriesRun()
    for number in 1...4 { run.next(.of(attempts: number * number)) }
    run.history = ClockHistory([
      .init(from: .series(-1_000), offset: .zero), .init(from: .series(39), offset: .seconds(-30)),
    ])
    run.next(.of(attempts: 116))
    let report = run.last(2)
    #expect(report.until == .series(20))
    #expect(report.destination()?.attempts.shown == [1, 100])
  }

  @Test func stepsBeginWhereTheWallClockShowsThem() {
    var run = SeriesRun()
    run.history = ClockHistory([.init(from: .series(-1_000), offset: .milliseconds(3_270))])
    run.next(.of(attempts: 1))
    #expect(run.last(1).since == .series(3.27))
    // A time within a step means the whole step.
    let asked = run.report(SeriesRequest(since: .series(5), until: .series(6)))
    #expect(asked.since == .series(3.27) && asked.until == .series(13.27))
    #expect(asked.destination()?.attempts.shown == [1])
  }

  @Test func whatIsAskedForOutsideOfWhatIsKeptIsEmpty() {
    var run = SeriesRun()
    run.next(.of(attempts: 1))
    for request in [
      SeriesRequest(since: .series(5_000), until: .series(6_000)),
      SeriesRequest(since: .series(-9_000), until: .series(-8_000)),
      SeriesRequest(since: Timestamp(microseconds: .min), until: .epoch),
    ] {
      let report = run.report(request)
      #expect(report.since == report.until && report.destination()?.attempts.shown == [])
      #expect(report.storeBytes.shown == [])
    }
    let all = run.report(SeriesRequest(since: .epoch, until: .distantFuture))
    #expect(all.until == .series(10) && all.destination()?.attempts.shown.count == 360)
  }

  @Test func onlyTheDestinationsThatAreAskedForAreShown() {
    var run = SeriesRun()
    run.next(.of().configured(["bi", "crm", "audit"]))
    let report = run.report(SeriesRequest(destinations: ["audit", "bi"]))
    #expect(report.destinations.map(\.name) == ["bi", "audit"])
    #expect(report.sources.map(\.name) == ["huggy"])
  }
}

/// The share of observations below a value, as buckets tell.
@Suite struct QuantileTests {
  private let scale = HistogramScale.deliveryLatency
  private func counts(_ counts: [Int: Int]) -> [Int] {
    (0...scale.bounds.count).map { counts[$0] ?? 0 }
  }

  @Test func theyAreSpreadEvenlyInTheirBucket() {
    // Ten between 2.5 and 5 ms.
    #expect(scale.quantile(0.5, of: counts([1: 10])) == 3_750)
    #expect(scale.quantile(1, of: counts([1: 10])) == 5_000)
    #expect(scale.quantile(0.5, of: counts([0: 2])) == 1_250)
  }

  @Test func theyAreFoundInTheBucketOfTheirRank() {
    let counts = counts([0: 50, 3: 49, 9: 1])
    #expect(scale.quantile(0.5, of: counts) == 2_500)
    #expect(scale.quantile(0.99, of: counts) == 25_000)
    #expect(scale.quantile(0.995, of: counts) == 35_000_000)
  }

  @Test func beyondTheLastBoundItIsThatBound() {
    #expect(scale.quantile(0.5, of: counts([scale.bounds.count: 3])) == 86_400_000_000)
  }

  @Test func ofNothingThereIsNone() {
    #expect(scale.quantile(0.5, of: counts([:])) == nil)
    #expect(scale.quantile(0.5, of: []) == nil)
  }
}
