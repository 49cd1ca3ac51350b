import RelayCore

/// What a delivery's row says of its last attempt.
package struct MovedAttempt: Sendable, Equatable {
  /// When it began; nil: there was none.
  package var at: Timestamp?
  /// In microseconds.
  package var duration: Int64?
  package var status: Int?
  package var error: String?
  /// As `PeerAddress.bytes`.
  package var peer: [UInt8]?
  /// In microseconds.
  package var firstByte: Int64?

  package init(
    at: Timestamp?, duration: Int64?, status: Int?, error: String?, peer: [UInt8]?, firstByte: Int64?
  ) {
    self.at = at
    self.duration = duration
    self.status = status
    self.error = error
    self.peer = peer
    self.firstByte = firstByte
  }

  /// As a part of a row.
  func add(to row: inout RowDigest) {
    row.add(optional: at) { $0.add($1.microseconds) }
    row.add(optional: duration) { $0.add($1) }
    row.add(optional: status) { $0.add($1) }
    row.add(optional: error) { $0.add($1) }
    row.add(optional: peer) { $0.add($1) }
    row.add(optional: firstByte) { $0.add($1) }
  }
}
