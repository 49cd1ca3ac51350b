import RelayCore
import RelayStoring

/// Reads replays, and where events have deliveries. Confined to the thread of its connection.
///
/// A test asserts each statement's plan.
final class ReplayReader {
  private let replaysBefore: Statement
  private let replayByNumber: Statement
  private let unfinishedReplays: Statement
  private let deliveriesFrom: Statement
  private let replayedFrom: Statement
  private let replayedDelivery: Statement
  private let deliveries: RisingRows
  private let replayed: RisingRows

  init(_ connection: Connection) throws(StoreError) {
    replaysBefore = try connection.prepare(
      "SELECT \(ReplayRow.columns) FROM replay WHERE id < ?1 ORDER BY id DESC LIMIT ?2")
    replayByNumber = try connection.prepare("SELECT \(ReplayRow.columns) FROM replay WHERE id = ?1")
    unfinishedReplays = try connection.prepare(
      "SELECT \(ReplayRow.columns) FROM replay WHERE walk = 0 ORDER BY id")
    deliveriesFrom = try connection.prepare(
      "SELECT id, destination, state, reason FROM delivery WHERE id >= ?1 ORDER BY id")
    replayedFrom = try connection.prepare(
      "SELECT event, delivery FROM replayed WHERE event >= ?1 ORDER BY event, delivery")
    deliveries = RisingRows(deliveriesFrom)
    replayed = RisingRows(replayedFrom)
    replayedDelivery = try connection.prepare(
      "SELECT id, destination, state, reason FROM delivery WHERE id = ?1")
  }

  /// Newest first.
  func replays(before: Int?, limit: Int, _ history: ClockHistory) throws(StoreError) -> [Replay] {
    replaysBefore.bind(1, before ?? .max)
    replaysBefore.bind(2, limit)
    return try replays(replaysBefore, history)
  }

  func replay(_ id: Int, _ history: ClockHistory) throws(StoreError) -> Replay? {
    replayByNumber.bind(1, id)
    return try replays(replayByNumber, history).first
  }

  func unfinished() throws(StoreError) -> [Replay] {
    try replays(unfinishedReplays, ClockHistory())
  }

  private func replays(_ query: Statement, _ history: ClockHistory) throws(StoreError) -> [Replay] {
    defer { query.reset() }
    var found: [Replay] = []
    while try query.step() {
      var replay = ReplayRow.replay(query)
      replay.new.startedAt = history.wall(at: replay.new.startedAt)
      replay.endedAt = replay.endedAt.map(history.wall(at:))
      found.append(replay)
    }
    return found
  }

  // MARK: Events

  /// What a page holds of bodies, before the last.
  static let pageBytes = 4 << 20

  /// - Parameter query: Has come to the event: one of `EventRows` with what it has of deliveries.
  func replayable(
    _ row: EventRowID, _ query: Statement, withBody: Bool, source: String, receivedAt: Timestamp,
    _ names: EventNames
  ) throws(StoreError) -> ReplayableEvent {
    let record = EventRecord(
      id: query.eventID(1), place: EventCursor(rawValue: row.rawValue), type: query.text(2)!, source: source,
      company: query.text(3), channel: query.text(4), chat: query.text(5), receivedAt: receivedAt,
      configuration: "", routes: [], isDropped: query.integer(7) != 0,
      body: withBody ? query.bytes(9)! : [], bodyBytes: query.withBytes(9) { $0.count }, deliveries: [])
    var standings: [ReplayableEvent.Standing] = []
    if let first = query.optionalInteger(10) {
      try addDeliveries(from: first, count: query.integer(11), to: &standings, names)
    }
    try addReplays(of: row, to: &standings, names)
    return ReplayableEvent(record: record, standings: standings)
  }

  /// Before the transaction ends.
  func endPage() {
    deliveries.reset()
    replayed.reset()
  }

  /// Those that came with the event.
  private func addDeliveries(
    from first: Int64, count: Int64, to standings: inout [ReplayableEvent.Standing], _ names: EventNames
  ) throws(StoreError) {
    // A damaged row may say anything.
    guard count > 0 else { return }
    var row = try deliveries.find(first)
    while let found = row, found >= first, found &- first < count {
      standings.append(standing(deliveries.statement, names))
      row = try deliveries.next()
    }
  }

  private func addReplays(
    of event: EventRowID, to standings: inout [ReplayableEvent.Standing], _ names: EventNames
  ) throws(StoreError) {
    var row = try replayed.find(event.rawValue)
    while row == event.rawValue {
      replayedDelivery.bind(1, replayed.statement.integer(1))
      defer { replayedDelivery.reset() }
      if try replayedDelivery.step() { standings.append(standing(replayedDelivery, names)) }
      row = try replayed.next()
    }
  }

  private func standing(_ row: Statement, _ names: EventNames) -> ReplayableEvent.Standing {
    // One that only a later version knows is one that it has.
    let state = DeliveryState(stored: row.integer(2)) ?? .delivered
    let reason = row.optionalInteger(3).flatMap { DiscardReason(rawValue: Int($0)) }
    return ReplayableEvent.Standing(
      destination: names.destination(row.row(1)), state: DeliveryFilter.State(state, discarded: reason))
  }
}

@available(*, unavailable)
extension ReplayReader: Sendable {}
