import RelayCore
import RelayStoring

/// Queues what replays send again. Confined to the store's thread.
///
/// Its deliveries stand in no event's row: those of an event stand there one after another from its arrival on. The table
/// `replayed` leads to them. docs/decisions/0029-replays.md says why.
final class ReplayQueuer {
  private let names: NameTable
  private let destinations: DestinationTable
  private let lanes: Lanes
  private let table: ReplayTable
  private let statements: ReplayStatements
  private let connection: StoreConnection

  init(
    names: NameTable, destinations: DestinationTable, lanes: Lanes, table: ReplayTable,
    statements: ReplayStatements, _ connection: StoreConnection
  ) {
    self.lanes = lanes
    self.names = names
    self.destinations = destinations
    self.table = table
    self.statements = statements
    self.connection = connection
  }

  /// What replays ask for goes into this commit.
  func queuing(in commit: PendingCommit) -> Queuing { Queuing(self, commit) }

  struct Queuing: ReplayQueuing {
    private let queuer: ReplayQueuer
    private let commit: PendingCommit

    fileprivate init(_ queuer: ReplayQueuer, _ commit: PendingCommit) {
      self.queuer = queuer
      self.commit = commit
    }

    func begin(_ new: NewReplay) throws(StoreError) -> Replay { try queuer.table.begin(new, in: commit) }

    func end(_ id: Int, as end: ReplayEnd, now: Timestamp) throws(StoreError) -> Replay? {
      try queuer.end(id, as: end, now: now)
    }

    func amend(_ id: Int, plan: String, reason: String?) {
      queuer.table.amend(id, plan: plan, reason: reason, in: commit)
    }

    func queue(_ step: ReplayStep, now: Timestamp) throws(StoreError) -> ReplayStepOutcome {
      try queuer.queue(step, now: now, in: commit)
    }
  }

  private func end(_ id: Int, as end: ReplayEnd, now: Timestamp) throws(StoreError) -> Replay? {
    guard let replay = try table.freshReplay(id), replay.canEnd(as: end) else { return try table.replay(id) }
    try table.change(id) { $0.end(as: end, at: now) }
    return try table.replay(id)
  }

  // MARK: Steps

  private func queue(
    _ step: ReplayStep, now: Timestamp, in commit: PendingCommit
  ) throws(StoreError) -> ReplayStepOutcome {
    guard let replay = try table.replay(step.replay) else {
      return .refused(StoreError(code: .failing, message: "the store knows no replay \(step.replay)"))
    }
    guard replay.walk == .underWay, replay.cursors[step.part] != .over else { return .over(replay) }
    if let refusal = refusal(of: step) { return .refused(refusal) }
    let room = ReplayRoom(step, replay.cursors) { [names, destinations] name in
      names.destination(name).map { ReplayRoom.Books(destinations, $0) }
    }
    guard let parted = room.destinationsToPart else { return .lacksRoom }
    // What was parted has a walk of its own.
    let without = step.part == nil ? Set(replay.cursors.parted.keys).union(parted) : []
    let queued = try insert(step.entries, without: without, run: replay.id, now: now, in: commit)
    try table.change(replay.id) { $0.took(step, queued: queued, parting: parted, at: now) }
    return .queued(try table.replay(replay.id)!)
  }

  private func refusal(of step: ReplayStep) -> StoreError? {
    step.refusal {
      names.destination($0) != nil
    } knowsRoute: {
      names.route($0) != nil
    }
  }

  /// - Returns: How many deliveries were queued: those of events that are there, and say something.
  private func insert(
    _ entries: [ReplayStep.Entry], without: Set<String>, run: Int, now: Timestamp, in commit: PendingCommit
  ) throws(StoreError) -> Int {
    let meant = entries.filter { entry in entry.targets.contains { !without.contains($0.destination) } }
    guard !meant.isEmpty else { return 0 }
    let sendable = try statements.sendable(meant.map(\.event), connection)
    var queued: [(event: EventID, place: Int32)] = []
    for entry in meant where sendable.contains(entry.event) {
      for target in entry.targets where !without.contains(target.destination) {
        queued.append((entry.event, try insert(target, of: entry, run: run, now: now, in: commit)))
      }
    }
    if !queued.isEmpty { statements.insertReplayed(queued, in: commit) }
    return queued.count
  }

  /// - Returns: Its place in the commit.
  private func insert(
    _ target: ReplayStep.Target, of entry: ReplayStep.Entry, run: Int, now: Timestamp,
    in commit: PendingCommit
  ) throws(StoreError) -> Int32 {
    let destination = names.destination(target.destination)!
    let key = destinations.ordering(of: destination).key(source: entry.source, chat: entry.chat, run: run)
      .map { OrderKey(destination: destination, text: $0, queue: .replay) }
    let since = destinations.serviceTime(of: destination, at: now)
    let row = AppendStatements.DeliveryRow(
      place: 0, event: entry.event, destination: Int32(destination.rawValue), route: try route(of: target),
      run: Int32(run), shelf: DeliveryState.fresh.shelf(in: .replay), since: since, receivedAt: now,
      bytes: Int32(clamping: entry.bytes), arrivedAt: now)
    destinations.change(destination) { $0.arrived(in: .replay, bytes: entry.bytes) }
    let isServed = lanes.owns(destination)
    if !isServed { commit.news.stored(destination, key, in: .replay) }
    return commit.arrivals.add(row, key: key, isServed: isServed)
  }

  private func route(of target: ReplayStep.Target) throws(StoreError) -> Int32 {
    if let route = target.route { return names.route(route)! }
    if let route = names.route(ReplayStep.personsRoute) { return route }
    try names.register(routes: [ReplayStep.personsRoute], connection)
    return names.route(ReplayStep.personsRoute)!
  }
}

@available(*, unavailable)
extension ReplayQueuer: Sendable {}
