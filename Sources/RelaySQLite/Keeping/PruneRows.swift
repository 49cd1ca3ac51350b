import RelayCore

/// An entry of `delivery_revisit`.
struct RevisitEntry {
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

/// An event in the order of arrival.
struct ArrivedEvent {
  var row: Int64
  /// nil: no route sent it anywhere.
  var lastDelivery: Int64?
  var received: Timestamp

  init(_ row: Statement) {
    self.row = row.integer(0)
    lastDelivery = row.optionalInteger(1)
    received = Timestamp(microseconds: row.integer(2))
  }
}

/// What the pruner needs to know of an envelope.
struct EnvelopeRow {
  var id: Int64
  var received: Timestamp
  /// The row of its first event; no other envelope's stand between that and its last. nil: none was stored. What is stored
  /// of it later, when it comes again, has an envelope's row of its own.
  var firstRow: Int64?
  var hasHash: Bool
  /// Of the event that led to it.
  var bodyBytes: Int

  init(_ row: Statement) {
    id = row.integer(0)
    received = Timestamp(microseconds: row.integer(1))
    firstRow = row.optionalInteger(2)
    hasHash = row.integer(3) == 0
    bodyBytes = Int(row.integer(4))
  }
}

/// The rows with the highest numbers.
struct NewestRows {
  var event: Int64 = 0
  var eventOfDelivery: Int64 = 0
  var envelope: Int64 = 0

  func holds(event: Int64) -> Bool { event == self.event || event == eventOfDelivery }
}
