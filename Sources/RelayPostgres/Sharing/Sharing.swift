import RelayCore
import RelayStoring

/// Shares the destinations out among the nodes: which of them this one serves, takes, asks for and hands over; what it reads of what others
/// have stored; and how it clears up after those that are over. Confined to the store's thread, between commits.
///
/// docs/decisions/0049-lanes-are-leased.md says why nothing is lost, and nothing comes in the wrong order.
final class Sharing {
  private let session: StoreSession
  private let signal: LeaseSignal
  private let lanes: Lanes
  private let statements: LaneStatements
  private let news: NewsReader
  let telling: Telling
  let desk: Desk
  private let sweepStatements: SweepStatements

  let table = LaneTable()
  /// Who has what configured, as it was last read.
  private var configured: [(holding: SlotHolding, destinations: Set<Int32>)] = []
  private var rules: LaneRules
  /// What this node has configured; and what the others know of that (nil: it serves nothing).
  private var own: Set<Int32> = []
  private var published: Set<Int32>?
  /// What was asked for, and has not been done.
  private var asked = LeaseSignal.Asked()
  private let departures: Departures
  private var takeOver: TakeOver?
  private var sweeps: [OrderSweep] = []
  /// What destinations are to be ordered by once this node serves them, as its configuration says, by their names.
  private var orderings: [String: Ordering] = [:]
  /// Something has failed: it is done again when somebody asks to look, with the next heartbeat at the latest.
  private var isStuck = false
  private var nextRefresh = ContinuousClock.now

  private static let refreshInterval = Duration.seconds(1)

  /// - Parameter patience: What people have asked of another node is given up when nobody has gone on with it for so long.
  init(
    _ session: StoreSession, _ signal: LeaseSignal, clock: any SteadyClock, patience: Duration,
    tables: TableNames = TableNames()
  ) {
    self.session = session
    self.signal = signal
    lanes = session.lanes
    statements = LaneStatements(tables)
    news = NewsReader(session, signal, tables)
    telling = Telling(session, news, tables)
    departures = Departures()
    desk = Desk(
      session, signal, owners: table, departures: departures, clock: clock, patience: patience,
      tables: tables)
    sweepStatements = SweepStatements(tables)
    rules = LaneRules(own: session.slot, live: [], configured: [:])
  }

  private var slot: Int16 { session.slot }
  private var connection: StoreConnection { session.connection }
  private var host: (any LaneHost)? { signal.host }
  private var live: [Int16] { connection.nodes.slots.map(Int16.init) }
  private func name(_ row: DestinationRowID) -> String { session.destinations[row].name }

  /// Before anything is stored.
  func begin() throws(StoreError) {
    if lanes.isShared { try telling.begin() }
    try session.readEnvelopes()
  }

  // MARK: What is asked of the store

  /// The destinations that there are from now on. What nobody serves, and this node is to, it serves when this returns.
  func configure(_ names: [String]) {
    guard lanes.isShared else { return }
    own = Set(names.compactMap { session.names.destination($0).map { Int32($0.rawValue) } })
    asked = LeaseSignal.Asked(news: true, lanes: true)
    isStuck = false
    work()
  }

  /// A destination's deliveries are to be ordered by this.
  ///
  /// - Returns: Whether it is remembered, and done once this node serves it.
  func postpones(_ ordering: Ordering, of destination: String) -> Bool {
    guard lanes.isShared, let row = session.names.destination(destination) else { return false }
    orderings[destination] = ordering
    return !lanes.owns(row)
  }

  /// The job that a destination waits for whose deliveries this node has found in another order than it has configured.
  func reorder(for destination: String) -> (any StoreJob<StoreSession>)? {
    guard lanes.isShared, let row = session.names.destination(destination),
      lanes.standing(of: row) == .reordering
    else { return nil }
    return ReorderJob(destination, by: ordering(of: row)) { [weak self] result in
      guard let self, case .success = result, lanes.standing(of: row) == .reordering else { return }
      lanes.set(.own, of: row)
      host?.deliveriesCame(for: [destination], replayed: true)
    }
  }

  /// What its configuration says; where that has said nothing since the start, it agreed with what was stored then.
  private func ordering(of row: DestinationRowID) -> Ordering {
    orderings[name(row)] ?? session.destinations[row].ordering ?? .none
  }

  // MARK: By itself

  /// There is more to do at once.
  var hasMore: Bool {
    lanes.isShared && !isStuck
      && (asked.news || takeOver != nil || !sweeps.isEmpty || desk.requests.hasMore)
  }

  /// A short step.
  func tend() {
    guard lanes.isShared else { return }
    let (hasWork, new) = (desk.hear(), signal.takeAsked())
    if hasWork || new.news || new.lanes { isStuck = false }
    asked.news = asked.news || new.news
    asked.lanes = asked.lanes || new.lanes
    work()
  }

  private func work() {
    defer { table.show(session.destinations.known.map { ($0.row, $0.destination.name) }) }
    guard connection.loss == nil, !isStuck else { return }
    do throws(StoreError) {
      if try desk.write() { asked.news = true }
      if asked.news || asked.lanes { try look() }
      try handOver()
      try clearUp()
      try sweep()
    } catch {
      isStuck = true
    }
  }

  private func look() throws(StoreError) {
    try publish()
    let all = asked.lanes
    var pipeline = Pipeline()
    telling.ask(in: &pipeline)
    if all {
      statements.all(in: &pipeline)
      statements.configured(in: &pipeline)
    } else {
      statements.concerning(slot, knownAsOwn: lanes.owned, in: &pipeline)
    }
    desk.requests.open(in: &pipeline)
    let found = try connection.read(pipeline)
    if all {
      table.forget()
      configured = LaneStatements.configured(found[Telling.questions + 1])
    }
    let lanesFound = found[Telling.questions]
    let isAboutLanes = all || lanesFound.count > 0
    if isAboutLanes { try know(LaneStatements.lanes(lanesFound)) }
    let isLastPage = try telling.act(on: found[..<Telling.questions])
    if isAboutLanes {
      judge()
      try change()
    }
    try desk.requests.act(on: found[found.count - 1]) { desk.isMine($0) }
    if all {
      try releaseAbandoned()
      try takeOverSlots()
      try desk.replays.look()
      try refresh()
      try news.forget()
      try desk.requests.sweep()
    }
    asked = LeaseSignal.Asked(news: !isLastPage)
  }

  /// Tells the others what this node has configured, once it serves destinations.
  private func publish() throws(StoreError) {
    guard host != nil, published != own else { return }
    var pipeline = Pipeline()
    statements.configure(connection.holding, own, in: &pipeline)
    _ = try connection.run(pipeline)
    published = own
    asked.lanes = true
  }

  // MARK: Lanes

  private func know(_ found: [(destination: Int32, lane: LaneRow)]) throws(StoreError) {
    for (destination, lane) in found { table[DestinationRowID(rawValue: Int64(destination))] = lane }
    // Another node has made it, and left it to this one.
    if table.owned(by: slot).contains(where: { !lanes.knows($0) }) { try session.refresh() }
    var came: [DestinationRowID] = []
    for (row, _) in session.destinations.known {
      let isOwner = table[row]?.owner == slot
      // What an earlier run has left to this slot waits until somebody has lanes for it.
      if isOwner && !lanes.owns(row) && host != nil { came.append(row) }
      // It was handed over, and the answer to that was lost.
      if !isOwner && lanes.owns(row) { went(row) }
    }
    try serve(came)
  }

  private func serve(_ came: [DestinationRowID]) throws(StoreError) {
    guard !came.isEmpty else { return }
    try session.refresh()
    session.tookOver()
    for row in came {
      session.claims.beginAnew(row)
      sweeps.append(OrderSweep(row))
      let stored = session.destinations[row].ordering
      lanes.set(stored == ordering(of: row) ? .own : .reordering, of: row)
    }
    host?.lanesCame(came.map { session.destinations[$0] })
  }

  private func went(_ row: DestinationRowID) {
    lanes.set(.elsewhere, of: row)
    departures.end(row)
    sweeps.removeAll { $0.destination == row }
    host?.lanesWent([name(row)])
  }

  private func judge() {
    let nodes = connection.nodes.nodes
    let known = configured.filter { one in nodes.contains { $0.holding == one.holding } }
    rules = LaneRules(
      own: slot, live: Set(live),
      configured: Dictionary(uniqueKeysWithValues: known.map { (Int16($0.holding.slot), $0.destinations) }))
  }

  private func change() throws(StoreError) {
    var (taken, wanted): ([Int32], [Int32]) = ([], [])
    var stayed: [DestinationRowID] = []
    for (row, destination) in session.destinations.known {
      let number = Int32(row.rawValue)
      switch rules.action(on: table[row] ?? LaneRow(), of: number, named: destination.name) {
      case .take: taken.append(number)
      case .ask: wanted.append(number)
      case .handOver(let other): leave(row, to: other)
      case .none: if case .leaving = lanes.standing(of: row) { stayed.append(row) }
      }
    }
    try stay(stayed)
    guard !(taken.isEmpty && wanted.isEmpty) else { return }
    var pipeline = Pipeline()
    statements.change(slot, take: taken, ask: wanted, in: &pipeline)
    statements.all(in: &pipeline)
    let found = try connection.run(pipeline)
    try know(LaneStatements.lanes(found[found.count - 1]))
    if !wanted.isEmpty { tellOthers() }
  }

  /// Lanes of nodes that have ended, and that nobody clears up after.
  private func releaseAbandoned() throws(StoreError) {
    let nodes = connection.nodes
    let known = Set((nodes.slots + nodes.over.map(\.holding.slot)).map(Int16.init)).union([slot])
    let abandoned = table.owners.subtracting(known)
    guard !abandoned.isEmpty else { return }
    var pipeline = Pipeline()
    statements.release(abandonedBy: abandoned.sorted(), in: &pipeline)
    statements.all(in: &pipeline)
    let found = try connection.run(pipeline)
    try know(LaneStatements.lanes(found[2]))
    try change()
  }

  private func leave(_ row: DestinationRowID, to other: Int16) {
    switch lanes.standing(of: row) {
    case .own:
      lanes.set(.leaving(to: other), of: row)
      departures.begin(row)
      host?.holdLanes([name(row)])
    case .leaving: lanes.set(.leaving(to: other), of: row)
    case .elsewhere:
      // An earlier run has left it to this slot, and this node does not serve yet.
      lanes.set(.leaving(to: other), of: row)
      departures.begin(row)
    case .reordering: break
    }
  }

  /// Whoever was to have them is gone, or is not to have them any more.
  private func stay(_ rows: [DestinationRowID]) throws(StoreError) {
    guard !rows.isEmpty else { return }
    for row in rows {
      departures.end(row)
      lanes.set(.elsewhere, of: row)
    }
    guard let host else { return }
    host.resumeLanes(rows.map(name))
    try serve(rows)
  }

  /// Those of which nothing is claimed any more go: what was in no index is listed with the same commit.
  private func handOver() throws(StoreError) {
    guard !departures.isEmpty else { return }
    for row in departures.ready(session.claims, session.destinations) {
      guard case .leaving(let other) = lanes.standing(of: row) else { continue }
      let isGone = try session.commit { commit in
        let done = Done()
        _ = session.claims.list(of: row, in: commit)
        statements.handOver(row, to: other, in: commit) { done.isSo = $0 }
        return { done.isSo }
      }
      if isGone {
        table[row] = LaneRow(owner: other)
        went(row)
        tellOthers()
      } else {
        asked.lanes = true
        asked.news = true
      }
    }
  }

  private final class Done { var isSo = false }

  private func tellOthers() { connection.tellOthers(upTo: session.lastDelivery) }

  // MARK: What others have stored

  private func sweep() throws(StoreError) {
    if news.takeGap() {
      let swept = Set(sweeps.map(\.destination))
      sweeps += lanes.owned.filter { !swept.contains($0) }.map { OrderSweep($0) }
    }
    guard var sweep = sweeps.first else { return }
    let (isLast, hasFound) = try sweep.step(session, sweepStatements)
    if isLast { sweeps.removeFirst() } else { sweeps[0] = sweep }
    if hasFound { host?.deliveriesCame(for: [name(sweep.destination)], replayed: false) }
  }

  // MARK: Nodes that are over

  private func takeOverSlots() throws(StoreError) {
    guard takeOver == nil else { return }
    for node in connection.nodes.over where !node.hasSessions {
      guard let holding = try connection.takeOver(node) else { continue }
      takeOver = TakeOver(holding)
      return
    }
  }

  private func clearUp() throws(StoreError) {
    guard var current = takeOver else { return }
    let isLast = try current.step(connection, sweepStatements, statements, desk.replays)
    takeOver = isLast ? nil : current
    guard isLast else { return }
    // Its lanes are to be had; and another one may be over, too.
    asked = LeaseSignal.Asked(news: true, lanes: true)
    tellOthers()
  }

  // MARK: Now and then

  private func refresh() throws(StoreError) {
    let start = ContinuousClock.now
    guard live.count > 1, start >= nextRefresh else { return }
    try desk.refresh()
    let own = connection.nodes.nodes.first { $0.holding == connection.holding }
    if let own { try session.shortenIdleTail(at: own.seen) }
    // What takes long is done less often.
    nextRefresh = .now.advanced(by: max(Self.refreshInterval, start.duration(to: .now) * 20))
  }

  // MARK: The end

  /// What this node has goes to others, if there are any.
  ///
  /// - Returns: Whether it leaves something that stands in no index, for who gets its slot next.
  func end() -> Bool {
    desk.requests.refuseAll(.closed)
    guard lanes.isShared, connection.loss == nil else { return false }
    // The next one to start has this slot, and finds all as it was.
    if slot == 0 && live.allSatisfy({ $0 == slot }) { return true }
    do throws(StoreError) {
      while try session.commit({ commit in
        let isMore = session.claims.list(atMost: 2_048, in: commit)
        return { isMore }
      }) {}
      judge()
      let heirs = lanes.owned.map { row in
        (destination: Int32(row.rawValue), heir: rules.heir(of: Int32(row.rawValue), named: name(row)))
      }
      var pipeline = Pipeline()
      sweepStatements.forgetUnlisted(of: slot, in: &pipeline)
      statements.leave(slot, heirs, in: &pipeline)
      desk.replays.release(allOf: slot, in: &pipeline)
      _ = try connection.run(pipeline)
      var told = Pipeline()
      statements.notify(from: slot, in: &told)
      _ = try? connection.run(told)
      return false
    } catch {
      return true
    }
  }
}

@available(*, unavailable)
extension Sharing: Sendable {}
