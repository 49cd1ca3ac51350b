import RelayCore

/// What a store does for replays, within a transaction. Confined to the store's thread.
package protocol ReplayQueuing {
  func begin(_ new: NewReplay) throws(StoreError) -> Replay
  /// - Returns: It as it is then; nil: there is none.
  func end(_ id: Int, as end: ReplayEnd, now: Timestamp) throws(StoreError) -> Replay?
  func amend(_ id: Int, plan: String, reason: String?) throws(StoreError)
  func queue(_ step: ReplayStep, now: Timestamp) throws(StoreError) -> ReplayStepOutcome
}

/// What came of a step.
package enum ReplayStepOutcome {
  case queued(Replay)
  /// Its replay's walk had ended.
  case over(Replay)
  /// It is to be tried again when some of what is queued has been settled.
  case lacksRoom
  /// It can't be queued, whatever the store's state.
  case refused(StoreError)
}
