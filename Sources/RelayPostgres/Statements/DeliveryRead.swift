import RelayCore
import RelayStoring

/// A delivery's row as its lane, and its settlement, need it.
struct DeliveryRead {
  /// Of a table or a query that is called `d`.
  static let columns = """
    d.id, d.event, d.destination, d.run, d.attempts, d.counted, d.since, d.probed, d.order_key, d.bytes, d.due, d.received
    """
  /// How many columns these are.
  static let width = 12

  var id: DeliveryID
  var event: EventID
  var destination: Int32
  var run: Int
  var attempts: Int
  var countedAttempts: Int
  var since: Timestamp
  var probedAt: Timestamp?
  var orderKey: String?
  var bytes: Int
  var due: Timestamp?
  var receivedAt: Timestamp

  /// - Parameter first: The place of its first column.
  init(_ row: Row, from first: Int = 0) {
    id = DeliveryID(rawValue: row.integer(first))
    event = row.eventID(first + 1)
    destination = row.int32(first + 2)
    run = Int(row.int32(first + 3))
    attempts = Int(row.int32(first + 4))
    countedAttempts = Int(row.int32(first + 5))
    since = row.time(first + 6)
    probedAt = row.optionalTime(first + 7)
    orderKey = row.optionalText(first + 8).map(StoredText.read)
    bytes = Int(row.int32(first + 9))
    due = row.optionalTime(first + 10)
    receivedAt = row.time(first + 11)
  }

  /// What it is claimed with.
  var entry: ClaimTable.Entry {
    ClaimTable.Entry(
      destination: DestinationRowID(rawValue: Int64(destination)), bytes: bytes, received: receivedAt,
      orderKey: orderKey, isFresh: due == nil, run: run)
  }

  func delivery(_ event: Event, to destination: String) -> Delivery {
    Delivery(
      id: id, event: event, destination: destination, run: run, attempts: attempts,
      countedAttempts: countedAttempts, since: since, probedAt: probedAt)
  }
}

/// An event's row as its deliveries need it.
enum EventRead {
  /// Of a table that is called `e`.
  static let columns = """
    e.id, e.envelope, e.source, e.received, e.time, e.token, e.trace, e.type, e.raw_type, e.company, e.channel, e.chat, e.body,
    e.deliveries, e.erased IS NOT NULL
    """

  struct Found {
    var event: Event
    /// How many it has.
    var deliveries: Int
    /// There is nothing left to send.
    var isErased: Bool
  }

  /// - Parameters:
  ///   - first: The place of its first column.
  ///   - contexts: Keeps envelopes for their other events.
  ///   - source: Gives a source's name.
  /// - Returns: nil: there is none.
  static func event(
    _ row: Row, from first: Int = 0, _ contexts: inout [EventID: EnvelopeContext], source: (Int32) -> String
  ) -> Found? {
    guard !row.isNull(first) else { return nil }
    let envelope = row.eventID(first + 1)
    let context =
      contexts[envelope]
      ?? EnvelopeContext(
        source: source(row.int32(first + 2)), receivedAt: row.time(first + 3),
        time: row.optionalBytes(first + 4), token: row.optionalBytes(first + 5),
        trace: StoredTrace.read(row.optionalBytes(first + 6), firstEvent: envelope))
    contexts[envelope] = context
    let type = StoredText.read(row.text(first + 7))
    let event = Event(
      id: row.eventID(first), envelope: context, type: type,
      rawType: row.optionalBytes(first + 8) ?? Array(type.utf8),
      company: row.optionalText(first + 9).map(StoredText.read),
      channel: row.optionalText(first + 10).map(StoredText.read),
      chat: row.optionalText(first + 11).map(StoredText.read), body: row.bytes(first + 12))
    return Found(event: event, deliveries: Int(row.int32(first + 13)), isErased: row.bool(first + 14))
  }
}

extension DeliveryRead {
  func isDue(by now: Timestamp) -> Bool { due.map { $0 <= now } ?? true }

  /// It waits for the one before it: given back, it is not to be had by itself.
  var followingEntry: ClaimTable.Entry {
    var entry = entry
    entry.isFresh = false
    return entry
  }
}
