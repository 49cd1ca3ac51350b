import RelayCore

/// What can be asked of the times in which senders were turned away.
package protocol GapOperations: AnyObject, Sendable {
  /// The newest first, those that lie in the given time at least in part; by the wall clock. Bounded.
  func gaps(since: Timestamp?, until: Timestamp?) async throws(OperationError) -> [Gap]
}

/// Joins what the store has kept with what it has not got yet.
struct GapBook: Sendable {
  let asked: PatientStore
  let recorder: GapRecorder
  let clock: any SteadyClock

  func gaps(since: Timestamp?, until: Timestamp?) async throws(OperationError) -> [Gap] {
    // Before the store is asked: what it gets meanwhile must not be missed in both.
    let history = clock.history
    let fresh = recorder.unwritten.map { $0.shown(by: history) }
    let kept = try await asked.look { lookup async throws(StoreError) in
      try await lookup.gaps(since: since, until: until)
    }
    let wanted = fresh.filter { $0.overlaps(since: since, until: until) }
    let all = wanted + kept.filter { old in !fresh.contains { $0.continues(old) } }
    return all.sorted { ($1.began, $1.kind.rawValue) < ($0.began, $0.kind.rawValue) }
  }
}
