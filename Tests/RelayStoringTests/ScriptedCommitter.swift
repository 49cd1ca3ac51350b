import RelayCore

@testable import RelayStoring

/// Commits as the test says, and keeps what it was asked. Used on the test's own thread.
final class ScriptedCommitter: BatchCommitter {
  /// In the order of the calls.
  var log: [String] = []
  var batches: [StoreBatch] = []
  /// Why each commit fails, in turn; beyond them, and where it is nil, they succeed.
  var failures: [StoreError?] = []
  /// What `failed` says.
  var mayGoNow = false
  var doubt: StoreError?
  var isLost: StoreError?
  var refusal: StoreError?
  let replays = ScriptedReplays()
  /// What each envelope comes to.
  var outcome = AppendOutcome.stored([])

  func refusal(at now: Timestamp) -> StoreError? {
    log.append("refusal?")
    return refusal
  }

  func commit(_ batch: StoreBatch) throws(StoreError) -> CommittedBatch {
    batches.append(batch)
    log.append("commit")
    if !failures.isEmpty, let error = failures.removeFirst() { throw error }
    var committed = CommittedBatch()
    committed.faults = batch.changes.map { _ in nil }
    committed.turns = (batch.settlements + batch.replayedSettlements).map { _ in [] }
    try batch.write(replays, into: &committed)
    committed.outcomes = batch.appends.map { _ in batch.refusal.map { .failure($0) } ?? .success(outcome) }
    return committed
  }

  func confirm(isTold: Bool, at now: Timestamp) throws(StoreError) -> StoreError? {
    log.append(isTold ? "confirm what is told" : "confirm")
    if let isLost { throw isLost }
    return doubt
  }

  func answered(appendedEvents: Int, at now: Timestamp) { log.append("answered \(appendedEvents)") }

  func failed(_ error: StoreError) -> Bool {
    log.append("failed")
    return mayGoNow
  }
}

extension StoreError {
  static let broken = StoreError(code: .failing, message: "no such luck")
  static let unsure = StoreError(code: .hanging, message: "nobody knows")
}
