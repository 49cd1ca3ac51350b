import RelayCore
import RelayStoring

/// Queues what replays send again, within a transaction. Confined to the store's thread.
///
/// Its deliveries stand in no event's row: those of an event stand there one after another from its arrival on. The table
/// `replayed` leads to them. docs/decisions/0029-replays.md says why.
final class ReplayQueuer: ReplayQueuing {
  private let names: NameTable
  private let destinations: DestinationTable
  private let numbers: RowNumbers
  private let claims: Claims
  private let keys: OrderKeys
  private let table: ReplayTable
  private let replays: ReplayStatements
  private let deliveries: DeliveryStatements
  private let search: EventSearch

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

  func end(_ id: Int, as end: ReplayEnd, now: Timestamp) throws(StoreError) -> Replay? {
    guard let replay = try table.replay(id), replay.canEnd(as: end) else { return try table.replay(id) }
    try table.change(id) { $0.end(as: end, at: now) }
    return try table.replay(id)
  }

  func amend(_ id: Int, plan: String, reason: String?) throws(StoreError) {
    try table.amend(id, plan: plan, reason: reason)
  }

  // MARK: Steps

  func queue(_ step: ReplayStep, now: Timestamp) throws(StoreError) -> ReplayStepOutcome {
    guard let replay = try table.replay(step.replay) else {
      return .refused(StoreError(code: .failing, message: "the store knows no replay \(step.replay)"))
    }
    guard replay.walk == .underWay, replay.cursors[step.part] != .over else { return .over(replay) }
    if let refusal = refusal(of: step) { return .refused(refusal) }
    let room = ReplayRoom(step, replay.cursors) { [names, destinations] name in
      names.destinations.row(of: name).map { ReplayRoom.Books(destinations, $0) }
    }
    guard let parted = room.destinationsToPart else { return .lacksRoom }
    // What was parted has a walk of its own.
    let without = step.part == nil ? Set(replay.cursors.parted.keys).union(parted) : []
    var queued = 0
    for entry in step.entries {
      let targets =
        without.isEmpty ? entry.targets : entry.targets.filter { !without.contains($0.destination) }
      guard !targets.isEmpty, let row = try sendableRow(of: entry) else { continue }
      for target in targets { try insert(target, of: entry, row: row, run: replay.id, now: now) }
      queued += targets.count
    }
    try table.change(replay.id) { $0.took(step, queued: queued, parting: parted, at: now) }
    return .queued(try table.replay(replay.id)!)
  }

  private func refusal(of step: ReplayStep) -> StoreError? {
    step.refusal {
      names.destinations.row(of: $0) != nil
    } knowsRoute: {
      names.routes.row(of: $0) != nil
    }
  }

  /// - Returns: nil: it is gone since the replay came to it, or what it says is.
  private func sendableRow(of entry: ReplayStep.Entry) throws(StoreError) -> EventRowID? {
    var row = entry.place.map { EventRowID(rawValue: $0.rawValue) }
    if row == nil { row = try search.row(of: entry.event) }
    guard let row, try replays.hasBody(row, of: entry.event) else { return nil }
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
    destinations.change(destination) { $0.arrived(in: .replay, bytes: new.bytes) }
  }

  private func route(of target: ReplayStep.Target) throws(StoreError) -> RouteRowID {
    if let route = target.route { return names.routes.row(of: route)! }
    try names.routes.register(ReplayStep.personsRoute)
    return names.routes.row(of: ReplayStep.personsRoute)!
  }
}

@available(*, unavailable)
extension ReplayQueuer: Sendable {}
