import RelayCore

/// Queues what replays send again, within a transaction. Confined to the store's thread.
///
/// Its deliveries stand in no event's row: those of an event stand there one after another from its arrival on. The table
/// `replayed` leads to them. docs/decisions/0029-replays.md says why.
final class ReplayQueuer {
  private let names: NameTable
  private let destinations: DestinationTable
  private let numbers: RowNumbers
  private let claims: Claims
  private let keys: OrderKeys
  private let table: ReplayTable
  private let replays: ReplayStatements
  private let deliveries: DeliveryStatements
  private let search: EventSearch
  /// The event that was found last: the next one stands not far behind it.
  private var lastFound = EventRowID(rawValue: 0)

  init(
    _ connection: Connection, names: NameTable, destinations: DestinationTable, numbers: RowNumbers,
    claims: Claims, keys: OrderKeys, table: ReplayTable, replays: ReplayStatements,
    deliveries: DeliveryStatements
  ) throws(StoreError) {
    self.names = names
    self.destinations = destinations
    self.numbers = numbers
    self.claims = claims
    self.keys = keys
    self.table = table
    self.replays = replays
    self.deliveries = deliveries
    search = try EventSearch(connection)
  }

  // MARK: Replays

  func begin(_ new: NewReplay) throws(StoreError) -> Replay { try table.begin(new) }

  /// - Returns: It as it is then; nil: there is none.
  func end(_ id: Int, as end: ReplayEnd, now: Timestamp) throws(StoreError) -> Replay? {
    guard let replay = try table.replay(id), replay.canEnd(as: end) else { return try table.replay(id) }
    try table.change(id) {
      $0.endedAt = now
      switch end {
      case .cancelled: $0.walk = .cancelled
      case .failed(let why): ($0.walk, $0.failure) = (.failed, why)
      }
    }
    return try table.replay(id)
  }

  // MARK: Steps

  /// What came of a step.
  enum Outcome {
    case queued(Replay)
    /// Its replay's walk had ended.
    case over(Replay)
    /// It is to be tried again when some of what is queued has been settled.
    case lacksRoom
    /// It can't be queued, whatever the store's state.
    case refused(StoreError)
  }

  func queue(_ step: ReplayStep, now: Timestamp) throws(StoreError) -> Outcome {
    guard let replay = try table.replay(step.replay) else {
      return .refused(StoreError(code: .failing, message: "the store knows no replay \(step.replay)"))
    }
    guard replay.walk == .underWay else { return .over(replay) }
    if let refusal = refusal(of: step) { return .refused(refusal) }
    guard hasRoom(for: step) else { return .lacksRoom }
    var queued = 0
    for entry in step.entries {
      // What it says may be gone since the replay came to it.
      guard let row = try row(of: entry.event), try replays.hasBody(row) else { continue }
      for target in entry.targets { try insert(target, of: entry, row: row, run: replay.id, now: now) }
      queued += entry.targets.count
    }
    try table.change(replay.id) {
      $0.queued += queued
      $0.matched += step.matched
      $0.skipped += step.skipped
      $0.cursor = step.cursor
      if step.isLast { ($0.walk, $0.endedAt) = (.ended, now) }
    }
    return .queued(try table.replay(replay.id)!)
  }

  private func refusal(of step: ReplayStep) -> StoreError? {
    for target in step.entries.lazy.flatMap(\.targets) {
      if names.destinations.row(of: target.destination) == nil {
        return .unknown(destination: target.destination)
      }
      if let route = target.route, names.routes.row(of: route) == nil {
        return StoreError(
          code: .failing, message: "the store knows no route \"\(route)\"; configure it before it is used")
      }
    }
    return nil
  }

  /// Whether each destination has room for its part: what arrives must find room, too, whatever is replayed.
  private func hasRoom(for step: ReplayStep) -> Bool {
    var parts: [String: (count: Int, bytes: Int)] = [:]
    for entry in step.entries {
      for target in entry.targets {
        let part = parts[target.destination] ?? (0, 0)
        parts[target.destination] = (part.count + 1, part.bytes + entry.bytes)
      }
    }
    return parts.allSatisfy { name, part in
      let row = names.destinations.row(of: name)!
      let books = destinations[row]
      let isShort = books.replaying == 0 || books.replaying + part.count <= step.ahead
      return isShort
        && (books.pending + books.dead == 0 || destinations.hasRoomForReplay(row, for: part.bytes))
    }
  }

  /// Events of a step mostly stand one behind the other.
  private func row(of id: EventID) throws(StoreError) -> EventRowID? {
    guard let row = try search.row(of: id, near: lastFound) else { return nil }
    lastFound = row
    return row
  }

  private func insert(
    _ target: ReplayStep.Target, of entry: ReplayStep.Entry, row: EventRowID, run: Int, now: Timestamp
  ) throws(StoreError) {
    let destination = names.destinations.row(of: target.destination)!
    let key = destinations.ordering(of: destination).key(source: entry.source, chat: entry.chat, run: run)
    let waits = try key.map { key throws(StoreError) in
      try keys.head(of: OrderKey(destination: destination, text: key, queue: .replay)) != nil
    }
    let new = DeliveryStatements.NewRow(
      id: numbers.takeDelivery(), event: row, destination: destination, route: try route(of: target),
      since: destinations.serviceTime(of: destination, at: now), bytes: entry.bytes, arrived: now)
    try deliveries.insertReplay(new, run: run, state: waits == true ? .waiting : .fresh, orderKey: key)
    try replays.insertReplayed(new.id, of: row)
    if waits != true { claims.becameClaimable(new.id, of: destination, .replay) }
    destinations.change(destination) {
      $0.pending += 1
      $0.replaying += 1
      $0.backlogBytes += new.bytes
    }
  }

  private func route(of target: ReplayStep.Target) throws(StoreError) -> RouteRowID {
    if let route = target.route { return names.routes.row(of: route)! }
    try names.routes.register(ReplayStep.personsRoute)
    return names.routes.row(of: ReplayStep.personsRoute)!
  }
}

@available(*, unavailable)
extension ReplayQueuer: Sendable {}
