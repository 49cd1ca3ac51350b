import RelayCore

/// Reads replays, and where events have deliveries. Confined to the thread of its connection.
///
/// A test asserts each statement's plan.
final class ReplayReader {
  private let replaysBefore: Statement
  private let replayByNumber: Statement
  private let unfinishedReplays: Statement
  private let standings: Statement

  init(_ connection: Connection) throws(StoreError) {
    replaysBefore = try connection.prepare(
      "SELECT \(ReplayRow.columns) FROM replay WHERE id < ?1 ORDER BY id DESC LIMIT ?2")
    replayByNumber = try connection.prepare("SELECT \(ReplayRow.columns) FROM replay WHERE id = ?1")
    unfinishedReplays = try connection.prepare(
      "SELECT \(ReplayRow.columns) FROM replay WHERE walk = 0 ORDER BY id")
    standings = try connection.prepare(
      """
      SELECT d.destination, d.state, d.reason FROM event e
      CROSS JOIN delivery d ON d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries WHERE e.id = ?1
      UNION ALL SELECT d.destination, d.state, d.reason FROM replayed r CROSS JOIN delivery d ON d.id = r.delivery
      WHERE r.event = ?1
      """)
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

  /// - Parameter query: Has come to the event: one of `EventRows`.
  func replayable(
    _ row: EventRowID, _ query: Statement, withBody: Bool, source: String, receivedAt: Timestamp,
    _ names: EventNames
  ) throws(StoreError) -> ReplayableEvent {
    let record = EventRecord(
      id: query.eventID(1), place: EventCursor(rawValue: row.rawValue), type: query.text(2)!, source: source,
      company: query.text(3), channel: query.text(4), chat: query.text(5), receivedAt: receivedAt,
      configuration: "", routes: [], isDropped: query.integer(7) != 0,
      body: withBody ? query.bytes(9)! : [], bodyBytes: query.withBytes(9) { $0.count }, deliveries: [])
    return ReplayableEvent(record: record, standings: try standings(of: row, names))
  }

  private func standings(
    of row: EventRowID, _ names: EventNames
  ) throws(StoreError) -> [ReplayableEvent.Standing] {
    standings.bind(1, row)
    defer { standings.reset() }
    var found: [ReplayableEvent.Standing] = []
    while try standings.step() {
      // One that only a later version knows is one that it has.
      let state = DeliveryState(stored: standings.integer(1)) ?? .delivered
      let reason = standings.optionalInteger(2).flatMap { DiscardReason(rawValue: Int($0)) }
      found.append(
        ReplayableEvent.Standing(
          destination: names.destination(standings.row(0)),
          state: DeliveryFilter.State(state, discarded: reason)))
    }
    return found
  }
}

@available(*, unavailable)
extension ReplayReader: Sendable {}

extension DeliveryFilter.State {
  /// - Parameter reason: Of a discarded one.
  init(_ state: DeliveryState, discarded reason: DiscardReason?) {
    switch state {
    case .fresh, .retrying, .waiting: self = .pending
    case .delivered: self = .delivered
    case .dead: self = .dead
    case .discarded: self = reason == .overflow ? .overflowed : .discarded
    }
  }
}
