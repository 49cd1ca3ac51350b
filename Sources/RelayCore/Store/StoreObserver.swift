/// Told by a store of what happens in it. Called on the store's thread; must be quick.
package protocol StoreObserver: Sendable {
  /// A transaction is on disk. `operations`: the envelopes and settlements in it.
  func storeCommitted(operations: Int, duration: Duration)
  /// Runs `answers`: the completions of all that was in one transaction.
  func storeAnswers(_ answers: () -> Void)
  /// Deliveries that went over their destination's `max_backlog`, now on disk as discarded.
  func storeOverflowed(destination: String, count: Int)
  func storeConditionChanged(_ condition: StoreCondition)
  /// The store has not come back from what it does (a disk that hangs), or has come back. From another thread than the
  /// store's.
  func storeHangs(_ isHanging: Bool)
  /// Deliveries of envelopes that were answered `hanging`, and are on disk after all: claimed, as by `append`.
  func storeStoredLate(_ deliveries: [Delivery])
  /// Something could not be read. Whoever asked for it has had an answer that says less.
  func storeReadFailed(_ error: StoreError)
}

extension StoreObserver {
  package func storeAnswers(_ answers: () -> Void) { answers() }
  package func storeReadFailed(_ error: StoreError) {}
}

/// How a store is.
package struct StoreCondition: Sendable, Equatable {
  /// Why no envelopes are taken; nil: they are.
  package var refusal: StoreError?
  /// Outcomes of attempts can't be committed: no attempt is to start meanwhile.
  package var holdsSettlements: Bool
  /// A reader from outside keeps the store's log from being written over, so that it grows: who, for people.
  package var logHolder: String?
  /// Why the store's log can't be moved into its file, so that it grows.
  package var logFailure: String?

  package init(
    refusal: StoreError? = nil, holdsSettlements: Bool = false, logHolder: String? = nil,
    logFailure: String? = nil
  ) {
    self.refusal = refusal
    self.holdsSettlements = holdsSettlements
    self.logHolder = logHolder
    self.logFailure = logFailure
  }
}
