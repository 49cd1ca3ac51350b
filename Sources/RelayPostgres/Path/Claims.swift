import RelayCore
import RelayStoring

/// What is handed out: who holds each delivery that may be attempted, its lane or nobody. Confined to the store's thread.
///
/// The states, and why there are unlisted deliveries, are those of the embedded store: docs/decisions/0014-unlisted-deliveries.md. Here one
/// is unlisted whose `shelf` is null.
final class Claims: CommitMember {
  private let names: NameTable
  private let destinations: DestinationTable
  private let statements: ClaimStatements
  private let reader: EventReader
  private let connection: StoreConnection
  private var table = ClaimTable()
  private var backlogs = BacklogTable()
  private var tail: UnlistedTail
  /// Where it begins is written with the first commit, so that the next start need not look at more.
  private var isTailMarked = false
  /// What the last claim has found of times beyond its `latestDue`.
  private var retriesTooFarOff: (destination: String, latest: Timestamp)?

  /// How many rows a claim reads at a time.
  private static let page = 256

  /// - Parameters:
  ///   - slot: Whose deliveries that a crash, or an end in order, has left unlisted are nobody's now.
  ///   - next: The lowest that the node may give from now on.
  init(
    names: NameTable, destinations: DestinationTable, statements: ClaimStatements, reader: EventReader,
    slot: Int16, next: DeliveryID, _ connection: StoreConnection
  ) throws(StoreError) {
    self.names = names
    self.destinations = destinations
    self.statements = statements
    self.reader = reader
    self.connection = connection
    let unlisted = try statements.unlisted(slot: slot, connection)
    tail = UnlistedTail(first: unlisted.first?.id ?? next)
    if let first = unlisted.first { tail.came(unlisted.count, from: first.id) }
    for (delivery, destination, bytes) in unlisted {
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

  func contains(_ delivery: DeliveryID) -> Bool { table.contains(delivery) }

  /// A lane holds it.
  func isClaimed(_ delivery: DeliveryID) -> Bool {
    table.entries[delivery].map { $0.state != .returned } ?? false
  }

  func holds(_ key: OrderKey) -> Bool { table.holds(key) }

  /// Whether what arrives for the destination goes into its lane's hands: not while the lane would give it back.
  func takesArrivals(_ destination: DestinationRowID) -> Bool {
    !destinations.isWithheld(destination) && !backlogs.isBehind(destination)
  }

  // MARK: Within a commit

  /// Takes a delivery away that is being settled.
  ///
  /// - Returns: nil: no lane holds it.
  func take(_ delivery: DeliveryID) -> ClaimTable.Entry? {
    guard let entry = table.take(delivery), entry.state != .returned else { return nil }
    return entry
  }

  /// A new order has given a delivery another key.
  func setOrderKey(_ key: String?, of delivery: DeliveryID) {
    table.change(delivery) { $0.orderKey = key }
  }

  /// Lists all of a destination that are unlisted, as many as its lane's window holds; those in flight stay claimed.
  ///
  /// - Returns: Whether there were any.
  func list(of destination: DestinationRowID, in commit: PendingCommit) -> Bool {
    let unlisted = table.entries.filter { $0.value.destination == destination && $0.value.state != .claimed }
    guard !unlisted.isEmpty else { return false }
    statements.list(unlisted.keys.sorted(), in: commit)
    for delivery in unlisted.keys { wasListed(delivery) }
    return true
  }

  /// Lists those that have fallen far behind, if there are any.
  func shortenTail(in commit: PendingCommit) {
    guard let end = tail.nextEnd else {
      if !isTailMarked { statements.mark(tail.first, in: commit) { self.isTailMarked = true } }
      return
    }
    isTailMarked = true
    statements.list(from: tail.first, to: end, in: commit) { listed in
      for delivery in listed { self.wasListed(delivery) }
      self.tail.listed(to: end)
    }
  }

  /// Where the tail may begin, if that is so much later: what is unlisted by now is known, `next` is the lowest that the node may give.
  func idleTailEnd(next: DeliveryID, distance: Int64) -> DeliveryID? {
    guard next.rawValue - tail.first.rawValue >= distance else { return nil }
    let end = table.entries.lazy.filter { $0.value.state != .claimed }.map(\.key).min() ?? next
    return end.rawValue - tail.first.rawValue >= distance ? end : nil
  }

  func beginTail(at end: DeliveryID, in commit: PendingCommit) {
    statements.mark(end, in: commit) {
      self.isTailMarked = true
      self.tail.listed(to: end)
    }
  }

  private func wasListed(_ delivery: DeliveryID) { table.wasListed(delivery, in: &backlogs) }

  func bringIn(
    _ destination: DestinationRowID, to latest: Timestamp, limit: Int, in commit: PendingCommit,
    brought: @escaping (Int) -> Void
  ) {
    for queue in DeliveryQueue.allCases {
      statements.bringIn(destination, queue, to: latest, limit: limit, in: commit, brought: brought)
    }
  }

  func commit() { table.commit() }

  func rollback() { table.rollback() }

  // MARK: After a commit

  /// A commit has brought so many deliveries.
  func came(_ deliveries: Int, from first: DeliveryID) { tail.came(deliveries, from: first) }

  /// A delivery is in its lane's hands from now on.
  func add(_ delivery: DeliveryID, _ entry: ClaimTable.Entry) { table.add(delivery, entry) }

  /// A delivery in the index is fresh from now on, and nobody's.
  func becameClaimable(_ delivery: DeliveryID, of destination: DestinationRowID, _ queue: DeliveryQueue) {
    backlogs.becameClaimable(delivery, of: destination, queue)
  }

  /// Hands out a key's first, with those that come right after it and are due, unless somebody holds one of the key. If it is not due yet
  /// it says so: its lane gives it back, and knows when to come for it.
  ///
  /// - Parameter found: The first pending ones of the key, in order.
  func handOut(
    _ found: [(row: DeliveryRead, event: EventRead.Found?)], of key: OrderKey, now: Timestamp
  ) -> Delivery? {
    guard !table.holds(key), !destinations.isWithheld(key.destination), let first = found.first,
      !table.contains(first.row.id)
    else { return nil }
    guard let event = first.event, !event.isErased else {
      reader.pass(over: first.row, isErased: first.event != nil)
      return nil
    }
    let name = names.destinations.name(of: first.row.destination)
    var delivery = first.row.delivery(event.event, to: name)
    table.add(first.row.id, first.row.entry)
    if let due = first.row.due, due > now {
      delivery.due = due
      return delivery
    }
    for (row, event) in found.dropFirst() {
      guard let event, !event.isErased, row.isDue(by: now), !table.contains(row.id) else { break }
      delivery.followers.append(row.delivery(event.event, to: name))
      table.add(row.id, row.followingEntry)
    }
    return delivery
  }

  // MARK: What other nodes do

  /// Another node has stored deliveries, none before this one: walks begin there again, whatever has come since.
  func othersStored(from first: DeliveryID, of destination: DestinationRowID, _ queue: DeliveryQueue) {
    backlogs.becameClaimable(first, of: destination, queue)
  }

  /// Nothing is known of what the destination has in the store.
  func beginAnew(_ destination: DestinationRowID) {
    for queue in DeliveryQueue.allCases {
      backlogs.becameClaimable(DeliveryID(rawValue: 0), of: destination, queue)
    }
  }

  /// One of the destination that a lane holds; nil: there is none.
  func claimed(of destination: DestinationRowID) -> DeliveryID? {
    table.entries.first { $0.value.destination == destination && $0.value.state != .returned }?.key
  }

  /// Lists some that are in no index, so many at most.
  ///
  /// - Returns: Whether there were any.
  func list(atMost limit: Int, in commit: PendingCommit) -> Bool {
    let unlisted = Array(table.entries.lazy.filter { $0.value.state != .claimed }.prefix(limit)).map(\.key)
    guard !unlisted.isEmpty else { return false }
    statements.list(unlisted.sorted(), in: commit)
    for delivery in unlisted { wasListed(delivery) }
    return true
  }

  // MARK: Between commits

  /// Hands out deliveries that nobody holds.
  func claim(_ request: ClaimRequest) throws(StoreError) -> Claim {
    guard let destination = names.destination(request.destination) else {
      return Claim(request, deliveries: [], isExhausted: true)
    }
    guard !destinations.isWithheld(destination) else { return .nothing(for: request) }
    switch request.kind {
    case .fresh: return try claimFresh(request, of: destination)
    case .retrying: return try claimRetrying(request, of: destination)
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
    var candidates = FreshCandidates(
      from: max(claimableFrom, request.after?.next ?? claimableFrom), returned: returned[passed.endIndex...],
      page: min(Self.page, max(16, request.limit)))
    let statements = statements
    let connection = connection
    let found = try find(request) { () throws(StoreError) in
      try candidates.next { (from, limit) throws(StoreError) in
        try statements.fresh(of: destination, queue, from: from, limit: limit, connection)
      } unlisted: { (ids) throws(StoreError) in
        try statements.deliveries(ids, connection)
      }
    }
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
    var page: ArraySlice<DeliveryRead> = []
    var toCome: [(due: Timestamp, id: DeliveryID)] = []
    var cursor = ClaimStatements.RetryCursor()
    var isOver = false
    let limit = min(Self.page, max(16, request.limit))
    let found = try find(request) { () throws(StoreError) in
      if page.isEmpty && !isOver {
        let (rows, later) = try statements.retrying(
          of: destination, request.queue, dueBy: request.now, after: cursor, limit: limit, connection)
        (page, toCome, isOver) = (rows[...], later, rows.count < limit)
        if let last = rows.last, let due = last.due {
          cursor = ClaimStatements.RetryCursor(due: due, id: last.id)
        }
      }
      return page.popFirst().map { FreshCandidates.Candidate(row: $0, isListed: true) }
    }
    var nextDue: Timestamp?
    if found.isExhausted {
      nextDue = try self.nextDue(toCome, of: destination, request.queue, after: request.now)
      if let due = nextDue, due > request.latestDue {
        retriesTooFarOff = (request.destination, request.latestDue)
        nextDue = request.latestDue
      }
    }
    var claim = handOut(found, request)
    claim.nextDue = nextDue
    return claim
  }

  /// When the first retry that falls due after that time, and is nobody's, does so. A store that another clock has left may have claimed
  /// ones in the future.
  private func nextDue(
    _ first: [(due: Timestamp, id: DeliveryID)], of destination: DestinationRowID, _ queue: DeliveryQueue,
    after now: Timestamp
  ) throws(StoreError) -> Timestamp? {
    var page = first
    while true {
      if let next = page.first(where: { !table.contains($0.id) }) { return next.due }
      guard page.count == ClaimStatements.pageToCome, let last = page.last else { return nil }
      page = try statements.toCome(
        of: destination, queue, after: ClaimStatements.RetryCursor(due: last.due, id: last.id), connection)
    }
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

  /// - Parameter next: The next candidate, in the order in which they are handed out; nil: there are no more.
  private func find(
    _ request: ClaimRequest, next: () throws(StoreError) -> FreshCandidates.Candidate?
  ) throws(StoreError) -> Found {
    var found = Found()
    var chosen: [ChosenRun] = []
    var keys: Set<OrderKey> = []
    var footprint = 0
    while found.isExhausted, let candidate = try next() {
      let row = candidate.row
      let known = table.entries[row.id]
      guard candidate.isListed ? known == nil : known?.state == .returned, !reader.isPassedOver(row) else {
        continue
      }
      var run = ChosenRun(first: row, followers: [])
      if let key = row.entry.key {
        guard !table.holds(key), !keys.contains(key) else {
          found.firstLeft = found.firstLeft ?? row.id
          continue
        }
        keys.insert(key)
        let room = min(request.runLimit - 1, request.limit - found.entries.count - 1)
        if room > 0 {
          run.followers = try followers(
            of: row, limit: room, byteLimit: request.byteLimit - footprint, now: request.now)
        }
      }
      var entry = row.entry
      entry.state = candidate.isListed ? .claimed : .claimedUnlisted
      found.entries.append((row.id, entry))
      for follower in run.followers { found.entries.append((follower.id, follower.followingEntry)) }
      footprint += run.bytes
      chosen.append(run)
      found.isExhausted = found.entries.count < request.limit && footprint < request.byteLimit
    }
    found.deliveries = try deliveries(chosen, to: request.destination)
    let read = Set(found.deliveries.allIDs)
    found.entries.removeAll { !read.contains($0.id) }
    return found
  }

  /// What is handed out together.
  private struct ChosenRun {
    var first: DeliveryRead
    var followers: [DeliveryRead]

    var bytes: Int { followers.reduce(first.bytes) { $0 + $1.bytes } }
  }

  /// Those that come right after one in its order key, may go with it, and are nobody's.
  private func followers(
    of first: DeliveryRead, limit: Int, byteLimit: Int, now: Timestamp
  ) throws(StoreError) -> [DeliveryRead] {
    var followers: [DeliveryRead] = []
    var footprint = first.bytes
    for row in try statements.followers(of: [first], limit: limit, connection)[0] {
      guard footprint < byteLimit, row.isDue(by: now), !table.contains(row.id) else { break }
      footprint += row.bytes
      followers.append(row)
    }
    return followers
  }

  /// With their events. What has none is passed over, and what comes after it in its key.
  private func deliveries(_ runs: [ChosenRun], to destination: String) throws(StoreError) -> [Delivery] {
    let events = try reader.events(runs.flatMap { [$0.first] + $0.followers })
    return runs.compactMap { run in
      guard let event = events[run.first.event] else { return nil }
      var delivery = run.first.delivery(event, to: destination)
      for follower in run.followers {
        guard let event = events[follower.event] else { break }
        delivery.followers.append(follower.delivery(event, to: destination))
      }
      return delivery
    }
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
}

@available(*, unavailable)
extension Claims: Sendable {}
