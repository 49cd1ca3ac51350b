import RelayCore
import RelayStoring

/// How deliveries' rows come to be, and how they are read for their lanes.
final class DeliveryStatements {
  private let insertDelivery: Statement
  private let insertOverflow: Statement
  private let insertReplay: Statement
  private let deliveryByRow: Statement
  private let eventByRow: Statement

  init(_ connection: Connection) throws(StoreError) {
    insertDelivery = try connection.prepare(
      """
      INSERT INTO delivery (id, event, destination, route, run, state, attempts, since, order_key, bytes, arrived)
      VALUES (?1, ?2, ?3, ?4, 0, ?5, 0, ?6, ?7, ?8, ?9)
      """)
    insertOverflow = try connection.prepare(
      """
      INSERT INTO delivery (id, event, destination, route, run, state, attempts, since, bytes, settled, reason, revisit,
        arrived)
      VALUES (?1, ?2, ?3, ?4, 0, 5, 0, ?5, ?6, ?7, \(DiscardReason.overflow.rawValue), ?8, ?9)
      """)
    insertReplay = try connection.prepare(
      """
      INSERT INTO delivery (id, event, destination, route, run, state, attempts, since, order_key, bytes, arrived)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9, ?10)
      """)
    deliveryByRow = try connection.prepare(
      "SELECT event, run, attempts, since, counted, probed, order_key, bytes, due FROM delivery WHERE id = ?1"
    )
    eventByRow = try connection.prepare(
      """
      SELECT e.envelope, e.uuid, e.type, e.raw_type, e.company, e.channel, e.chat, e.body, e.deliveries,
        v.source, v.received, v.time, v.token, v.trace, v.first_event
      FROM event e JOIN envelope v ON v.id = e.envelope WHERE e.id = ?1
      """)
  }

  // MARK: Arrival

  /// What every delivery's row holds from the start.
  struct NewRow {
    var id: DeliveryID
    var event: EventRowID
    var destination: DestinationRowID
    var route: RouteRowID?
    /// By the destination's service time.
    var since: Timestamp
    /// What it counts in the books.
    var bytes: Int
    /// If that is later than its event's arrival; nil: with it.
    var arrived: Timestamp?
  }

  func insert(_ new: NewRow, state: ArrivalState, orderKey: String?) throws(StoreError) {
    insertDelivery.bind(1, new.id)
    insertDelivery.bind(2, new.event)
    insertDelivery.bind(3, new.destination)
    insertDelivery.bind(4, new.route)
    insertDelivery.bind(5, state.rawValue)
    insertDelivery.bind(6, new.since)
    insertDelivery.bind(7, orderKey)
    insertDelivery.bind(8, new.bytes)
    insertDelivery.bind(9, new.arrived)
    try insertDelivery.run()
  }

  /// One that went over its destination's `max_backlog`: it is discarded as it arrives.
  func insertOverflow(_ new: NewRow, settledAt now: Timestamp, revisit: Timestamp?) throws(StoreError) {
    insertOverflow.bind(1, new.id)
    insertOverflow.bind(2, new.event)
    insertOverflow.bind(3, new.destination)
    insertOverflow.bind(4, new.route)
    insertOverflow.bind(5, new.since)
    insertOverflow.bind(6, new.bytes)
    insertOverflow.bind(7, now)
    insertOverflow.bind(8, revisit)
    insertOverflow.bind(9, new.arrived)
    try insertOverflow.run()
  }

  /// One that a replay has queued.
  func insertReplay(_ new: NewRow, run: Int, state: DeliveryState, orderKey: String?) throws(StoreError) {
    insertReplay.bind(1, new.id)
    insertReplay.bind(2, new.event)
    insertReplay.bind(3, new.destination)
    insertReplay.bind(4, new.route)
    insertReplay.bind(5, run)
    insertReplay.bind(6, state.stored(in: .replay))
    insertReplay.bind(7, new.since)
    insertReplay.bind(8, orderKey)
    insertReplay.bind(9, new.bytes)
    insertReplay.bind(10, new.arrived)
    try insertReplay.run()
  }

  // MARK: Reading

  /// A pending delivery's row.
  struct Row {
    var event: EventRowID
    var run: Int
    var attempts: Int
    var countedAttempts: Int
    var since: Timestamp
    var probedAt: Timestamp?
    var orderKey: String?
    var bytes: Int
    /// It has no time of its own: it was never attempted.
    var isFresh: Bool
  }

  func delivery(_ id: DeliveryID) throws(StoreError) -> Row? {
    deliveryByRow.bind(1, id)
    guard try deliveryByRow.step() else { return nil }
    defer { deliveryByRow.reset() }
    return Row(
      event: deliveryByRow.row(0), run: Int(deliveryByRow.integer(1)),
      attempts: Int(deliveryByRow.integer(2)), countedAttempts: Int(deliveryByRow.integer(4)),
      since: deliveryByRow.time(3), probedAt: deliveryByRow.optionalTime(5),
      orderKey: deliveryByRow.text(6), bytes: Int(deliveryByRow.integer(7)), isFresh: deliveryByRow.isNull(8))
  }

  /// - Parameters:
  ///   - envelopes: Has the envelope, if it is the one that was read last.
  ///   - source: Gives a source's name.
  /// - Returns: The event, and how many deliveries it has; nil: it or its envelope is missing.
  func event(
    _ row: EventRowID, _ envelopes: inout LastEnvelope, source: (SourceRowID) -> String
  ) throws(StoreError) -> (event: Event, deliveries: Int)? {
    let query = eventByRow
    query.bind(1, row)
    guard try query.step() else { return nil }
    defer { query.reset() }
    let envelope = envelopes.context(query.row(0)) {
      EnvelopeContext(
        source: source(query.row(9)), receivedAt: query.time(10), time: query.bytes(11),
        token: query.bytes(12), trace: StoredTrace.read(query.bytes(13), firstEvent: query.eventID(14)))
    }
    let type = query.text(2)!
    let event = Event(
      id: query.eventID(1), envelope: envelope, type: type, rawType: query.bytes(3) ?? Array(type.utf8),
      company: query.text(4), channel: query.text(5), chat: query.text(6), body: query.bytes(7)!)
    return (event, Int(query.integer(8)))
  }
}

@available(*, unavailable)
extension DeliveryStatements: Sendable {}

/// What the column `state` holds of a delivery that has just arrived.
enum ArrivalState: Int64 {
  /// Fresh, and in no index: docs/decisions/0014-unlisted-deliveries.md says why.
  case unlisted = -1
  case fresh = 0
  case waiting = 2
}

extension DeliveryState {
  /// How far below the pending states of live deliveries those of replays stand: no walk along the ones comes to the others.
  private static let replayOffset = 4

  /// What the column `state` says; nil: this version does not know it.
  init?(stored: Int64) {
    let state = Int(stored)
    guard state < 0 else {
      self.init(rawValue: state)
      return
    }
    self.init(
      rawValue: stored == ArrivalState.unlisted.rawValue ? Self.fresh.rawValue : state + Self.replayOffset)
  }

  /// What the column `state` is to say.
  func stored(in queue: DeliveryQueue) -> Int {
    queue == .replay && isPending ? rawValue - Self.replayOffset : rawValue
  }
}

/// The last envelope that was read: an envelope's deliveries mostly come one after another.
struct LastEnvelope {
  private var row: EnvelopeRowID?
  private var context: EnvelopeContext?

  mutating func context(_ row: EnvelopeRowID, make: () -> EnvelopeContext) -> EnvelopeContext {
    if row == self.row, let context { return context }
    let made = make()
    (self.row, context) = (row, made)
    return made
  }
}
