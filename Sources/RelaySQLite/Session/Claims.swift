import RelayCore
import RelayStoring

/// What is handed out: who holds each delivery that may be attempted, its lane or nobody. Confined to the store's thread.
///
///                         its lane holds it                nobody holds it
///
///                         arrives for its lane              found at the start
///                                 │                                │
///                                 ▼          give back             ▼
///     in no index          claimedUnlisted ─────────────▶      returned
///     (state −1)                  │        ◀─────────────          │
///                                 │            claim               │
///                                 │ list                           │ list
///                                 ▼          give back             ▼
///     in an index              claimed     ─────────────▶     (not known here)  ◀── arrives otherwise,
///                                          ◀─────────────                           falls due, its turn
///                                              claim
///
/// From both states on the left settling takes a delivery away; a retry is in an index then, and nobody's.
///
/// One that goes into a lane's hands as it arrives mostly is settled a moment later, and nobody looks for it before: so it is
/// stored **unlisted**, and two entries of an index are saved. It stays so when its lane gives it back, since it is known
/// here. It is listed, among the fresh ones, when `tail` others have come after it: so what a crash leaves unlisted is found
/// by looking through the end of the table; and before a walk along the index that must find it.
///
/// What is claimed is known in memory alone, so a crash gives all of it back: docs/decisions/0003-claims-in-the-store.md and
/// docs/decisions/0014-unlisted-deliveries.md say why.
final class Claims: TransactionMember {
  /// How many of the newest deliveries may be unlisted, with one `tailStep` and what one commit brings beside them.
  static let tail: Int64 = 32_768
  /// The tail is looked through in pieces, so that no commit has much to do for it.
  static let tailStep: Int64 = 2_048

  private let names: NameTable
  private let destinations: DestinationTable
  private let numbers: RowNumbers
  private let reader: DeliveryReader
  private let statements: ClaimStatements
  private var table = ClaimTable()
  private var backlogs = BacklogTable()
  /// No delivery before this one is unlisted, the transaction under way included.
  private(set) var unlistedFrom: DeliveryID
  private var committedUnlistedFrom: DeliveryID
  /// What the last claim has found of times beyond its `latestDue`.
  private var retriesTooFarOff: (destination: String, latest: Timestamp)?

  init(
    _ connection: Connection, names: NameTable, destinations: DestinationTable, numbers: RowNumbers,
    reader: DeliveryReader, _ transactions: Transactions
  ) throws(StoreError) {
    self.names = names
    self.destinations = destinations
    self.numbers = numbers
    self.reader = reader
    statements = try ClaimStatements(connection)
    unlistedFrom = try statements.firstUnlisted()
    committedUnlistedFrom = unlistedFrom
    try returnUnlisted()
    transactions.register(self)
  }

  /// Finds what a crash, or an end in order, has left unlisted: nobody holds it any more.
  private func returnUnlisted() throws(StoreError) {
    try statements.forEachUnlisted { delivery, destination, bytes in
      table.add(
        delivery,
        ClaimTable.Entry(
          destination: destination, bytes: bytes, received: .epoch, orderKey: nil, isFresh: true,
          state: .returned))
      backlogs.wasReturned(delivery, of: destination)
    }
    table.commit()
  }

  // MARK: What is known

  /// What is known in memory, by delivery.
  var entries: [DeliveryID: ClaimTable.Entry] { table.entries }

  func contains(_ delivery: DeliveryID) -> Bool { table.contains(delivery) }

  /// Whether what arrives for the destination goes into its lane's hands: not while the lane would give it back.
  func takesArrivals(_ destination: DestinationRowID) -> Bool {
    !destinations.isWithheld(destination) && !backlogs.isBehind(destination)
  }

  // MARK: Within a transaction

  /// A delivery goes into its lane's hands as it arrives.
  func add(_ delivery: DeliveryID, _ entry: ClaimTable.Entry) { table.add(delivery, entry) }

  /// Takes a delivery away that is being settled.
  ///
  /// - Returns: nil: no lane holds it.
  func take(_ delivery: DeliveryID) -> ClaimTable.Entry? {
    guard let entry = table.take(delivery), entry.state != .returned else { return nil }
    return entry
  }

  /// Hands out the key's first, if nobody holds one of the key. If it is not due yet it says so: its lane gives it
  /// back, and knows when to come for it.
  ///
  /// - Parameter runLimit: How many of the key at most, with those that follow it.
  func claim(
    _ head: KeyHead, of key: OrderKey, runLimit: Int, now: Timestamp
  ) throws(StoreError) -> Delivery? {
    guard !table.holds(key), !destinations.isWithheld(key.destination) else { return nil }
    var envelopes = LastEnvelope()
    let name = destinations[key.destination].name
    guard let (found, entry) = try reader.delivery(head.id, of: key.destination, name: name, &envelopes)
    else {
      return nil
    }
    var delivery = found
    if let due = head.due, due > now { delivery.due = due }
    table.add(head.id, entry)
    guard runLimit > 1, delivery.due == nil else { return delivery }
    for (follower, entry) in try followers(
      of: delivery, in: key, limit: runLimit - 1, byteLimit: ClaimRequest.mostRunBytes, now: now, &envelopes)
    {
      delivery.followers.append(follower)
      table.add(follower.id, entry)
    }
    return delivery
  }

  /// Those that come right after one in its order key, may go with it, and are nobody's.
  private func followers(
    of first: Delivery, in key: OrderKey, limit: Int, byteLimit: Int, now: Timestamp,
    _ envelopes: inout LastEnvelope
  ) throws(StoreError) -> [(Delivery, ClaimTable.Entry)] {
    var followers: [(Delivery, ClaimTable.Entry)] = []
    var footprint = first.event.footprint
    for id in try statements.followers(of: first.id, in: key, dueBy: now, limit: limit) {
      guard footprint < byteLimit, !table.contains(id),
        let (delivery, known) = try reader.delivery(
          id, of: key.destination, name: first.destination, &envelopes)
      else { break }
      var entry = known
      // It waits for the one before it: given back, it is not to be had by itself.
      entry.isFresh = false
      footprint += delivery.event.footprint
      followers.append((delivery, entry))
    }
    return followers
  }

  /// A delivery in the index is fresh from now on, and nobody's.
  func becameClaimable(
    _ delivery: DeliveryID, of destination: DestinationRowID, _ queue: DeliveryQueue
  ) {
    backlogs.becameClaimable(delivery, of: destination, queue)
  }

  /// A new order has given a delivery another key.
  func setOrderKey(_ key: String?, of delivery: DeliveryID) {
    table.change(delivery) { $0.orderKey = key }
  }

  /// Retries of the destination that are due later than that become due then.
  ///
  /// - Returns: How many there were, at most `limit`.
  func bringIn(_ destination: DestinationRowID, to latest: Timestamp, limit: Int) throws(StoreError) -> Int {
    try statements.bringIn(destination, to: latest, limit: limit)
  }

  /// Lists all of a destination, as many as its lane's window holds; those in flight stay claimed.
  func list(of destination: DestinationRowID) throws(StoreError) {
    for (delivery, entry) in table.entries
    where entry.destination == destination && entry.state != .claimed {
      try statements.list(delivery)
      wasListed(delivery)
    }
  }

  /// Lists those that have fallen far behind, if there are any.
  func shortenTail() throws(StoreError) {
    while numbers.lastDelivery.rawValue - unlistedFrom.rawValue >= Self.tail + Self.tailStep {
      let end = DeliveryID(rawValue: unlistedFrom.rawValue + Self.tailStep)
      try statements.list(from: unlistedFrom, to: end) { wasListed($0) }
      unlistedFrom = end
      try statements.setFirstUnlisted(end)
    }
  }

  private func wasListed(_ delivery: DeliveryID) { table.wasListed(delivery, in: &backlogs) }

  func commit() {
    table.commit()
    committedUnlistedFrom = unlistedFrom
  }

  func rollback() {
    table.rollback()
    unlistedFrom = committedUnlistedFrom
  }

  // MARK: Between transactions

  /// Hands out deliveries that nobody holds.
  ///
  /// The index holds nothing that was settled, or waits for its order key; and a walk along the fresh ones begins
  /// where the last one has come to. Those that were given back unlisted take their places among them. So the only rows
  /// to be passed over are retries of this destination that are held, which are bounded by the lane's window; firsts
  /// of keys of which another is in flight; and what can't be read for damage.
  func claim(_ request: ClaimRequest) throws(StoreError) -> Claim {
    guard let destination = names.destinations.row(of: request.destination) else {
      return Claim(request, deliveries: [], isExhausted: true)
    }
    guard !destinations.isWithheld(destination) else { return .nothing(for: request) }
    return
      switch request.kind
    {
    case .fresh: try claimFresh(request, of: destination)
    case .retrying: try claimRetrying(request, of: destination)
    }
  }

  private func claimFresh(
    _ request: ClaimRequest, of destination: DestinationRowID
  ) throws(StoreError) -> Claim {
    let queue = request.queue
    let claimableFrom = backlogs.claimableFrom(destination, queue)
    let returned = backlogs.returned(destination, queue)
    // In order, so none is copied.
    let passed = returned.prefix { delivery in request.after.map { delivery <= $0 } ?? false }
    let walk = statements.freshDeliveries(
      of: destination, queue, from: max(claimableFrom, request.after?.next ?? claimableFrom))
    defer { walk.end() }
    var candidates = try ClaimCandidates(listed: walk, returned: returned[passed.endIndex...])
    let found = try find(request, of: destination, &candidates)
    if request.after != nil {
      backlogs.keep(returned: passed + candidates.returned, of: destination, queue)
    } else {
      backlogs.walked(
        to: found.firstLeft ?? candidates.lastListed?.next ?? claimableFrom, of: destination, queue,
        returned: candidates.returned, isExhausted: found.isExhausted)
    }
    return handOut(found, request)
  }

  private func claimRetrying(
    _ request: ClaimRequest, of destination: DestinationRowID
  ) throws(StoreError) -> Claim {
    let walk = statements.retryingDeliveries(of: destination, request.queue, dueBy: request.now)
    defer { walk.end() }
    var candidates = try ClaimCandidates(listed: walk, returned: [])
    let found = try find(request, of: destination, &candidates)
    var nextDue: Timestamp?
    if found.isExhausted {
      nextDue = try statements.nextDue(of: destination, request.queue, after: request.now) {
        table.contains($0)
      }
      if let due = nextDue, due > request.latestDue {
        retriesTooFarOff = (request.destination, request.latestDue)
        nextDue = request.latestDue
      }
    }
    var claim = handOut(found, request)
    claim.nextDue = nextDue
    return claim
  }

  /// What a claim has found.
  private struct Found {
    var deliveries: [Delivery] = []
    /// What they and their followers are claimed with.
    var entries: [(id: DeliveryID, entry: ClaimTable.Entry)] = []
    /// The first that stays, since another of its key is held.
    var firstLeft: DeliveryID?
    /// There is nothing more.
    var isExhausted = true
  }

  private func find(
    _ request: ClaimRequest, of destination: DestinationRowID, _ candidates: inout ClaimCandidates
  ) throws(StoreError) -> Found {
    var found = Found()
    var footprint = 0
    var envelopes = LastEnvelope()
    while found.isExhausted, let candidate = try candidates.next() {
      let known = table.entries[candidate.delivery]
      guard candidate.isListed ? known == nil : known?.state == .returned,
        let (read, claim) = try reader.delivery(
          candidate.delivery, of: destination, name: request.destination, &envelopes)
      else { continue }
      if let key = claim.key, table.holds(key) {
        found.firstLeft = found.firstLeft ?? candidate.delivery
        continue
      }
      var (delivery, entry) = (read, claim)
      entry.state = candidate.isListed ? .claimed : .claimedUnlisted
      found.entries.append((candidate.delivery, entry))
      if let key = claim.key, request.runLimit > 1 {
        let room = min(request.runLimit - 1, request.limit - found.entries.count)
        for (follower, entry) in try followers(
          of: delivery, in: key, limit: max(0, room), byteLimit: request.byteLimit - footprint,
          now: request.now,
          &envelopes)
        {
          delivery.followers.append(follower)
          found.entries.append((follower.id, entry))
        }
      }
      footprint += delivery.footprint
      found.deliveries.append(delivery)
      found.isExhausted = found.entries.count < request.limit && footprint < request.byteLimit
    }
    return found
  }

  private func handOut(_ found: Found, _ request: ClaimRequest) -> Claim {
    table.handOut(found.entries)
    return Claim(request, deliveries: found.deliveries, isExhausted: found.isExhausted)
  }

  /// Takes claimed deliveries back from their lane.
  func giveBack(_ deliveries: [DeliveryID]) { table.giveBack(deliveries, to: &backlogs) }

  /// What claims since the last call have found of times beyond their `latestDue`: for a `BringInJob`.
  func takeRetriesTooFarOff() -> (destination: String, latest: Timestamp)? {
    defer { retriesTooFarOff = nil }
    return retriesTooFarOff
  }

  /// How much work claims have been since this was last asked: steps of SQLite's virtual machine.
  func takeSteps() -> Int { statements.takeSteps() }
}

@available(*, unavailable)
extension Claims: Sendable {}

/// Deliveries that may be there to be claimed, in order: of an index, and in their places among them those that were given
/// back unlisted.
struct ClaimCandidates {
  private let walk: DeliveryWalk
  private var nextListed: DeliveryID?
  /// Those that it has not come to.
  private(set) var returned: ArraySlice<DeliveryID>
  /// The last of the index that it has come to.
  private(set) var lastListed: DeliveryID?

  init(listed walk: DeliveryWalk, returned: ArraySlice<DeliveryID>) throws(StoreError) {
    self.walk = walk
    self.returned = returned
    nextListed = try walk.next()
  }

  mutating func next() throws(StoreError) -> (delivery: DeliveryID, isListed: Bool)? {
    if let first = returned.first, nextListed.map({ first < $0 }) ?? true {
      returned.removeFirst()
      return (first, false)
    }
    guard let listed = nextListed else { return nil }
    lastListed = listed
    nextListed = try walk.next()
    return (listed, true)
  }
}

@available(*, unavailable)
extension ClaimCandidates: Sendable {}
