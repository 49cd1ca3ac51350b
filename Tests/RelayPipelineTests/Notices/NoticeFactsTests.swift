import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// What of the relay's status is told, and how.
@Suite struct NoticeFactsTests {
  private let metrics = RelayMetrics(Configuration())
  private var status = RelayStatus(
    version: "1", uptime: .seconds(1),
    store: RelayStatus.Store(kind: "sqlite", bytes: 0, limitBytes: 1_000, refusal: nil), destinations: [],
    routes: [], configurationHash: "", configurationLoadedAt: .second(0), reloadErrors: [])
  private var condition = StoreCondition()
  private var crm = DestinationStatus(name: "crm")
  /// The wall clock is 100 s ahead.
  private var history = ClockHistory([ClockHistory.Step(from: .epoch, offset: .seconds(100))])

  private func state(_ kind: NoticeKind, _ subject: NoticeSubject = NoticeSamples.crm) -> NoticeState? {
    var status = status
    status.destinations = [crm]
    let facts = NoticeFacts(status, condition, metrics, history: history)
    return facts.states[NoticeSamples.key(kind, subject)]
  }

  @Test mutating func anOpenCircuitIsDownSinceItOpened() {
    (crm.circuit, crm.circuitOpenSince, crm.lastFailure) = (.open, .second(1_090), "status 503")
    crm.pending = 7
    #expect(state(.down) == .on(since: .second(990), "status 503, 7 pending"))
  }

  /// Broken by a time that is reckoned from what the clock shows now.
  @Test mutating func aStepOfTheWallClockMovesNoBeginning() {
    let offsets = [(Timestamp.epoch, 100), (Timestamp.second(995), 3_700)]
    history = ClockHistory(offsets.map { ClockHistory.Step(from: $0.0, offset: .seconds($0.1)) })
    (crm.circuit, crm.circuitOpenSince, crm.lastFailure) = (.open, .second(1_090), "status 503")
    #expect(state(.down) == .on(since: .second(990), "status 503"))
  }

  /// After a restart a circuit is closed: it says nothing. But what fails from the first attempt on has not come up.
  @Test mutating func onlyASuccessSaysThatItIsUp() {
    #expect(state(.down)?.standing == .unknown)
    (crm.failingSince, crm.lastFailure) = (.second(1_000), "status 503")
    #expect(state(.down) == .persists("status 503"))
    crm.failingSince = nil
    let answered = AttemptResult.Response.status(200, body: [], retryAfter: nil)
    metrics.destination("crm").attempt(
      AttemptResult(startedAt: .second(0), duration: .seconds(1), response: answered))
    #expect(state(.down)?.standing == .off)
    crm.failingSince = .second(1_000)
    #expect(state(.down)?.standing == .off, "it was up, and the circuit is not open yet")
    crm.circuit = .recovering
    #expect(state(.down)?.standing == .off)
  }

  @Test mutating func ofAPausedOneNobodyKnowsWhetherItIsDown() {
    (crm.circuit, crm.isPaused) = (.open, true)
    #expect(state(.down)?.standing == .unknown)
    #expect(state(.paused) == .on(least: NoticeFacts.leastPause, "until somebody resumes it"))
    crm.pausedSince = .second(1_090)
    #expect(state(.paused)?.since == .second(990), "as the store knows it, over restarts")
    (crm.pausedSince, crm.pausedUntil) = (nil, .second(0))
    #expect(state(.paused)?.detail == "until 2026-01-02 03:04:05 UTC")
    (crm.isPaused, crm.pausedUntil) = (false, nil)
    #expect(state(.paused)?.standing == .off)
    crm.pausedAt = "routes.yaml:7"
    #expect(state(.paused)?.detail == "by the configuration (routes.yaml:7)")
  }

  @Test mutating func whatIsOverdueIsLateUnlessItIsPaused() {
    (crm.isLate, crm.oldestDue, crm.pending) = (true, .seconds(1_200), 7)
    #expect(state(.late) == .on("the oldest has been due for 20 min, 7 pending"))
    crm.isPaused = true
    #expect(state(.late)?.standing == .off)
    (crm.isPaused, crm.pausedAt) = (false, "routes.yaml:7")
    #expect(state(.late)?.standing == .off)
    (crm.isLate, crm.pausedAt) = (false, nil)
    #expect(state(.late)?.standing == .off)
    status.store.unreadFor = .seconds(1)
    #expect(state(.late)?.standing == .unknown)
  }

  @Test mutating func aSourceIsQuietSinceItFellSilentAndUntilItIsHeard() {
    func quiet(_ silence: SourceSilence?, heard: Timestamp?) -> NoticeState? {
      var status = status
      status.sources = [
        SourceStatus(name: "huggy", path: "/huggy", token: .none, lastEnvelope: heard, silence: silence)
      ]
      let facts = NoticeFacts(status, condition, metrics, history: history)
      return facts.states[NoticeSamples.key(.quiet, .source("huggy"))]
    }
    #expect(quiet(nil, heard: .second(0)) == nil)
    #expect(
      quiet(SourceSilence(since: .second(700)), heard: .second(100))
        == .on(since: .second(600), "the last one came at 2026-01-02 03:05:45 UTC"))
    #expect(quiet(SourceSilence(since: nil), heard: .second(1_090)) == .off(since: .second(990)))
    #expect(quiet(SourceSilence(since: nil), heard: nil)?.standing == .unknown)
  }

  @Test mutating func anOrphanIsToldWithWhatItIsOwed() {
    #expect(state(.orphaned)?.standing == .off)
    (crm.isOrphaned, crm.pending, crm.dead) = (true, 3, 1)
    #expect(state(.orphaned) == .on("3 pending, 1 dead"))
    #expect(state(.down) == nil)
    status.store.unreadFor = .seconds(1)
    #expect(state(.orphaned)?.standing == .unknown)
  }

  @Test mutating func theStoreIsNearlyFullAt95PercentAndHasRoomBelow93() {
    let key = NoticeSubject.store(.nearlyFull)
    for (bytes, standing) in [
      (929, NoticeState.Standing.off), (930, .unknown), (949, .unknown), (950, .on), (1_000, .on),
    ] {
      status.store.bytes = bytes
      #expect(state(.store, key)?.standing == standing, "\(bytes)")
    }
    condition.refusal = StoreError(code: .full, message: "the disk of the store is full")
    #expect(state(.store, key)?.standing == .unknown)
    #expect(state(.store, .store(.refuses)) == .on("the disk of the store is full"))
    condition.refusal = nil
    #expect(state(.store, .store(.refuses))?.standing == .off)
  }

  @Test mutating func whoHoldsTheLogIsNamed() {
    #expect(state(.store, .store(.log))?.standing == .off)
    condition.logHolder = "sqlite3 (process 7)"
    #expect(state(.store, .store(.log)) == .on("sqlite3 (process 7) holds it"))
  }

  @Test mutating func aReloadThatFailedSaysItsFirstError() {
    #expect(state(.reload, .relay)?.standing == .off)
    status.reloadErrors = ["routes.yaml:4:1: x", "routes.yaml:5:1: y"]
    #expect(state(.reload, .relay) == .on("routes.yaml:4:1: x (and 1 more)"))
  }

  @Test mutating func aClockThatNobodyHasComparedIsNotKnown() {
    #expect(state(.clock, .relay)?.standing == .unknown)
    status.clockOffset = .seconds(60)
    #expect(state(.clock, .relay)?.standing == .off)
    status.clockOffset = .seconds(-312)
    #expect(state(.clock, .relay) == .on("312 s behind"))
  }

  @Test mutating func whatIsCountedComesFromTheCountersAndTheStore() {
    metrics.destination("crm").settled(.dead, 2)
    metrics.destination("crm").settled(.overflow, 5)
    (crm.dead, crm.overflowed) = (9, 8)
    status.destinations = [crm]
    let source = metrics.source("huggy")
    for outcome in EnvelopeOutcome.allCases { source.envelope(outcome) }
    status.sources = [SourceStatus(name: "huggy", path: "/huggy", token: .none, refused: 0)]
    let facts = NoticeFacts(status, condition, metrics, history: history)
    #expect(
      facts.counts == [
        NoticeSamples.key(.dead): NoticeCount(total: 2, stored: 9),
        NoticeSamples.key(.overflow): NoticeCount(total: 5, stored: 8),
      ])
    #expect(
      facts.refusals == [
        "huggy": SourceCounts(
          unauthorized: 1, forbidden: 1, rateLimited: 1, tooLarge: 1, unavailable: 1, accepted: 3)
      ])
  }
}
