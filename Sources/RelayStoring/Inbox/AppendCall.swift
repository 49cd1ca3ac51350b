import RelayCore
import Synchronization

/// An envelope to be stored. An object, since it is handed on many times, and a copy of all that is in it would cost more
/// than its way.
package final class AppendCall: Sendable {
  package let envelope: NewEnvelope
  package let late: @Sendable ([Delivery]) -> Void
  private let completion: @Sendable (Result<AppendOutcome, StoreError>) -> Void
  private let isAnswered = Atomic(false)

  package init(
    _ envelope: NewEnvelope, late: @escaping @Sendable ([Delivery]) -> Void,
    completion: @escaping @Sendable (Result<AppendOutcome, StoreError>) -> Void
  ) {
    self.envelope = envelope
    self.late = late
    self.completion = completion
  }

  /// Once; from any thread.
  ///
  /// - Returns: Whether this was the answer: false, if it has had one.
  @discardableResult
  package func answer(_ result: Result<AppendOutcome, StoreError>) -> Bool {
    guard !isAnswered.exchange(true, ordering: .acquiringAndReleasing) else { return false }
    completion(result)
    return true
  }
}
