import RelayCore

/// What is to be committed together, all or nothing: in the order of the properties, since what is settled may give room, and a
/// turn, to what arrives.
package struct StoreBatch {
  /// The steady time of all of it.
  package let now: Timestamp
  package let changes: [StoreChange]
  /// By the destination's name; one that was never configured is passed over.
  package let suspensions: [String: SuspendedTime]
  package let settlements: [SettleCall]
  /// The same of what replays have queued, as many calls as have room.
  package let replayedSettlements: ArraySlice<SettleCall>
  package let appends: [AppendCall]
  /// Why no envelopes are taken, and nothing that replays queue; nil: they are.
  package let refusal: StoreError?
  fileprivate let replays: ReplayCalls
  /// How many deliveries replays may queue; nil: all.
  fileprivate let replaysLimit: Int?
  /// Nothing but settlements and suspensions, after all together could not be committed: what the store does beside what it is
  /// asked waits.
  package let isOutcomesAlone: Bool
  /// The last commit failed: this one writes something whatever it holds, so that it shows whether the store takes it.
  package let isTrial: Bool

  init(
    now: Timestamp, changes: [StoreChange] = [], suspensions: [String: SuspendedTime],
    settlements: [SettleCall],
    replayedSettlements: ArraySlice<SettleCall>, appends: [AppendCall] = [], refusal: StoreError? = nil,
    replays: ReplayCalls = ReplayCalls(), replaysLimit: Int? = nil, isOutcomesAlone: Bool = false,
    isTrial: Bool = false
  ) {
    self.now = now
    self.changes = changes
    self.suspensions = suspensions
    self.settlements = settlements
    self.replayedSettlements = replayedSettlements
    self.appends = appends
    self.refusal = refusal
    self.replays = replays
    self.replaysLimit = replaysLimit
    self.isOutcomesAlone = isOutcomesAlone
    self.isTrial = isTrial
  }

  /// The last part: what replays ask for, as much as has room. Whoever commits the batch calls it once.
  package func write(
    _ replays: any ReplayQueuing, into committed: inout CommittedBatch
  ) throws(StoreError) {
    guard self.replays.hasCalls else { return }
    let start = ContinuousClock.now
    let written = try self.replays.write(replays, refusal: refusal, atMost: replaysLimit, now)
    committed.replays = written
    committed.spentOnReplays(written.queued, since: start)
  }
}

extension CommittedBatch {
  /// Whether each call of the batch has an answer.
  func answersAll(of batch: StoreBatch) -> Bool {
    turns.count == batch.settlements.count + batch.replayedSettlements.count
      && outcomes.count == batch.appends.count && faults.count == batch.changes.count
      && batch.replays.haveBeenTried(replays)
  }
}

/// Outcomes of attempts that were given together, and who is told whose turn it has become.
package struct SettleCall {
  package let settlements: [Settlement]
  let completion: ([Delivery]) -> Void

  package init(_ settlements: [Settlement], completion: @escaping ([Delivery]) -> Void) {
    self.settlements = settlements
    self.completion = completion
  }
}

extension Collection<SettleCall> {
  /// How many outcomes they are together.
  package var settlementCount: Int { reduce(0) { $0 + $1.settlements.count } }
}
