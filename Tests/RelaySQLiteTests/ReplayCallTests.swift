import RelayCore
import RelayStoring
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// What becomes of calls of replays that come together, and of those that wait, when a transaction fails or has no room.
struct ReplayCallTests {
  private let bench: SessionBench
  private let envelope: NewEnvelope
  private let replay: Replay
  private static let share = ReplayShare().items

  init() throws {
    bench = try SessionBench()
    envelope = bench.make.envelope(to: [], events: 3 * Self.share)
    _ = try bench.write([envelope])[0].get()
    replay = try bench.begin()
  }

  /// - Parameter count: Of the events.
  private func step(
    _ count: Int, to destination: String = "crm", of replay: Int = 1, ahead: Int = 4_096
  ) -> ReplayStep {
    ReplayStep(
      replay: replay,
      entries: envelope.events.prefix(count).enumerated().map { place, new in
        ReplayStep.Entry(
          event: new.event.id, place: EventCursor(rawValue: Int64(place + 1)), source: "huggy", chat: nil,
          bytes: new.event.footprint, targets: [ReplayStep.Target(destination: destination)])
      }, cursor: "the end", ahead: ahead)
  }

  private typealias Answer = () -> Result<Replay, StoreError>?

  private func postBegin() -> Answer {
    let answer = Locked<Result<Replay, StoreError>?>(nil)
    bench.writer.add(
      .replay(
        .begin(NewReplay(plan: "to=crm", startedAt: .second(0))) { result in answer.withLock { $0 = result } }
      ))
    return { answer.withLock { $0 } }
  }

  private func replaying(_ destination: String = "crm") -> Int {
    bench.session.destinations[bench.session.names.destinations.row(of: destination)!].replaying
  }

  private func claim(_ limit: Int = 1_000) throws -> [Delivery] {
    let request = ClaimRequest(
      destination: "crm", queue: .replay, kind: .fresh, now: .second(0), limit: limit, byteLimit: .max)
    return try bench.session.claims.claim(request).deliveries
  }

  // MARK: Together

  @Test func aStepThatComesWithTheEndOfItsReplayQueuesNothing() throws {
    let answer = bench.post(step(1))
    let end = Locked<Result<Replay?, StoreError>?>(nil)
    bench.writer.add(.replay(.end(replay.id, as: .cancelled) { result in end.withLock { $0 = result } }))
    bench.writer.write()
    #expect(try end.withLock { $0 }?.get()?.walk == .cancelled)
    #expect(try #require(answer()).get().queued == 0 && replaying() == 0)
  }

  @Test func aStepThatCameBehindAFullShareWaitsWholeAndIsCounted() throws {
    let (first, second) = (bench.post(step(Self.share + 2)), bench.post(step(3, to: "bi")))
    bench.writer.write(replaysGiveWay: true)
    #expect(first() == nil && second() == nil)
    #expect(replaying() == Self.share && replaying("bi") == 0 && bench.writer.replayedLeft == 5)
    bench.writer.write(replaysGiveWay: true)
    // The rest of the first, and what of the second has room beside it.
    #expect(replaying() == Self.share + 2 && replaying("bi") == min(3, Self.share - 2))
    bench.writer.write(replaysGiveWay: true)
    #expect(first() != nil && second() != nil && replaying("bi") == 3 && bench.writer.replayedLeft == 0)
  }

  @Test func eachPartOfAStepThatIsQueuedIsToldBeforeTheRestHasRoom() throws {
    let told = Locked<[Replay]>([])
    let progress: @Sendable (Replay) -> Void = { replay in told.withLock { $0.append(replay) } }
    let answer = bench.post(step(Self.share + 2, ahead: Self.share + 1), progress: progress)
    bench.writer.write(replaysGiveWay: true)
    #expect(told.withLock(\.self).map(\.queued) == [Self.share] && answer() == nil)
    bench.writer.write(replaysGiveWay: true)
    // Without room there is nothing to be told.
    #expect(told.withLock(\.self).count == 1 && answer() == nil && replaying() == Self.share)
  }

  @Test func onlyStepsGiveWayToEnvelopes() {
    func isOfReplays(_ call: ReplayCall) -> Bool {
      if case .ofReplays(items: 2, isUrgent: false) = call.urgency { true } else { false }
    }
    #expect(isOfReplays(.queue(step(2), progress: { _ in }) { _ in }))
    #expect(!isOfReplays(.end(1, as: .cancelled) { _ in }))
    #expect(!isOfReplays(.amend(1, plan: "", reason: nil) { _ in }))
  }

  // MARK: Room

  @Test func whatWaitsForRoomIsTriedOnceAfterOthersHaveMadeSome() throws {
    bench.writer.roomMayHaveCome()
    #expect(!bench.writer.mustTryAgain, "nothing waits")
    _ = bench.post(step(2))
    bench.writer.write()
    let waiting = bench.post(step(2, ahead: 2))
    bench.writer.write()
    #expect(waiting() == nil && !bench.writer.mustTryAgain)
    bench.writer.roomMayHaveCome()
    #expect(bench.writer.mustTryAgain)
    bench.writer.write()
    #expect(waiting() == nil && !bench.writer.mustTryAgain, "not before there is more")
  }

  @Test func whatIsQueuedCanBeClaimedAlsoAfterAClaimThatFoundNothing() throws {
    #expect(try claim().isEmpty)
    _ = bench.post(step(2))
    bench.writer.write()
    #expect(try claim().count == 2)
  }

  // MARK: Failures

  @Test func whatWaitsForRoomGoesOnWaitingThroughAFailure() throws {
    _ = bench.post(step(2))
    bench.writer.write()
    let waiting = bench.post(step(2, ahead: 2))
    bench.writer.write()
    try Fault.begin.begin(bench.session.connection)
    let new = bench.post(step(1))
    bench.writer.write()
    try Fault.begin.end(bench.session.connection)
    #expect(throws: StoreError.self) { try #require(new()).get() }
    #expect(waiting() == nil)
    for delivery in try claim() { _ = bench.settle(delivery.settled(.delivered)) }
    #expect(try #require(waiting()).get().queued == 4)
  }

  @Test func whatAFailedTransactionDidToReplaysIsUndone() throws {
    try Fault.commit.begin(bench.session.connection)
    let (begun, queued) = (postBegin(), bench.post(step(2)))
    #expect(throws: StoreError.self) { try bench.write([bench.make.envelope()])[0].get() }
    try Fault.commit.end(bench.session.connection)
    #expect(throws: StoreError.self) { try #require(begun()).get() }
    #expect(throws: StoreError.self) { try #require(queued()).get() }
    #expect(try bench.begin().id == replay.id + 1, "no number is left out")
    let found = try #require(bench.queue(step(1))()).get()
    #expect(found.queued == 1 && found.matched == 1 && replaying() == 1)
  }

  /// Broken by a refusal of the rest: the whole step would be asked for again.
  @Test func theRestOfACutStepWaitsForAFullDiskAndIsQueuedOnce() throws {
    let answer = bench.post(step(Self.share + 2))
    bench.writer.write(replaysGiveWay: true)
    #expect(replaying() == Self.share)
    let available = bench.diskSpace.withLock { space in
      defer { space.available = 1 << 18 }
      return space.available
    }
    bench.clock.advance(by: .seconds(2))
    _ = bench.keeper.step()
    bench.writer.write(replaysGiveWay: true)
    #expect(answer() == nil && replaying() == Self.share)
    bench.diskSpace.withLock { $0.available = available }
    bench.clock.advance(by: .seconds(2))
    _ = bench.keeper.step()
    _ = bench.queue(step(1, to: "bi"))
    // The full disk has cost what went nowhere, and so the rest's events; but none is matched or queued twice.
    #expect(try #require(answer()).get().matched == Self.share + 2)
    #expect([replaying(), replaying("bi")] == [Self.share, 1])
  }

  @Test func aFullDiskTakesNoNewReplaysAndNoSteps() throws {
    bench.diskSpace.withLock { $0.available = 1 << 18 }
    bench.clock.advance(by: .seconds(2))
    _ = bench.keeper.step()
    let (begun, queued) = (postBegin(), bench.post(step(2)))
    bench.writer.write()
    for answer in [begun, queued] {
      let error = #expect(throws: StoreError.self) { try #require(answer()).get() }
      #expect(error?.code == .full)
    }
    #expect(try bench.count("replay") == 1 && replaying() == 0)
    // One that is under way can be ended.
    #expect(try bench.end(replay.id)?.walk == .cancelled)
  }
}
