import RelayCore

/// Work that takes many short transactions, between which everything else goes on. Confined to the store's thread.
///
/// `Session` is what the store's steps are made on.
package protocol StoreJob<Session>: AnyObject {
  associatedtype Session

  /// The destination's name: jobs of one are done one after another, those of several in turns.
  var destination: String { get }
  /// One short step, within a transaction.
  ///
  /// - Returns: Whether it was the last.
  func step(_ session: Session) throws(StoreError) -> Bool
  /// What the step did is on disk.
  func committed()
  /// - Parameter error: nil: it is done.
  func end(_ error: StoreError?)
}

/// How many deliveries a step looks at: a few milliseconds.
package let deliveriesPerStep = 500
