/// Told by a store of what happens in it. Called on the store's thread; must be quick.
public protocol StoreObserver: Sendable {
  /// A transaction is on disk. `operations`: the envelopes and settlements in it.
  func storeCommitted(operations: Int, duration: Duration)
  /// Runs `answers`: the completions of all that was in one transaction.
  func storeAnswers(_ answers: () -> Void)
  /// Deliveries that went over their destination's `max_backlog`, now on disk as discarded.
  func storeOverflowed(destination: String, count: Int)
  func storeConditionChanged(_ condition: StoreCondition)
}

extension StoreObserver {
  public func storeAnswers(_ answers: () -> Void) { answers() }
}

/// How a store is.
public struct StoreCondition: Sendable, Equatable {
  /// Why no envelopes are taken; nil: they are.
  public var refusal: StoreError?
  /// Outcomes of attempts can't be committed: no attempt is to start meanwhile.
  public var holdsSettlements: Bool

  public init(refusal: StoreError? = nil, holdsSettlements: Bool = false) {
    self.refusal = refusal
    self.holdsSettlements = holdsSettlements
  }
}
