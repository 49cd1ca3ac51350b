import RelayCore
import RelayStoring
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// What a commit beside envelopes has of replays: a share, and the rest waits for the next.
struct ReplayShareTests {
  private let bench: SessionBench
  private let envelope: NewEnvelope
  private let replay: Replay
  private static let share = ReplayShare().items

  /// A replay of more events than three commits have room for.
  init() throws {
    bench = try SessionBench()
    envelope = bench.make.envelope(to: [], events: 3 * Self.share + 5)
    _ = try bench.write([envelope])[0].get()
    replay = try bench.begin()
  }

  private func step() -> ReplayStep {
    ReplayStep(
      replay: replay.id,
      entries: envelope.events.enumerated().map { place, new in
        ReplayStep.Entry(
          event: new.event.id, place: EventCursor(rawValue: Int64(place + 1)), source: "huggy", chat: nil,
          bytes: new.event.footprint, targets: [ReplayStep.Target(destination: "crm")])
      }, cursor: "the end", isLast: true)
  }

  private var replaying: Int {
    bench.session.destinations[bench.session.names.destinations.row(of: "crm")!].replaying
  }

  private func claimAll() throws -> [Delivery] {
    let request = ClaimRequest(
      destination: "crm", queue: .replay, kind: .fresh, now: .second(0), limit: 1_000, byteLimit: .max)
    return try bench.session.claims.claim(request).deliveries
  }

  @Test func aStepIsQueuedInSharesAndAnsweredWithTheLast() throws {
    let answer = bench.post(step())
    var seen: [Int] = []
    for _ in 0..<5 {
      #expect(answer() == nil)
      bench.writer.write(replaysGiveWay: true)
      seen.append(replaying)
    }
    #expect(seen == [Self.share, 2 * Self.share, 3 * Self.share, 4 * Self.share, 3 * Self.share + 5])
    let done = try #require(answer()).get()
    #expect(done.walk == .ended && done.queued == seen[4] && done.matched == seen[4])
    #expect(bench.writer.replayedLeft == 0 && !bench.writer.mustTryAgain)
    #expect(try claimAll().map(\.event.id) == envelope.events.map(\.event.id))
  }

  @Test func whatIsLeftIsWrittenWholeOnceNothingElseComes() throws {
    let answer = bench.post(step())
    bench.writer.write(replaysGiveWay: true)
    #expect(bench.writer.replayedLeft == 2 * Self.share + 5)
    bench.writer.write()
    #expect(try #require(answer()).get().queued == 3 * Self.share + 5)
  }

  /// Its cursor is that of what it has queued.
  @Test func aCrashBetweenSharesNeitherLosesNorDoublesAny() throws {
    _ = bench.post(step())
    bench.writer.write(replaysGiveWay: true)
    try bench.reopen()
    let rest = ReplayStep(replay: replay.id, entries: [])
    let found = try #require(bench.queue(rest)()).get()
    #expect(found.queued == Self.share && found.matched == Self.share && found.walk == .underWay)
    // (The step of nothing has taken the cursor away.)
    #expect(replaying == Self.share)
  }

  @Test func itsCursorIsThatOfTheShare() throws {
    _ = bench.post(step())
    bench.writer.write(replaysGiveWay: true)
    let text = try bench.session.connection.prepare("SELECT walked_to FROM replay")
    #expect(try text.step() && text.text(0) == "\(Self.share)")
    text.reset()
  }

  @Test func aShareThatCantBeWrittenIsNotAnsweredAsQueued() throws {
    let answer = bench.post(step())
    try Fault.begin.begin(bench.session.connection)
    bench.writer.write(replaysGiveWay: true)
    try Fault.begin.end(bench.session.connection)
    #expect(throws: StoreError.self) { try #require(answer()).get() }
    #expect(replaying == 0 && bench.writer.replayedLeft == 0)
  }

  @Test func aReplayThatIsCancelledBetweenSharesIsAnsweredAndQueuesNoMore() throws {
    let answer = bench.post(step())
    bench.writer.write(replaysGiveWay: true)
    #expect(try bench.end(replay.id)?.walk == .cancelled)
    #expect(try #require(answer()).get().queued == Self.share && replaying == Self.share)
  }

  // MARK: Outcomes

  @Test func outcomesOfReplaysTakeTurnsAndThoseOfLiveOnesNever() throws {
    _ = try #require(bench.queue(step())()).get()
    let held = try claimAll()
    let live = try bench.stored(bench.make.envelope(events: 2 * Self.share))
    let settled = Locked(0)
    for delivery in held {
      bench.writer.settle([delivery.settled(.delivered)]) { _ in settled.withLock { $0 += 1 } }
    }
    bench.writer.settle(live.map { $0.settled(.delivered) }) { _ in }
    bench.writer.write(replaysGiveWay: true)
    #expect(settled.withLock { $0 } == Self.share && replaying == held.count - Self.share)
    let row = bench.session.names.destinations.row(of: "crm")!
    #expect(bench.session.destinations[row].delivered == live.count + Self.share)
    #expect(!bench.writer.hasHeldSettlements && !bench.writer.mustTryAgain, "they are not held, they wait")
    bench.writer.write()
    #expect(settled.withLock { $0 } == held.count && replaying == 0)
  }

  @Test func outcomesOfReplaysThatCantBeWrittenAreHeldAndTriedAgain() throws {
    _ = try #require(bench.queue(step())()).get()
    let held = try claimAll()
    try Fault.begin.begin(bench.session.connection)
    bench.writer.settle(held.map { $0.settled(.delivered) }) { _ in }
    bench.writer.write(replaysGiveWay: true)
    #expect(bench.writer.hasHeldSettlements && bench.writer.mustTryAgain)
    try Fault.begin.end(bench.session.connection)
    bench.writer.write()
    #expect(replaying == 0 && bench.writer.failure == nil)
  }
}
