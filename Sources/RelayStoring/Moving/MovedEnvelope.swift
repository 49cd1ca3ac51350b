import RelayCore

/// An envelope by which one that comes again is told, as it is moved from one store to another.
package struct MovedEnvelope: Sendable, Equatable {
  /// The id of its first accepted event.
  package var first: EventID
  package var source: String
  package var configuration: String
  package var receivedAt: Timestamp
  package var accepted: Int
  /// All of its events were stored, and each that is there has a delivery.
  package var isComplete: Bool
  /// 32 bytes.
  package var hash: [UInt8]
  /// See `UnstoredEvents`; nil: all were stored.
  package var unstored: [UInt8]?
  /// nil: the one that `first` makes.
  package var trace: [UInt8]?

  package init(
    first: EventID, source: String, configuration: String, receivedAt: Timestamp, accepted: Int,
    isComplete: Bool, hash: [UInt8], unstored: [UInt8]?, trace: [UInt8]?
  ) {
    self.first = first
    self.source = source
    self.configuration = configuration
    self.receivedAt = receivedAt
    self.accepted = accepted
    self.isComplete = isComplete
    self.hash = hash
    self.unstored = unstored
    self.trace = trace
  }

  package func add(to digest: inout RowDigest) {
    digest.addRow { row in
      row.add(first)
      row.add(source)
      row.add(configuration)
      row.add(receivedAt.microseconds)
      row.add(accepted)
      row.add(isComplete)
      row.add(hash)
      row.add(optional: unstored) { $0.add($1) }
      row.add(optional: trace) { $0.add($1) }
    }
  }
}
