import RelayCore
import RelayStoring

/// A node's hold of the store, and the parts that write to it: each has a state of its own, and all share one connection and its
/// commits. Confined to the store's thread.
final class StoreSession {
  let connection: StoreConnection
  let slot: Int16
  private let steady: any SteadyClock

  // What is kept in memory of the tables.
  let names: NameTable
  let destinations: DestinationTable
  let clock: ClockTable
  let reader: EventReader

  // What is done with commits, and between them.
  let claims: Claims
  let appender: Appender
  let settler: Settler
  let changes: DeliveryChanges
  let replays: ReplayQueuer
  let eraser: EraseStatements
  let people: PeopleStatements
  /// Which destinations this node serves, of those that nodes share.
  let lanes: Lanes

  private let replayTable: ReplayTable
  private let inserter: Inserter
  private let books: BookStatements
  private let days: DayTables
  private let keys: KeyBound
  private let turns: KeyStatements
  let newsLog: NewsLog
  let twins: Twins
  private let duplicates: DuplicateMap
  private let duplicateStatements: DuplicateStatements
  private let duplicateLimit: Int
  /// Of the last commits.
  private var present: Day?
  private let usageStatements: UsageStatements
  private let clockStatements: ClockStatements
  private let members: [any CommitMember]
  /// Above all that the node has given.
  private var nextTick: Int64
  /// Of the last commit.
  private var sequence: Int64
  /// Whose turn it was to take differences of books, as of the last commit.
  private var bookTurn: Int64 = 0
  /// What a commit has met that should not be.
  private var damage: StoreError?

  /// - Parameters:
  ///   - slot: The node's number.
  ///   - lastTick: The highest that the slot is known to have given.
  ///   - duplicateLimit: How many envelopes are remembered for telling redeliveries.
  ///   - isShared: Other nodes may serve destinations, too.
  init(
    _ connection: StoreConnection, slot: Int16, lastTick: Int64, clock steady: any SteadyClock,
    duplicateLimit: Int, isShared: Bool = false, tables: TableNames = TableNames()
  ) throws(StoreError) {
    self.connection = connection
    self.slot = slot
    self.steady = steady
    days = DayTables(tables, connection)
    try days.start(at: .now)
    keys = KeyBound(tables, connection)
    usageStatements = UsageStatements(tables)
    clockStatements = ClockStatements(tables)
    books = BookStatements(tables)
    people = PeopleStatements(tables)
    eraser = EraseStatements(tables)
    nextTick = max(lastTick, try usageStatements.highestTick(connection)) + 1
    sequence = try books.lastSequence(slot: slot, connection)
    names = try NameTable(tables, connection)
    destinations = DestinationTable(try books.all(connection))
    lanes = Lanes(destinations, isShared: isShared)
    newsLog = NewsLog(NewsStatements(tables))
    clock = ClockTable(clockStatements)
    twins = Twins(TwinStatements(tables))
    duplicates = DuplicateMap(limit: duplicateLimit)
    duplicateStatements = DuplicateStatements(tables)
    self.duplicateLimit = duplicateLimit
    let claimStatements = ClaimStatements(tables)
    reader = EventReader(names: names, statements: claimStatements, connection)
    claims = try Claims(
      names: names, destinations: destinations, statements: claimStatements, reader: reader, slot: slot,
      next: DeliveryID(rawValue: CommitBase.number(nextTick, slot: slot)), connection)
    let replayStatements = ReplayStatements(tables)
    replayTable = ReplayTable(replayStatements, connection)
    turns = KeyStatements(tables)
    inserter = Inserter(tables, names: names, destinations: destinations, claims: claims, lanes: lanes)
    appender = Appender(tables, names: names, duplicates: duplicates, inserter: inserter, connection)
    settler = Settler(
      tables, names: names, destinations: destinations, claims: claims, keys: turns, replays: replayTable,
      connection)
    changes = DeliveryChanges(
      tables, names: names, destinations: destinations, claims: claims, keys: turns, replays: replayTable,
      connection)
    replays = ReplayQueuer(
      names: names, destinations: destinations, lanes: lanes, table: replayTable,
      statements: replayStatements,
      connection)
    members = [destinations, claims, duplicates, clock, replayTable]
  }

  /// No delivery of the node is above this one.
  var lastDelivery: DeliveryID { DeliveryID(rawValue: CommitBase.number(nextTick, slot: slot) - 1) }

  /// Above all deliveries that there are, also those of other nodes.
  func newestDelivery() throws(StoreError) -> DeliveryID {
    if lanes.isShared { raise(above: try usageStatements.highestTick(connection)) }
    return lastDelivery
  }

  // MARK: Commits

  /// Carries out a commit: once this returns, it is on disk.
  ///
  /// - Parameters:
  ///   - now: The steady time of all of it, where it has been read.
  ///   - isTrial: It writes something whatever it holds.
  ///   - plan: Puts it together. What it returns is called after it, and gives what has come of it.
  /// - Throws: Why it could not be made. Nothing of it is left then, neither in the store nor in memory.
  func commit<Value>(
    at now: Timestamp? = nil, isTrial: Bool = false,
    _ plan: (PendingCommit) throws(StoreError) -> () -> Value
  ) throws(StoreError) -> Value {
    let now = now ?? steady.now()
    let instant = ContinuousClock.now
    let day = days.day(at: instant, lowest: nextTick)
    if let day, day != present {
      // Where that fails, the commit will tell.
      try? keys.renew(day)
      try? connection.forgetStatements(ofOtherDaysThan: day)
      present = day
    }
    let commit = PendingCommit(
      now: now, slot: slot, lowestTick: nextTick, day: day, keys: keys, tells: twins.isOn)
    let value: Value
    do throws(StoreError) {
      let finish = try plan(commit)
      inserter.write(in: commit)
      replayTable.write(in: commit)
      newsLog.write(sequence: sequence + 1, in: commit)
      twins.write(in: commit)
      let changes = destinations.changes
      books.setStanding(of: changes, in: commit)
      if !commit.pipeline.isEmpty || !changes.isEmpty || isTrial {
        books.insert(changes, sequence: sequence + 1, turn: bookTurn, in: commit)
        try days.prepare(for: commit.arrivals, at: instant, lowest: nextTick)
        try carryOut(commit)
        days.committed(at: instant, tick: commit.base)
        sequence += 1
        bookTurn = commit.bookTurn ?? bookTurn
        nextTick = max(nextTick, commit.nextTick)
        connection.gave(upTo: nextTick - 1)
        if newsLog.committed(commit, sequence: sequence) { connection.tellOthers(upTo: lastDelivery) }
      }
      value = finish()
    } catch {
      if connection.failure != .twin { days.forget() }
      for member in members { member.rollback() }
      throw error
    }
    for member in members { member.commit() }
    damage = damage ?? commit.damage
    return value
  }

  /// Where what came back is lost, the store is asked whether the commit is there, however long that takes: to answer that it failed would
  /// let its senders send again what is stored. And one that a standby has not confirmed is kept once it has confirmed what comes after.
  private func carryOut(_ commit: PendingCommit) throws(StoreError) {
    do throws(StoreError) {
      return commit.succeeded(try send(commit))
    } catch {
      guard connection.isInDoubt else { throw error }
      let base = try connection.insist { (connection) throws(StoreError) in
        try books.base(of: sequence + 1, slot: slot, connection)
      }
      guard let base else { throw error }
      try connection.insist { (connection) throws(StoreError) in try books.confirm(connection) }
      try connection.insist { (connection) throws(StoreError) in
        try commit.recovered(from: base) { (pipeline) throws(StoreError) in try connection.read(pipeline) }
      }
    }
  }

  /// What has been moved out of its day meanwhile is found at its new place by another attempt; it was not there any more for this one.
  private func send(_ commit: PendingCommit) throws(StoreError) -> [Rows] {
    for _ in 1..<Self.attempts {
      do throws(StoreError) {
        return try connection.run(commit.pipeline, by: commit.connectionNumber)
      } catch {
        guard connection.failure == .disturbed else { throw error }
      }
    }
    return try connection.run(commit.pipeline, by: commit.connectionNumber)
  }

  private static let attempts = 5

  /// Makes names known, and the limits of destinations.
  func register(_ configuration: StoreConfiguration) throws(StoreError) {
    try names.register(configuration.names, connection)
    // Others may have made them before, and changed something of them.
    if lanes.isShared { try refresh() }
    for name in configuration.names.destinations {
      guard let row = names.destination(name) else { continue }
      destinations.add(name, row: row)
    }
    destinations.commit()
  }

  /// Whether no other node serves the destination.
  func serves(_ destination: String) -> Bool { names.destination(destination).map(lanes.owns) ?? true }

  // MARK: What others do

  /// Reads what others have changed of destinations, and their books: between commits, so that nothing of this node's is lost.
  func refresh() throws(StoreError) {
    let kept = try books.all(connection)
    names.know(destinations: kept.map { (Int32($0.row.rawValue), $0.1.name) })
    for (row, destination) in kept { lanes.add(destination.name, row: row) }
    destinations.refresh(kept)
  }

  /// Another node has served destinations that this one serves from now on.
  func tookOver() {
    keys.forget()
    present = nil
  }

  /// Lets each key's first be attempted, if it waited.
  func promote(_ promoted: Set<OrderKey>) throws(StoreError) {
    try commit { commit in
      turns.promote(promoted, in: commit) { self.claims.becameClaimable($0, of: $1, $2) }
      return {}
    }
  }

  /// Now and then, where nodes share the store: of one that stores little, what others store would make its tail longer and longer.
  ///
  /// - Parameter time: The server's, of a moment ago.
  func shortenIdleTail(at time: Timestamp) throws(StoreError) {
    // What this node gives from now on is behind where the tail begins, also where the server's clock is set back.
    raise(above: CommitBase.tick(at: time))
    guard let end = claims.idleTailEnd(next: lastDelivery.next, distance: Self.tailDistance) else { return }
    try commit { commit in
      claims.beginTail(at: end, in: commit)
      return {}
    }
  }

  /// Numbers of a minute.
  private static let tailDistance: Int64 = 60_000_000 << CommitBase.slotBits

  /// Another node has given such ticks: those of this one are later, also where the server's clock was set back meanwhile.
  func raise(above tick: Int64) { nextTick = max(nextTick, tick + 1) }

  /// Ends the walk along a replay that this node walks along, or nobody any more.
  ///
  /// - Parameter more: Goes into the same commit.
  /// - Returns: It as it is then; nil: there is none.
  func end(
    replay id: Int, as end: ReplayEnd, with more: (PendingCommit) -> Void = { _ in }
  ) throws(StoreError) -> Replay? {
    try commit { (commit) throws(StoreError) in
      let replay = try replays.queuing(in: commit).end(id, as: end, now: commit.now)
      more(commit)
      return { replay }
    }
  }

  /// This node walks along it from now on.
  func walks(along replay: Int) { replayTable.forget(replay) }

  /// Changes what is kept of a destination over restarts.
  ///
  /// - Returns: Whether it was ever configured.
  @discardableResult
  func change(_ destination: String, _ body: (inout StoredDestination) -> Void) -> Bool {
    guard let row = names.destination(destination) else { return false }
    destinations.change(row, body)
    return true
  }

  // MARK: Redeliveries

  /// Reads what tells envelopes that come again. To be called once before any comes; and where others may have stored some and not told.
  ///
  /// Another node has timed them by its own clock, which may be another one by hours: of those the server's time counts. Of this slot's
  /// earlier runs the clock went on as this node's.
  ///
  /// - Parameter tick: Those of commits before it are known.
  func readEnvelopes(after tick: Int64 = 0) throws(StoreError) {
    let (slot, now) = (slot, steady.now())
    let found = try duplicateStatements.newest(duplicateLimit, from: tick, connection) {
      owner, tick, serverTime in
      owner == slot ? nil : now.advanced(by: .microseconds(tick - serverTime))
    }
    for (hash, known) in found {
      duplicates.learn(known, for: DuplicateMap.Key(hash, source: known.source))
    }
  }

  /// Other nodes have stored these.
  func learn(_ envelopes: [ToldEnvelope]) {
    guard !envelopes.isEmpty else { return }
    let now = steady.now()
    for told in envelopes {
      let known = told.known(at: now)
      duplicates.learn(known, for: DuplicateMap.Key(told.hash, source: known.source))
    }
  }

  // MARK: What is asked

  /// How much room it takes, in bytes.
  func size() throws(StoreError) -> Int { try usageStatements.size(connection) }

  /// What has been found to be wrong with what is stored, since this was last asked.
  func takeDamage() -> StoreError? {
    defer { damage = nil }
    return damage ?? reader.takeDamage()
  }

  /// Pending deliveries of erased events that have been found since this was last asked, of each destination.
  func takeErased() -> [(destination: String, deliveries: [DeliveryID])] {
    reader.takeErased().map { (destinations[$0.key].name, $0.value.sorted()) }
  }

  /// For so long after a stop has begun what is in flight is received, by this node or by others that stop with it.
  private static let longestStop = Duration.seconds(20)

  /// From when the last run was last known to live, or began to stop, until now; nil: there was none, or another node receives.
  ///
  /// - Parameter clock: As the last run has left it; nil: there was none.
  func downTime(since clock: KeptClock?, until now: Timestamp) throws(StoreError) -> Gap? {
    guard let clock, try connection.others().isEmpty else { return nil }
    var (stopped, received) = try people.lastSigns(connection)
    // Another one has gone on after that.
    if let began = stopped, let received, began.duration(to: received) > Self.longestStop { stopped = nil }
    // The clock is written less often than envelopes come.
    let lived = max(clock.steady, received ?? .epoch)
    return Gap(
      kind: .down, source: nil, began: min(now, stopped ?? lived), ended: now, count: 0,
      reason: stopped == nil ? Gap.killed : Gap.stopped)
  }
}

@available(*, unavailable)
extension StoreSession: Sendable {}

extension DestinationTable: CommitMember {}
