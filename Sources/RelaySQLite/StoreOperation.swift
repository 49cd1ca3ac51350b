import RelayCore
import Synchronization

/// An envelope to be stored. An object, since it is handed on many times, and a copy of all that is in it would cost more
/// than its way.
final class AppendCall: Sendable {
  let envelope: NewEnvelope
  private let completion: @Sendable (Result<AppendOutcome, StoreError>) -> Void
  private let isAnswered = Atomic(false)

  init(_ envelope: NewEnvelope, completion: @escaping @Sendable (Result<AppendOutcome, StoreError>) -> Void) {
    self.envelope = envelope
    self.completion = completion
  }

  /// Once; from any thread.
  ///
  /// - Returns: Whether this was the answer: false, if it has had one.
  @discardableResult
  func answer(_ result: Result<AppendOutcome, StoreError>) -> Bool {
    guard !isAnswered.exchange(true, ordering: .acquiringAndReleasing) else { return false }
    completion(result)
    return true
  }
}

/// What is asked of the store, on its way to the store's thread.
enum StoreOperation: Sendable {
  // Written together, in one transaction.
  case configure(StoreConfiguration, @Sendable (Result<Void, StoreError>) -> Void)
  case append(AppendCall)
  case settle([Settlement], isUrgent: Bool, @Sendable ([Delivery]) -> Void)
  case pause(String, until: Timestamp?, @Sendable (Result<Void, StoreError>) -> Void)
  case note(SuspendedTime, of: String)
  // Kept in memory.
  case release([DeliveryID])
  case withhold([String], @Sendable () -> Void)
  case handOut([String])
  // Read, after what was written before them.
  case claim(ClaimRequest, @Sendable (Claim) -> Void)
  case destinations(@Sendable (Result<[StoredDestination], StoreError>) -> Void)
  case usage(@Sendable (Result<StoreUsage, StoreError>) -> Void)
  case ping(@Sendable () -> Void)
  // Many steps.
  case backup(@Sendable (Result<any StoreCopy, StoreError>) -> Void)
  // Many transactions.
  case reorder(String, by: Ordering, @Sendable (Result<Void, StoreError>) -> Void)
  case change(DeliveryChange, DeliverySelection, of: String, @Sendable (Int, StoreError?) -> Void)
}
