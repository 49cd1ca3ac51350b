import RelayCore
import RelayStoring

/// Records what attempts came to, and finds whose turn it has become. Confined to the store's thread.
///
/// What a lane holds is known in memory, so nothing is read for it. Whether one of an order key is its first is for the server to say,
/// within the same round trip: `SettleWave`.
final class Settler {
  private let names: NameTable
  private let destinations: DestinationTable
  private let claims: Claims
  private let replays: ReplayTable
  private var statements: PerDay<SettleStatements>
  private let keys: KeyStatements
  private let connection: StoreConnection

  init(
    _ tables: TableNames, names: NameTable, destinations: DestinationTable, claims: Claims,
    keys: KeyStatements,
    replays: ReplayTable, _ connection: StoreConnection
  ) {
    self.names = names
    self.destinations = destinations
    self.claims = claims
    self.keys = keys
    self.replays = replays
    self.connection = connection
    statements = PerDay { SettleStatements(tables, of: $0) }
  }

  /// Leaves deliveries alone that are no longer pending.
  ///
  /// - Parameter calls: Which outcomes were given together.
  /// - Returns: What gives, after the commit, by the call those whose turn it has become, claimed.
  func settle(
    _ calls: [[Settlement]], in commit: PendingCommit
  ) throws(StoreError) -> () -> [[Delivery]] {
    let unclaimed = try lookUp(calls)
    var waves: [SettleWave] = []
    var places = WavePlaces()
    for (call, settlements) in calls.enumerated() {
      for settlement in settlements {
        guard let (entry, isClaimed) = take(settlement.delivery, unclaimed, places) else { continue }
        let wave = places.wave(of: settlement, entry, isClaimed: isClaimed)
        while waves.count <= wave { waves.append(SettleWave()) }
        waves[wave].add(settlement, entry, call: call)
        count(settlement, entry)
      }
    }
    let turns = Turns(calls.count)
    for wave in waves { write(wave, places, turns, in: commit) }
    return { turns.byCall }
  }

  /// What is to be known of a delivery, and whether a lane holds it; nil: it is no longer pending, or there is none.
  private func take(
    _ delivery: DeliveryID, _ unclaimed: [DeliveryID: ClaimTable.Entry], _ places: WavePlaces
  ) -> (ClaimTable.Entry, isClaimed: Bool)? {
    if let again = places.pendingAgain(delivery) { return (again, false) }
    guard !places.isSettled(delivery) else { return nil }
    if let entry = claims.take(delivery) { return (entry, true) }
    return unclaimed[delivery].map { ($0, false) }
  }

  /// Those that no lane holds, and are pending: a rare read.
  private func lookUp(_ calls: [[Settlement]]) throws(StoreError) -> [DeliveryID: ClaimTable.Entry] {
    var unclaimed: [DeliveryID] = []
    for call in calls {
      for settlement in call where !claims.isClaimed(settlement.delivery) {
        unclaimed.append(settlement.delivery)
      }
    }
    guard !unclaimed.isEmpty else { return [:] }
    var found: [DeliveryID: ClaimTable.Entry] = [:]
    for row in try statements.of(nil).pending(Array(Set(unclaimed)), connection) {
      var entry = row.entry
      entry.isFresh = false
      found[row.id] = entry
    }
    return found
  }

  private func count(_ settlement: Settlement, _ entry: ClaimTable.Entry) {
    if case .retry = settlement.outcome { return }
    destinations.change(entry.destination) {
      $0.settled(settlement.outcome, of: entry.queue, bytes: entry.bytes)
    }
    if entry.run != 0 { replays.settled(entry.run, settlement.outcome) }
  }

  private func write(_ wave: SettleWave, _ places: WavePlaces, _ turns: Turns, in commit: PendingCommit) {
    // What is not of this very day may have been kept when its day went: the whole table finds it.
    for (day, rows) in wave.deliveredAtOnce.parted(from: commit.day, of: { Day(of: $0.delivery) }) {
      statements.of(day).deliverAtOnce(rows, at: commit.now, in: commit)
    }
    for (day, rows) in wave.others.parted(from: commit.day, of: { Day(of: $0.delivery) }) {
      statements.of(day).settle(rows, at: commit.now, in: commit)
    }
    for (day, rows) in wave.orderedRetries.parted(from: commit.day, of: { Day(of: $0.settlement.delivery) }) {
      statements.of(day).retry(rows, at: commit.now, in: commit)
    }
    for (day, rows) in wave.failures.parted(from: commit.day, of: { Day(of: $0.delivery) }) {
      statements.of(day).keepFailures(rows, in: commit)
    }
    guard !wave.keys.isEmpty else { return }
    keys.promote(wave.keys.keys, in: commit) { self.claims.becameClaimable($0, of: $1, $2) }
    // Of a key that somebody else holds nothing is handed out, nor of a destination that is held.
    let open = wave.keys.filter { !claims.holds($0.key) && !destinations.isWithheld($0.key.destination) }
    guard !open.isEmpty else { return }
    let asked = open.sorted { $0.value.order < $1.value.order }
    keys.turns(asked.map { ($0.key, $0.value.runLimit) }, in: commit) {
      self.names.source(of: $0)
    } found: { found in
      for ((key, last), all) in zip(asked, found) {
        // Asked again after the commit, there are those that arrived with it, too.
        let rows = all.prefix { $0.0.id < commit.delivery(at: 0) }
        guard let head = rows.first?.0.id, !(last.isRetry && last.delivery == head), !places.isSettled(head),
          let delivery = self.claims.handOut(rows.map { ($0.0, $0.1) }, of: key, now: commit.now)
        else { continue }
        turns.add(delivery, call: last.call, order: last.order)
      }
    }
  }

  /// Whose turn it has become.
  private final class Turns {
    private var turns: [[(order: Int, delivery: Delivery)]]

    init(_ calls: Int) { turns = Array(repeating: [], count: calls) }

    func add(_ delivery: Delivery, call: Int, order: Int) { turns[call].append((order, delivery)) }

    /// In the order of the outcomes that brought them about.
    var byCall: [[Delivery]] {
      turns.map { $0.count > 1 ? $0.sorted { $0.order < $1.order }.map(\.delivery) : $0.map(\.delivery) }
    }
  }
}

@available(*, unavailable)
extension Settler: Sendable {}
