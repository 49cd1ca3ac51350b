import RelayCore

/// How a kind of store commits. Confined to the store's thread.
package protocol BatchCommitter: AnyObject {
  /// Why envelopes can't be taken now; nil: they can. Asked once for each batch that holds what needs room.
  func refusal(at now: Timestamp) -> StoreError?

  /// All of it, or nothing: once this returns, it is kept.
  ///
  /// - Returns: What came of each call: as many turns, outcomes and faults as the batch has settlements, envelopes and changes; and
  ///   what `StoreBatch.write` has put in.
  /// - Throws: Why nothing of it is.
  func commit(_ batch: StoreBatch) throws(StoreError) -> CommittedBatch

  /// Whether the last batch is where a restart finds it, before anybody is told that it is kept.
  ///
  /// - Parameter isTold: False: only outcomes wait for the answer, whose loss is made up for by another attempt.
  /// - Returns: Why nobody knows; nil: it is.
  /// - Throws: It is not. That lasts.
  func confirm(isTold: Bool, at now: Timestamp) throws(StoreError) -> StoreError?

  /// A batch is committed, and all that was in it has been answered.
  func answered(appendedEvents: Int, at now: Timestamp)

  /// A batch could not be committed.
  ///
  /// - Returns: Whether the same may go now.
  func failed(_ error: StoreError) -> Bool
}
