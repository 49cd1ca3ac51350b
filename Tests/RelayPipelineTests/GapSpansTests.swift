import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

@Suite struct GapSpansTests {
  @Test func refusalsThatFollowOneAnotherAreOneSpan() {
    var spans = GapSpans()
    for second in [0, 50, 110, 171, 172] {
      spans.refused(.unauthorized, source: "huggy", reason: "missing_token", at: .second(second))
    }
    spans.refused(.unauthorized, source: "other", reason: "invalid_token", at: .second(60))
    spans.refused(.unavailable, source: "huggy", reason: "unavailable", at: .second(60))
    let found = spans.unwritten.map {
      "\($0.kind) \($0.source ?? "-") \($0.began)-\($0.ended) \($0.count) \($0.reason)"
    }
    #expect(
      Set(found) == [
        "unauthorized huggy \(Timestamp.second(0))-\(Timestamp.second(110)) 3 missing_token",
        "unauthorized huggy \(Timestamp.second(171))-\(Timestamp.second(172)) 2 missing_token",
        "unauthorized other \(Timestamp.second(60))-\(Timestamp.second(60)) 1 invalid_token",
        "unavailable huggy \(Timestamp.second(60))-\(Timestamp.second(60)) 1 unavailable",
      ])
  }

  @Test func whatHasGrownSinceItWasKeptIsKeptAgain() throws {
    var spans = GapSpans()
    spans.refused(.unavailable, source: nil, reason: "unavailable", at: .second(0))
    let first = spans.unwritten
    spans.refused(.unavailable, source: nil, reason: "unavailable", at: .second(1))
    spans.wrote(first)
    let second = spans.unwritten
    #expect(second.map(\.count) == [2])
    #expect(try #require(second.first).continues(try #require(first.first)))
    spans.wrote(second)
    #expect(!spans.hasUnwritten)
    spans.refused(.unavailable, source: nil, reason: "unavailable", at: .second(2))
    #expect(spans.unwritten.map(\.count) == [3])
  }

  /// Of two threads that refuse at once the later one may come first.
  @Test func aSpanDoesNotEndBeforeARefusalThatItCounts() {
    var spans = GapSpans()
    for second in [0, 20, 10] {
      spans.refused(.unavailable, source: nil, reason: "unavailable", at: .second(second))
    }
    #expect(spans.unwritten.map(\.ended) == [.second(20)])
    #expect(spans.unwritten.map(\.count) == [3])
  }

  @Test func withoutAStoreItsMemoryIsBoundedAndEachRefusalCounts() {
    var spans = GapSpans()
    for number in 0..<2_000 {
      spans.refused(.unavailable, source: nil, reason: "unavailable", at: .second(number * 100))
    }
    #expect(spans.unwritten.count <= GapSpans.maxUnwritten + 1)
    #expect(spans.unwritten.reduce(0) { $0 + $1.count } == 2_000)
    #expect(spans.unwritten.map(\.ended).max() == .second(199_900))
  }
}

@Suite struct GapRecorderTests {
  /// Keeps what is to be done later, until a test does it.
  private final class Later: Sendable {
    let bodies = Locked<[(Duration, @Sendable () -> Void)]>([])

    var delay: GapRecorder.Delay {
      { duration, body in self.bodies.withLock { $0.append((duration, body)) } }
    }
    var durations: [Duration] { bodies.withLock { $0.map(\.0) } }

    func run() {
      let bodies = bodies.withLock { bodies in
        defer { bodies = [] }
        return bodies
      }
      for body in bodies { body.1() }
    }
  }

  private let later = Later()
  private let clock = ManualClock()

  @Test func aFloodIsOneWriteAndWhatComesAfterItAnother() async throws {
    let middle = try await Middle(.middle())
    let recorder = GapRecorder(store: middle.store, clock: clock, delay: later.delay)
    for _ in 0..<1_000 { recorder.refused(.missingToken, source: "closed") }
    #expect(later.durations == [GapRecorder.writingDelay])
    later.run()
    await middle.flush()
    #expect(recorder.unwritten.isEmpty)
    #expect(later.durations.isEmpty, "with nothing to write, nothing waits")
    recorder.refused(.missingToken, source: "closed")
    #expect(recorder.unwritten.map(\.count) == [1_001])
    #expect(later.durations == [GapRecorder.writingDelay])
  }

  @Test func whatTheStoreCantTakeIsTriedAgain() async throws {
    let middle = try await Middle(.middle())
    let recorder = GapRecorder(store: middle.store, clock: clock, delay: later.delay)
    middle.end()
    recorder.refused(.unavailable, source: nil)
    later.run()
    #expect(recorder.unwritten.map(\.count) == [1])
    #expect(later.durations == [GapRecorder.retryDelay])
  }

  @Test(arguments: RefusalReason.allCases) func onlyWhatIsRefusedForNoFaultOfTheBodyIsAGap(
    _ reason: RefusalReason
  ) async throws {
    let middle = try await Middle(.middle())
    let recorder = GapRecorder(store: middle.store, clock: clock, delay: later.delay)
    recorder.refused(reason, source: nil)
    // One peer's own connections are its own matter: whoever it is would else write gaps as it likes.
    let kinds = reason == .tooManyConnectionsOfPeer ? [:] : [401: ["unauthorized"], 503: ["unavailable"]]
    #expect(recorder.unwritten.map(\.kind.name) == kinds[reason.status] ?? [])
  }
}

@Suite(.timeLimit(.minutes(15))) struct GapTests {
  /// Broken by gaps of what was read whole alone: with too many connections nothing is read.
  @Test func whatIsRefusedBeforeItIsReadIsAGapOfItsSource() async throws {
    let middle = try await Middle(.middle())
    middle.receiver.refused(
      path: "/huggy", .unavailable(.tooManyConnections, "there are too many"), origin: Nobody())
    middle.receiver.refused(path: "/huggy", .notFound, origin: Nobody())
    let gaps = try await middle.controller.gaps(since: nil, until: nil)
    #expect(gaps.map(\.kind) == [.unavailable])
    #expect(gaps.first?.source == "huggy" && gaps.first?.count == 1)
  }

  @Test func aWrongTokenAndATimeWithoutARelayAreToldTogether() async throws {
    let middle = try await Middle(.middle())
    #expect(
      await middle.post(#"{"messages":{"createdChat":[{}]},"token":"another"}"#, to: "/closed").value.status
        == 401)
    let before = try await middle.controller.gaps(since: nil, until: nil)
    #expect(before.map(\.kind) == [.unauthorized])
    #expect((before[0].source, before[0].count, before[0].reason) == ("closed", 1, "invalid_token"))
    middle.clock.advance(by: .seconds(5))
    middle.controller.drain()
    await middle.flush()
    let again = try await Middle(.middle(), in: middle.end(), at: .second(100))
    await again.flush()
    let gaps = try await again.controller.gaps(since: nil, until: nil)
    #expect(gaps.map(\.kind) == [.down, .unauthorized])
    #expect((gaps[0].began, gaps[0].reason) == (.second(5), Gap.stopped))
    #expect(try await again.controller.gaps(since: nil, until: .second(4)).map(\.kind) == [.unauthorized])
    #expect(try await again.controller.gaps(since: .second(4), until: nil).map(\.kind) == [.down])
  }
}
