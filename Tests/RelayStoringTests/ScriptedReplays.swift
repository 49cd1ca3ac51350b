import RelayCore

@testable import RelayStoring

/// Knows one replay, and queues all that it is given. Used on the test's own thread.
final class ScriptedReplays: ReplayQueuing {
  /// What was done, in order.
  private(set) var log: [String] = []

  private static let replay = Replay(id: 1, new: NewReplay(plan: "", startedAt: .second(0)))

  func begin(_ new: NewReplay) throws(StoreError) -> Replay {
    log.append("begin")
    return Self.replay
  }

  func end(_ id: Int, as end: ReplayEnd, now: Timestamp) throws(StoreError) -> Replay? {
    log.append("end")
    return Self.replay
  }

  func amend(_ id: Int, plan: String, reason: String?) throws(StoreError) { log.append("amend") }

  func queue(_ step: ReplayStep, now: Timestamp) throws(StoreError) -> ReplayStepOutcome {
    log.append("queue")
    return .queued(Self.replay)
  }
}
