import RelayCore

/// What a `DeliveryStore` does with deliveries, in memory and without a thought for speed.
///
/// There is one model for all tests: a store's tests do the same random work with the store and with the model, and both
/// must always agree; and the simulation of the lanes runs on the model. So the lanes can't be tested against a store
/// that does what no store does.
///
/// It knows no envelopes: who tells duplicates says which deliveries arrive.
package struct StoreModel: Sendable {
  package struct Row: Sendable {
    package fileprivate(set) var delivery: Delivery
    /// What it is ordered by: for a pending one always by the destination's present order.
    package fileprivate(set) var key: String?
    package fileprivate(set) var state: State
    package fileprivate(set) var isClaimed = false
    /// Handed out with one before it in its key.
    package fileprivate(set) var isFollower = false

    package var id: DeliveryID { delivery.id }
    package var isPending: Bool { state.kind.isPending }
    fileprivate var counts: Bool { isPending || state.kind == .dead }
    fileprivate var bytes: Int { delivery.event.footprint }
    fileprivate var queue: DeliveryQueue { delivery.queue }
    fileprivate var orderKey: OrderKey? {
      key.map { OrderKey(destination: delivery.destination, text: $0) }
    }
  }

  package enum State: Sendable, Equatable {
    case fresh
    case retrying(due: Timestamp)
    /// For its order key; `due`: of one that has failed before, or that a person has put back.
    case waiting(due: Timestamp?)
    case delivered
    case dead(DeathReason)
    case discarded(DiscardReason)
  }

  fileprivate struct OrderKey: Sendable, Hashable {
    var destination: String
    var text: String
  }

  package private(set) var rows: [DeliveryID: Row] = [:]
  /// By destination.
  private var pending: [String: Set<DeliveryID>] = [:]
  /// In order of arrival.
  private var pendingOfKey: [OrderKey: [DeliveryID]] = [:]
  private var orderings: [String: Ordering] = [:]
  /// How often each destination is held.
  private var holds: [String: Int] = [:]
  /// Whose lanes have given back fresh ones, and not come to the end since.
  private var behind: Set<String> = []
  package private(set) var suspended: [String: SuspendedTime] = [:]
  /// In bytes, by destination; where there is none, anything has room.
  package var maxBacklog: [String: Int] = [:]

  package init() {}

  // MARK: Arrival

  /// - Parameter delivery: As the path makes it; how old it is, the store says.
  /// - Returns: It, claimed; nil: it is not handed out.
  package mutating func append(_ delivery: Delivery, receivedAt time: Timestamp) -> Delivery? {
    let name = delivery.destination
    var row = Row(delivery: delivery.since(serviceTime(of: name, at: time)), state: .fresh)
    guard hasRoom(name, for: row.bytes) else {
      row.state = .discarded(.overflow)
      rows[row.id] = row
      return nil
    }
    row.key = key(of: delivery)
    insert(row)
    guard rows[row.id]!.state == .fresh, holds[name] == nil, !behind.contains(name) else { return nil }
    return claim(row.id)
  }

  private func serviceTime(of destination: String, at time: Timestamp) -> Timestamp {
    (suspended[destination] ?? SuspendedTime()).serviceTime(at: time)
  }

  private func hasRoom(_ destination: String, for bytes: Int) -> Bool {
    maxBacklog[destination].map { backlogBytes(destination) + bytes <= $0 } ?? true
  }

  // MARK: Replays

  /// Which destinations a replay's step goes without: those that have no room, if another of its own runs short of what replays
  /// send it.
  ///
  /// - Parameter ahead: How many may be queued at once.
  /// - Returns: nil: the step waits.
  package func parted(fromReplayOf deliveries: [Delivery], ahead: Int) -> Set<String>? {
    let parts = Dictionary(grouping: deliveries, by: \.destination)
    let full = Set(parts.filter { !hasRoom($0.key, forReplayOf: $0.value, ahead: ahead) }.keys)
    guard !full.isEmpty else { return [] }
    let isOneShort = parts.keys.contains { name in
      !full.contains(name) && (books[name] ?? Books()).replaying <= ahead / 2
        && hasReplayRoom(name, for: 0)
    }
    return isOneShort ? full : nil
  }

  private func hasRoom(_ name: String, forReplayOf deliveries: [Delivery], ahead: Int) -> Bool {
    let books = books[name] ?? Books()
    guard books.replaying == 0 || books.replaying + deliveries.count <= ahead else { return false }
    guard books.pending + books.dead > 0 else { return true }
    return hasReplayRoom(name, for: deliveries.reduce(0) { $0 + $1.event.footprint })
  }

  /// Half of the room is left to what arrives.
  private func hasReplayRoom(_ name: String, for bytes: Int) -> Bool {
    maxBacklog[name].map { backlogBytes(name) + bytes <= $0 / 2 } ?? true
  }

  /// What a replay queues is handed out by claims alone.
  package mutating func queue(_ deliveries: [Delivery], at time: Timestamp) {
    for delivery in deliveries {
      var row = Row(
        delivery: delivery.since(serviceTime(of: delivery.destination, at: time)), state: .fresh)
      row.key = key(of: delivery)
      insert(row)
    }
  }

  // MARK: Order

  private func key(of delivery: Delivery) -> String? {
    (orderings[delivery.destination] ?? .none).key(
      source: delivery.event.envelope.source, chat: delivery.event.chat, run: delivery.run)
  }

  /// A pending row takes its place.
  private mutating func insert(_ row: Row) {
    rows[row.id] = row
    pending[row.delivery.destination, default: []].insert(row.id)
    guard let key = row.orderKey else { return }
    let later = pendingOfKey[key, default: []].firstIndex { $0 > row.id }
    pendingOfKey[key, default: []].insert(row.id, at: later ?? pendingOfKey[key, default: []].endIndex)
    arrange(key)
  }

  /// A row that was pending has come to an end.
  private mutating func end(_ id: DeliveryID, as state: State) {
    let row = rows[id]!
    rows[id]!.state = state
    pending[row.delivery.destination]?.remove(id)
    guard let key = row.orderKey, let place = pendingOfKey[key]?.firstIndex(of: id) else { return }
    pendingOfKey[key]!.remove(at: place)
    arrange(key)
  }

  /// The first of the key may be attempted, all others wait, whoever is claimed.
  private mutating func arrange(_ key: OrderKey) {
    for (place, id) in pendingOfKey[key, default: []].enumerated() {
      let due = rows[id]!.state.due
      rows[id]!.state = place == 0 ? .attemptable(due: due) : .waiting(due: due)
    }
  }

  /// Whether one of its key is claimed.
  private func isHeldUp(_ row: Row) -> Bool {
    row.orderKey.map { pendingOfKey[$0, default: []].contains { rows[$0]!.isClaimed } } ?? false
  }

  // MARK: Claims

  private mutating func claim(_ id: DeliveryID) -> Delivery {
    rows[id]!.isClaimed = true
    return rows[id]!.delivery
  }

  /// What comes right after one in its key, is due, and is nobody's: handed out with it.
  private mutating func followers(
    of first: DeliveryID, limit: Int, byteLimit: Int, now: Timestamp
  ) -> [Delivery] {
    guard let key = rows[first]!.orderKey, let place = pendingOfKey[key]?.firstIndex(of: first) else {
      return []
    }
    var found: [Delivery] = []
    var bytes = rows[first]!.bytes
    for id in pendingOfKey[key]![(place + 1)...] {
      let row = rows[id]!
      guard found.count < limit, bytes < byteLimit, !row.isClaimed, row.state.due.map({ $0 <= now }) ?? true
      else { break }
      rows[id]!.isFollower = true
      found.append(claim(id))
      bytes += row.bytes
    }
    return found
  }

  package mutating func claim(_ request: ClaimRequest) -> Claim {
    var claim = Claim(
      destination: request.destination, queue: request.queue, kind: request.kind, deliveries: [],
      isExhausted: false, isBeyond: request.after != nil)
    guard holds[request.destination] == nil else { return claim }
    claim.isExhausted = true
    var (count, bytes) = (0, 0)
    for row in candidates(for: request) where !isHeldUp(row) {
      var delivery = self.claim(row.id)
      delivery.followers = followers(
        of: row.id, limit: min(request.runLimit, request.limit - count) - 1,
        byteLimit: request.byteLimit - bytes, now: request.now)
      claim.deliveries.append(delivery)
      count += 1 + delivery.followers.count
      bytes += delivery.footprint
      claim.isExhausted = count < request.limit && bytes < request.byteLimit
      if !claim.isExhausted { break }
    }
    guard claim.isExhausted else { return claim }
    switch request.kind {
    case .fresh:
      if request.after == nil && request.queue == .live { behind.remove(request.destination) }
    case .retrying: claim.nextDue = nextDue(for: request)
    }
    return claim
  }

  /// In the order in which they are handed out.
  private func candidates(for request: ClaimRequest) -> [Row] {
    let unclaimed = unclaimed(of: request.destination).filter { $0.queue == request.queue }
    switch request.kind {
    case .fresh:
      return unclaimed.filter { row in row.state == .fresh && request.after.map { row.id > $0 } ?? true }
        .sorted { $0.id < $1.id }
    case .retrying:
      return unclaimed.filter { row in row.state.retryDue.map { $0 <= request.now } ?? false }
        .sorted { ($0.state.retryDue!, $0.id) < ($1.state.retryDue!, $1.id) }
    }
  }

  private func unclaimed(of destination: String) -> [Row] {
    pending[destination, default: []].compactMap { rows[$0]!.isClaimed ? nil : rows[$0]! }
  }

  /// When the next retry falls due. If that is beyond what is believed, all that lie beyond fall due then.
  private mutating func nextDue(for request: ClaimRequest) -> Timestamp? {
    let dues = unclaimed(of: request.destination).filter { $0.queue == request.queue }
      .compactMap(\.state.retryDue).filter { $0 > request.now }
    guard let next = dues.min(), next > request.latestDue else { return dues.min() }
    for id in pending[request.destination, default: []] {
      guard let due = rows[id]!.state.retryDue, due > request.latestDue else { continue }
      rows[id]!.state = .retrying(due: request.latestDue)
    }
    return request.latestDue
  }

  /// Of a claimed one.
  package mutating func release(_ id: DeliveryID) {
    let isFollower = rows[id]!.isFollower
    rows[id]!.isClaimed = false
    rows[id]!.isFollower = false
    if rows[id]!.state.due == nil && rows[id]!.queue == .live && !isFollower {
      behind.insert(rows[id]!.delivery.destination)
    }
  }

  // MARK: Settlements

  /// - Returns: The delivery whose turn it has become, claimed, with those that follow it.
  package mutating func settle(_ settlement: Settlement, now: Timestamp) -> Delivery? {
    let id = settlement.delivery
    guard let row = rows[id], row.isPending else { return nil }
    rows[id]!.isClaimed = false
    rows[id]!.isFollower = false
    rows[id]!.delivery.attempts = settlement.attempts
    rows[id]!.delivery.countedAttempts = settlement.countedAttempts
    rows[id]!.delivery.probedAt = settlement.probedAt
    switch settlement.outcome {
    case .delivered: end(id, as: .delivered)
    case .dead(let reason): end(id, as: .dead(reason))
    case .retry(let due):
      rows[id]!.state = .retrying(due: due)
      if let key = row.orderKey { arrange(key) }
    }
    return row.orderKey.flatMap { turn(of: $0, after: id, runLimit: settlement.runLimit, now: now) }
  }

  /// Hands out the key's first, if nobody holds one of the key. One that is not due yet says so.
  private mutating func turn(
    of key: OrderKey, after settled: DeliveryID, runLimit: Int, now: Timestamp
  ) -> Delivery? {
    guard let next = pendingOfKey[key]?.first, next != settled, !isHeldUp(rows[next]!),
      holds[key.destination] == nil
    else { return nil }
    var delivery = claim(next)
    if let due = rows[next]!.state.retryDue, due > now { delivery.due = due }
    if delivery.due == nil {
      delivery.followers = followers(
        of: next, limit: runLimit - 1, byteLimit: ClaimRequest.mostRunBytes, now: now)
    }
    return delivery
  }

  // MARK: Operation

  package mutating func hold(_ destination: String) { holds[destination, default: 0] += 1 }

  package mutating func resume(_ destination: String) {
    let count = holds[destination] ?? 0
    holds[destination] = count > 1 ? count - 1 : nil
  }

  package mutating func setSuspended(_ suspended: SuspendedTime, of destination: String) {
    self.suspended[destination] = suspended
  }

  package mutating func reorder(_ destination: String, by ordering: Ordering) {
    orderings[destination] = ordering
    pendingOfKey = pendingOfKey.filter { $0.key.destination != destination }
    for id in pending[destination, default: []].sorted() {
      rows[id]!.key = key(of: rows[id]!.delivery)
      rows[id]!.state = .attemptable(due: rows[id]!.state.due)
      insert(rows[id]!)
    }
  }

  /// - Parameters:
  ///   - ids: Those that a person has named; nil: those of the state.
  ///   - state: nil: whatever the change takes when nothing is said.
  ///   - run: What this replay has queued, and is pending.
  /// - Returns: How many were changed.
  package mutating func change(
    _ change: DeliveryChange, _ destination: String, ids: Set<DeliveryID>?,
    state: DeliveryFilter.State? = nil,
    run: Int? = nil
  ) -> Int {
    var changed = 0
    for id in rows.keys.sorted() where ids?.contains(id) ?? true {
      let row = rows[id]!
      guard row.delivery.destination == destination else { continue }
      if let run, row.delivery.run != run || !row.isPending { continue }
      switch change {
      case .retry(let time) where isRetried(row, isNamed: ids != nil, state): retry(row, at: time)
      case .discard where row.counts && !row.isClaimed: end(id, as: .discarded(.person))
      case .cancelForErasure where row.counts && !row.isClaimed: end(id, as: .discarded(.erased))
      case .retry, .discard, .cancelForErasure: continue
      }
      changed += 1
    }
    return changed
  }

  /// Dead ones; discarded ones where they are named or their state is, as far as there is room for them.
  private func isRetried(_ row: Row, isNamed: Bool, _ state: DeliveryFilter.State?) -> Bool {
    guard case .discarded(let reason) = row.state else { return row.state.kind == .dead && state == nil }
    let isMeant = isNamed || state.map { $0.holds(.discarded, discarded: reason) } ?? false
    return isMeant && hasRoom(row.delivery.destination, for: row.bytes)
  }

  private mutating func retry(_ row: Row, at time: Timestamp) {
    var row = row
    row.delivery = row.delivery.since(serviceTime(of: row.delivery.destination, at: time))
    row.delivery.countedAttempts = 0
    row.key = key(of: row.delivery)
    row.state = .retrying(due: time)
    insert(row)
  }

  /// A crash and a new start: what was claimed is free.
  package mutating func openAnew() {
    for id in rows.keys {
      rows[id]!.isClaimed = false
      rows[id]!.isFollower = false
    }
    holds = [:]
    behind = []
  }

  // MARK: What is so

  package var inOrderOfArrival: [Row] { rows.values.sorted { $0.id < $1.id } }

  package var claimed: Set<DeliveryID> { Set(rows.values.filter(\.isClaimed).map(\.id)) }

  package func isHeld(_ destination: String) -> Bool { holds[destination] != nil }

  package func backlogBytes(_ destination: String) -> Int {
    rows.values.reduce(0) { $0 + ($1.counts && $1.delivery.destination == destination ? $1.bytes : 0) }
  }

  package var books: [String: Books] {
    var books: [String: Books] = [:]
    for row in rows.values {
      books[row.delivery.destination, default: Books()].count(row.state)
      if row.isPending && row.queue == .replay { books[row.delivery.destination]!.replaying += 1 }
    }
    return books
  }
}

extension StoreModel.State {
  package var kind: DeliveryState {
    switch self {
    case .fresh: .fresh
    case .retrying: .retrying
    case .waiting: .waiting
    case .delivered: .delivered
    case .dead: .dead
    case .discarded: .discarded
    }
  }

  /// When a pending one is to be attempted again, once it is its turn; nil: as soon as it is.
  package var due: Timestamp? {
    switch self {
    case .retrying(let due): due
    case .waiting(let due): due
    case .fresh, .delivered, .dead, .discarded: nil
    }
  }

  /// The same of one whose turn it is.
  fileprivate var retryDue: Timestamp? { if case .retrying(let due) = self { due } else { nil } }

  fileprivate static func attemptable(due: Timestamp?) -> Self { due.map { .retrying(due: $0) } ?? .fresh }
}

extension Books {
  fileprivate mutating func count(_ state: StoreModel.State) {
    switch state {
    case .fresh, .retrying, .waiting: pending += 1
    case .delivered: delivered += 1
    case .dead: dead += 1
    case .discarded(.person), .discarded(.retention), .discarded(.erased): discarded += 1
    case .discarded(.overflow): overflowed += 1
    }
  }
}

extension Delivery {
  fileprivate func since(_ since: Timestamp) -> Delivery {
    Delivery(
      id: id, event: event, destination: destination, run: run, attempts: attempts,
      countedAttempts: countedAttempts, since: since, probedAt: probedAt)
  }
}
