import RelayTestSupport
import Testing

@testable import RelayCore

/// How many of what replays have queued a turn starts.
struct DispatcherReplayTests {
  /// Its lane has been given so many of a replay.
  private func dispatcher(replays count: Int64) -> Dispatcher {
    var dispatcher = Dispatcher.idle(Made.destination("bi", concurrency: 100))
    let deliveries = (1...count).map { Made.delivery($0, to: "bi", run: 7) }
    for case .claim(let request) in dispatcher.actions(after: .replayQueued(["bi"])) {
      let isWanted = request.queue == .replay && request.kind == .fresh
      let claim = Claim(
        destination: request.destination, queue: request.queue, kind: request.kind,
        deliveries: isWanted ? deliveries : [], isExhausted: true)
      dispatcher.handle(.claimed(claim), now: LaneKit.now)
    }
    return dispatcher
  }

  /// Until nothing more starts.
  private func turns(_ dispatcher: inout Dispatcher, at time: Timestamp) -> [Int] {
    var counts: [Int] = []
    while true {
      let started = dispatcher.takeActions(now: time).attempted.count
      guard started > 0 else { return counts }
      counts.append(started)
    }
  }

  /// Who comes next waits for these, and all start in the end.
  @Test func aTurnStartsSixteenAndTheNextGoesOn() {
    var dispatcher = dispatcher(replays: 40)
    #expect(turns(&dispatcher, at: LaneKit.now) == [16, 16, 8])
  }
}
