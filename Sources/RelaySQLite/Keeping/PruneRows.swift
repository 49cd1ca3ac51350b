import RelayCore

/// An entry of `delivery_settled`.
struct SettledEntry {
  var settled: Timestamp
  var delivery: Int64
  var event: Int64

  static func read(_ query: Statement, until cutoff: Timestamp, into entries: inout [Self]) throws(StoreError)
  {
    defer { query.reset() }
    while try query.step(), query.integer(0) <= cutoff.microseconds {
      entries.append(
        Self(
          settled: Timestamp(microseconds: query.integer(0)), delivery: query.integer(1),
          event: query.integer(2)))
    }
  }
}

/// What the pruner needs to know of an envelope.
struct EnvelopeRow {
  var id: Int64
  var received: Timestamp
  var firstEvent: EventID
  var accepted: Int
  var hasHash: Bool
  /// Of the event that led to it.
  var bodyBytes: Int

  /// The ids of its accepted events are consecutive; no other envelope's lie between them.
  var lastEvent: EventID { firstEvent.advanced(by: max(0, accepted - 1)) }

  init(_ row: Statement) {
    id = row.integer(0)
    received = Timestamp(microseconds: row.integer(1))
    firstEvent = EventID(bytes: row.bytes(2)!)
    accepted = Int(row.integer(3))
    hasHash = row.integer(4) == 0
    bodyBytes = Int(row.integer(5))
  }
}

/// The rows with the highest numbers.
struct NewestRows {
  var event: Int64 = 0
  var eventOfDelivery: Int64 = 0
  var envelope: Int64 = 0

  func holds(event: Int64) -> Bool { event == self.event || event == eventOfDelivery }
}
