/// Told by a store of what happens in it, on the store's thread; must be quick. Nothing that a sender or a lane waits for
/// depends on it.
package protocol StoreObserver: Sendable {
  /// A transaction is on disk. `operations`: the envelopes and settlements in it.
  func storeCommitted(operations: Int, duration: Duration)
  /// The completions of all that was in one transaction begin to run, and have run.
  func storeBeginsToAnswer()
  func storeHasAnswered()
  /// Deliveries that went over their destination's `max_backlog`, now on disk as discarded.
  func storeOverflowed(destination: String, count: Int)
  /// Dead letters that were older than `dead_retention`, now on disk as discarded.
  func storeDiscardedDead(destination: String, count: Int)
  func storeConditionChanged(_ condition: StoreCondition)
  /// The store has not come back from what it does (a disk that hangs), or has come back. From another thread than the
  /// store's.
  func storeHangs(_ isHanging: Bool)
  /// Something could not be read. Whoever asked for it has had an answer that says less.
  func storeReadFailed(_ error: StoreError)
  /// What the store does by itself has failed, after it had gone well; it is tried again. From another thread than the store's.
  func storeKeepingFailed(_ error: StoreError)
  /// The store is being opened, and is of an older release: what is done with it. On the thread that opens it, before all else.
  func storeMigrates(_ step: StoreMigration)
}

extension StoreObserver {
  package func storeDiscardedDead(destination: String, count: Int) {}
  package func storeBeginsToAnswer() {}
  package func storeHasAnswered() {}
  package func storeReadFailed(_ error: StoreError) {}
  package func storeKeepingFailed(_ error: StoreError) {}
  package func storeMigrates(_ step: StoreMigration) {}
}

/// What is done with a store of an older release while it is opened, in this order.
package enum StoreMigration: Sendable, Equatable {
  /// It is copied before its schema is changed. `bytes`: what there is to copy.
  case copies(from: Int, copy: String, bytes: Int)
  /// So much of a large one is copied.
  case copying(bytes: Int, of: Int)
  /// The copy is on the disk.
  case copied(copy: String, took: Duration)
  case changes(from: Int, to: Int)
  case changed(to: Int, took: Duration)
  /// An older copy has gone.
  case removed(copy: String)
}

/// How a store is.
package struct StoreCondition: Sendable, Equatable {
  /// Why no envelopes are taken; nil: they are.
  package var refusal: StoreError?
  /// Outcomes of attempts can't be committed: no attempt is to start meanwhile.
  package var holdsSettlements: Bool
  /// Why no attempt is to start meanwhile, where the store is shared, and other relays may count this one as gone
  /// (`DeliveryStore.mayStart`); nil: it may.
  package var startLack: StartLack?
  /// A reader from outside keeps the store's log from being written over, so that it grows: who, for people.
  package var logHolder: String?
  /// Why the store's log can't be moved into its file, so that it grows.
  package var logFailure: String?

  package init(
    refusal: StoreError? = nil, holdsSettlements: Bool = false, startLack: StartLack? = nil,
    logHolder: String? = nil, logFailure: String? = nil
  ) {
    self.refusal = refusal
    self.holdsSettlements = holdsSettlements
    self.startLack = startLack
    self.logHolder = logHolder
    self.logFailure = logFailure
  }

  package var lacksLease: Bool { startLack != nil }
}
