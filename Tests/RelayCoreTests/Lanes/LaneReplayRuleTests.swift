import Testing

@testable import RelayCore

/// What a lane holds of replays, apart from what is live, and which of it comes next.
struct LaneReplayRuleTests {
  private static let size = WindowSize(deliveries: 1_024, bytes: 64 << 20)

  /// Windows whose store has been asked for all that it had.
  private func windows(
    live: [Delivery] = [], replays: [Delivery] = [], mayHaveReplays: Bool = true
  ) -> LaneWindows {
    var windows = LaneWindows(size: Self.size, mayHaveReplays: mayHaveReplays)
    while let (queue, wish) = windows.nextWish(now: LaneKit.now, lacksTriable: false) {
      let deliveries = (queue == .live ? live : replays).filter {
        ($0.attempts > 0) == (wish.kind == .retrying)
      }
      let claim = Claim(
        destination: "d", queue: queue, kind: wish.kind, deliveries: deliveries, isExhausted: true)
      windows.change(queue) { _ = $0.claimed(claim, now: LaneKit.now) }
    }
    return windows
  }

  private func wishes(_ windows: inout LaneWindows) -> [String] {
    var found: [String] = []
    while let (queue, wish) = windows.nextWish(now: LaneKit.now, lacksTriable: false) {
      found.append("\(queue) \(wish.kind)")
    }
    return found
  }

  // MARK: Claims

  @Test func whatIsLiveIsClaimedFirst() {
    var windows = LaneWindows(size: Self.size, mayHaveReplays: true)
    #expect(wishes(&windows) == ["live fresh", "live retrying", "replay fresh", "replay retrying"])
  }

  @Test func whereNoReplayHasQueuedAnythingTheStoreIsNotAskedForIt() {
    var windows = windows(mayHaveReplays: false)
    windows.storeMayHaveMore(.fresh)
    #expect(wishes(&windows) == ["live fresh"])
  }

  @Test func onceAReplayHasQueuedSomethingTheStoreIsAskedForItAgainAndAgain() {
    var queued = windows(mayHaveReplays: false)
    queued.replayQueued()
    #expect(wishes(&queued) == ["replay fresh"])
    for change in [{ $0.retriedByPerson() }, { $0.hasStoredReplays() }] as [(inout LaneWindows) -> Void] {
      var windows = windows(mayHaveReplays: false)
      change(&windows)
      _ = wishes(&windows)
      windows.change(.live) { window in
        for kind in ClaimRequest.Kind.allCases {
          _ = window.claimed(
            Claim(destination: "d", kind: kind, deliveries: [], isExhausted: true), now: LaneKit.now)
        }
      }
      windows.change(.replay) { window in
        for kind in ClaimRequest.Kind.allCases {
          _ = window.claimed(
            Claim(destination: "d", queue: .replay, kind: kind, deliveries: [], isExhausted: true),
            now: LaneKit.now)
        }
      }
      windows.storeMayHaveMore(.retrying)
      #expect(wishes(&windows) == ["live retrying", "replay retrying"])
    }
  }

  @Test func aReplaysRetryThatBecomesDueIsClaimedThen() {
    var windows = windows()
    #expect(windows.claimsFrom(lacksTriable: false) == nil)
    let due = LaneKit.now.advanced(by: .seconds(7))
    windows.change(.replay) { $0.becomesDue(at: due) }
    #expect(windows.claimsFrom(lacksTriable: false) == due)
    windows.change(.live) { $0.becomesDue(at: due.advanced(by: .seconds(1))) }
    #expect(windows.claimsFrom(lacksTriable: false) == due)
  }

  // MARK: What it holds

  @Test func whatReplaysHaveQueuedIsSomethingThatWaits() {
    let windows = windows(live: [Made.delivery(1)], replays: [Made.delivery(101, run: 1)])
    #expect(!windows.hasNothing { $0.rawValue == 1 })
    #expect(!windows.hasNothing { $0.rawValue == 101 })
    #expect(windows.hasNothing { $0.rawValue > 0 })
  }

  @Test func bothWindowsAreOfTheNewSize() {
    var windows = windows()
    windows.resize(to: WindowSize(deliveries: 80, bytes: 8_000))
    #expect(windows.live.size == WindowSize(deliveries: 80, bytes: 8_000))
    #expect(windows.replays.size == WindowSize(deliveries: 20, bytes: 2_000))
  }

  @Test func noneIsSetAsideAnyMoreOnceOtherKindsAreRefused() {
    var windows = windows(live: [Made.delivery(1)], replays: [Made.delivery(101, run: 1)])
    for queue in DeliveryQueue.allCases {
      windows.change(queue) { window in
        let first = window.popFirst(.fresh)
        window.setAside(first!)
      }
    }
    #expect(windows.live.fresh.hasAside && windows.replays.fresh.hasAside)
    windows.takeBackAside()
    for window in [windows.live, windows.replays] {
      #expect(window.fresh.hasReady && !window.fresh.hasAside)
    }
  }

  // MARK: Turns

  private func lane(
    _ replays: [Delivery], concurrency: Int, change: (inout Destination) -> Void = { _ in }
  ) -> Lane {
    var lane = LaneKit.lane(concurrency: concurrency, change: change)
    lane.replayQueued()
    LaneKit.bringReplays(replays, to: &lane)
    return lane
  }

  @Test func freshOnesOfReplaysAndTheirRetriesTakeTurns() {
    let replays = (101...110 as ClosedRange<Int64>).map {
      Made.delivery($0, attempts: $0 <= 105 ? 1 : 0, run: 1)
    }
    var lane = lane(replays, concurrency: 9)
    #expect(lane.start() == [106, 101, 107, 102, 108, 103, 109, 104])
  }

  @Test func liveOutcomesThatWaitForTheDiskHoldBackReplaysToo() {
    var lane = lane([Made.delivery(9_001, run: 1)], concurrency: 2)
    for id in 1...Int64(LaneSlots.maxUnsettled) {
      _ = lane.arrived(Made.delivery(id))
      #expect(lane.start() == [id])
      lane.finish(id, 200)
    }
    #expect(lane.start().isEmpty)
    lane.settled(.delivered, of: .live, now: LaneKit.now)
    #expect(lane.start() == [9_001])
  }

  // MARK: Kinds that the destination refuses

  /// The kind `r` is refused, and nothing is in flight.
  private func refusing(_ replays: [Delivery], concurrency: Int = 8) -> Lane {
    var lane = LaneKit.lane(concurrency: concurrency) { $0.circuit.failures = 2 }
    for id: Int64 in 1...2 { _ = lane.arrived(Made.delivery(id, kind: "r")) }
    _ = lane.arrived(Made.delivery(3, kind: "good"))
    _ = lane.start()
    for id: Int64 in 1...2 { lane.finish(id, 503) }
    lane.finish(3, 200)
    // Until it has recovered.
    for id: Int64 in 10...40 {
      _ = lane.arrived(Made.delivery(id, kind: "good"))
      for started in lane.start() { lane.finish(started, 200) }
    }
    lane.replayQueued()
    LaneKit.bringReplays(replays, to: &lane)
    return lane
  }

  private func replay(_ id: Int64, kind: String, attempts: Int = 0) -> Delivery {
    Made.delivery(id, kind: kind, attempts: attempts, run: 1)
  }

  @Test func replaysOfRefusedKindsArePassedByOthersAndGoOneAtATime() {
    var lane = refusing(
      (101...104).map { replay($0, kind: "r") } + (201...203).map { replay($0, kind: "good") })
    #expect(lane.circuit.state == .closed && lane.circuit.refuses(replay(1, kind: "r")))
    #expect(lane.start() == [201, 202, 203, 101])
    #expect(lane.slots.refusedInFlight == [DeliveryID(rawValue: 101)])
    for id: Int64 in 201...203 { lane.finish(id, 200) }
    #expect(lane.start().isEmpty)
    lane.finish(101, 503)
    #expect(lane.start() == [102] && lane.slots.refusedInFlight.count == 1)
    // One that is live of that kind goes beside it; while it does, none of a replay.
    _ = lane.arrived(Made.delivery(50, kind: "r"))
    #expect(lane.start() == [50])
    lane.finish(102, 503)
    #expect(lane.start().isEmpty)
    lane.finish(50, 503)
    #expect(lane.start() == [103])
  }

  @Test func whatIsOnlyOfRefusedKindsIsTriedAllTheSame() {
    var lane = refusing([replay(101, kind: "r"), replay(102, kind: "r")])
    #expect(lane.start() == [101])
    lane.finish(101, 200)
    // It is refused no more.
    #expect(lane.start() == [102])
  }
}
