/// How much of a lane's backlog may stand in memory: three quarters for fresh deliveries, a quarter for retries.
package struct WindowSize: Hashable, Sendable {
  /// At most this many deliveries are claimed at once: meanwhile the store does nothing else.
  static let maxClaim = 512

  package var deliveries: Int
  package var bytes: Int

  package init(deliveries: Int, bytes: Int) {
    self.deliveries = deliveries
    self.bytes = bytes
  }

  /// What of it one kind may take.
  func part(of kind: ClaimRequest.Kind) -> WindowSize {
    switch kind {
    case .fresh: WindowSize(deliveries: deliveries / 4 * 3, bytes: bytes / 4 * 3)
    // They wait for their time in the store: a few are enough to keep the slots busy.
    case .retrying: WindowSize(deliveries: deliveries / 4, bytes: bytes / 4)
    }
  }

  /// A share of what all lanes may hold together (64 MiB), enough for a few events each.
  package static func share(ofLanes count: Int) -> WindowSize {
    WindowSize(deliveries: 32_768, bytes: max(64 << 10, (64 << 20) / max(1, count)))
  }

  /// What a lane may hold besides of replays: a quarter as much.
  var ofReplays: WindowSize { WindowSize(deliveries: max(1, deliveries / 4), bytes: bytes / 4) }
}

/// What a lane holds in memory and has not started, and what it knows of the rest in the store.
///
/// Fresh deliveries and retries are apart (docs/decisions/0004-fresh-and-retrying-apart.md). While fresh ones wait in the
/// store, those that arrive go there too: order of arrival holds.
struct LaneWindow: Sendable {
  /// What becomes of a fresh delivery that arrives.
  enum Arrival {
    case ready
    /// It waits for the answer to the claim that is under way.
    case waiting
    /// It goes back to the store.
    case returned
  }

  /// What the store is to be asked for.
  struct Wish {
    var kind: ClaimRequest.Kind
    var limit: Int
    var byteLimit: Int
    /// Only what comes after this one, beyond the window; nil: the oldest.
    var after: DeliveryID?
  }

  private(set) var size: WindowSize
  private(set) var fresh = LaneQueue()
  private(set) var retrying = LaneQueue()
  /// Fresh ones that came while a claim was under way. It may bring older ones, so they wait for its answer.
  private(set) var arrivedDuringClaim = LaneQueue()
  /// The first of the fresh ones that went back while a claim was under way: what the claim brings may be newer.
  private var firstReturnedDuringClaim: DeliveryID?
  private var freshBacklog: LaneBacklog
  private var retryBacklog: LaneBacklog
  private var scout = LaneScout()

  /// - Parameter isStored: The store may have something for it.
  init(size: WindowSize, isStored: Bool = true) {
    self.size = size
    freshBacklog = LaneBacklog(isThere: isStored)
    retryBacklog = LaneBacklog(isThere: isStored)
  }

  mutating func resize(to size: WindowSize) { self.size = size }

  /// A claim of either kind is under way.
  var isClaiming: Bool { freshBacklog.isClaiming || retryBacklog.isClaiming || scout.isLooking }

  /// The store has no fresh deliveries for this lane, as far as is known.
  var holdsAllFresh: Bool { freshBacklog.claimableFrom == nil && arrivedDuringClaim.isEmpty }

  /// Whether all that waits, here or in the store, is such.
  func hasNothing(but isSuch: (DeliveryID) -> Bool) -> Bool {
    holdsAllFresh && fresh.allSatisfy { isSuch($0.id) } && retrying.allSatisfy { isSuch($0.id) }
  }

  /// Something that it holds could start now.
  var hasReady: Bool { fresh.hasReady || retrying.hasReady }
  /// How many deliveries it holds, with the followers of each.
  var events: Int { fresh.events + retrying.events }

  // MARK: What comes in

  mutating func arrived(_ delivery: Delivery) -> Arrival {
    if freshBacklog.claimableFrom == nil && hasRoom(fresh, .fresh) {
      fresh.append(delivery)
      return .ready
    }
    if freshBacklog.isClaimingAll && hasRoomDuringClaim {
      arrivedDuringClaim.append(delivery)
      return .waiting
    }
    wasReturned(delivery.id)
    freshBacklog.returned()
    return .returned
  }

  private mutating func wasReturned(_ id: DeliveryID) {
    guard freshBacklog.isClaiming else { return }
    firstReturnedDuringClaim = min(firstReturnedDuringClaim ?? id, id)
  }

  /// A delivery whose turn has come in its order key. It does not wait behind the backlog, for it takes the place of one
  /// that was settled.
  ///
  /// - Parameter latestDue: Nothing may be due later.
  /// - Returns: Whether it is kept; if not, it goes back to the store: it is not due yet, or twice as much waits as may be
  ///   claimed.
  mutating func promoted(_ delivery: Delivery, now: Timestamp, latestDue: @autoclosure () -> Timestamp)
    -> Bool
  {
    if let due = delivery.due, due > now {
      // One beyond all bounds is brought within them by the store when it is asked.
      retryBacklog.returned(due: due > latestDue() ? now : due)
      return false
    }
    if delivery.attempts > 0 {
      guard hasRoom(retrying, .retrying, times: 2) else {
        retryBacklog.returned()
        return false
      }
      retrying.append(delivery)
    } else {
      guard hasRoom(fresh, .fresh, times: 2) else {
        freshBacklog.returned()
        return false
      }
      fresh.append(delivery)
    }
    return true
  }

  /// The store has answered a claim.
  ///
  /// - Returns: Those that must go back, since older ones are still in the store, or there is no room for them.
  mutating func claimed(_ claim: Claim, now: Timestamp) -> [DeliveryID] {
    switch claim.kind {
    case .fresh:
      freshBacklog.claimed(claim, now: now)
      return admit(claim)
    case .retrying:
      for delivery in claim.deliveries { retrying.append(delivery) }
      retryBacklog.claimed(claim, now: now)
      return []
    }
  }

  /// What the claim has brought joins the queue, and so does what arrived meanwhile: each in its place.
  ///
  /// The store keeps what arrives after something was given back to it. So a claim may bring newer ones than some that
  /// arrived before and wait here.
  ///
  /// - Returns: What goes back: the first that has no room, or may have older ones in the store, and all after it.
  private mutating func admit(_ claim: Claim) -> [DeliveryID] {
    let (arrived, firstReturned) = (arrivedDuringClaim.deliveries, firstReturnedDuringClaim)
    (arrivedDuringClaim, firstReturnedDuringClaim) = (LaneQueue(), nil)
    // Those before this one were the store's oldest, and it has left room for them.
    guard let first = DeliveryID.earliest(arrived.first?.id, firstReturned) else {
      for delivery in claim.deliveries { fresh.append(delivery) }
      return []
    }
    let lastClaimed = claim.deliveries.last?.id
    let isMixed = lastClaimed.map { first < $0 } ?? false
    let all = claim.deliveries + arrived
    var refused: [DeliveryID] = []
    for delivery in isMixed ? all.sorted(by: { $0.id < $1.id }) : all {
      let isOldest =
        (claim.isExhausted || lastClaimed.map { delivery.id <= $0 } ?? false)
        && firstReturned.map { delivery.id < $0 } ?? true
      if delivery.id < first || isOldest && refused.isEmpty && hasRoom(fresh, .fresh) {
        fresh.append(delivery)
      } else {
        refused += delivery.ids
      }
    }
    if !refused.isEmpty { freshBacklog.returned() }
    return refused
  }

  /// The store has answered a look beyond the window. What can be tried is kept: while the circuit is open one of a kind.
  ///
  /// - Parameter takesDeliveries: Whether the lane takes any now.
  /// - Returns: The others, which go back.
  mutating func lookedBeyond(
    _ claim: Claim, _ circuit: Circuit, takesDeliveries: Bool, now: Timestamp
  ) -> [DeliveryID] {
    let isWanted = scout.looked(upTo: claim.deliveries.last?.id, isEnd: claim.isExhausted, at: now)
    guard takesDeliveries, isWanted else {
      if !claim.deliveries.isEmpty { freshBacklog.returned() }
      return claim.deliveries.allIDs
    }
    var others: [DeliveryID] = []
    for delivery in claim.deliveries {
      if circuit.isOpen ? scout.brings(EventKind(delivery.event)) : !circuit.refuses(delivery) {
        fresh.append(delivery)
      } else {
        others += delivery.ids
        if circuit.isOpen { scout.leaves(delivery.id, EventKind(delivery.event)) }
      }
    }
    if !others.isEmpty { freshBacklog.returned() }
    return others
  }

  // MARK: What is wanted from the store

  /// When a claim is due; nil: not before something happens.
  ///
  /// - Parameter lacksTriable: What it holds can't be tried now.
  func claimsFrom(lacksTriable: Bool) -> Timestamp? {
    var from = freshBacklog.claimsFrom(fresh, size.part(of: .fresh))
    from = Timestamp.earliest(from, retryBacklog.claimsFrom(retrying, size.part(of: .retrying)))
    if lacksTriable && mayLookBeyond { from = Timestamp.earliest(from, scout.looksFrom) }
    return from
  }

  /// A wish for work, when half of a kind's part of the window is free and the store has some; then one is under way.
  ///
  /// - Parameter lacksTriable: What it holds can't be tried now.
  mutating func nextWish(now: Timestamp, lacksTriable: Bool) -> Wish? {
    if freshBacklog.begins(at: now, fresh, size.part(of: .fresh)) { return wish(.fresh, for: fresh) }
    if retryBacklog.begins(at: now, retrying, size.part(of: .retrying)) {
      return wish(.retrying, for: retrying)
    }
    guard lacksTriable, mayLookBeyond,
      let after = scout.begins(at: now, oldest: { fresh.deliveries.map(\.id).min()! })
    else { return nil }
    let part = size.part(of: .fresh)
    return Wish(
      kind: .fresh, limit: min(WindowSize.maxClaim, max(1, part.deliveries / LaneScout.windowShare)),
      byteLimit: max(1, part.bytes / LaneScout.windowShare), after: after)
  }

  private func wish(_ kind: ClaimRequest.Kind, for queue: LaneQueue) -> Wish {
    let part = size.part(of: kind)
    return Wish(
      kind: kind, limit: min(WindowSize.maxClaim, max(1, part.deliveries - queue.count)),
      byteLimit: max(1, part.bytes - queue.footprint))
  }

  /// It is full of fresh deliveries, and the store has others.
  private var mayLookBeyond: Bool {
    let part = size.part(of: .fresh)
    return freshBacklog.claimableFrom != nil && !freshBacklog.isClaiming && !fresh.isHalfEmpty(of: part)
      && fresh.count < part.deliveries + part.deliveries / LaneScout.windowShare
      && fresh.footprint < part.bytes + part.bytes / LaneScout.windowShare
  }

  /// A delivery is due in the store from this time on.
  mutating func becomesDue(at due: Timestamp) { retryBacklog.becomesDue(at: due) }

  /// The store may have some that it had not, or has them earlier.
  mutating func storeMayHaveMore(_ kind: ClaimRequest.Kind) {
    switch kind {
    case .fresh: freshBacklog.returned()
    case .retrying: retryBacklog.returned()
    }
  }

  // MARK: What goes out

  mutating func popFirst(_ kind: ClaimRequest.Kind) -> Delivery? {
    switch kind {
    case .fresh: fresh.popFirst()
    case .retrying: retrying.popFirst()
    }
  }

  mutating func remove(_ delivery: DeliveryID, _ kind: ClaimRequest.Kind) {
    switch kind {
    case .fresh: fresh.remove(delivery)
    case .retrying: retrying.remove(delivery)
    }
  }

  /// Everything it holds, for giving back.
  mutating func giveUp() -> [DeliveryID] {
    let freshIDs = (fresh.deliveries + arrivedDuringClaim.deliveries).allIDs
    if let first = freshIDs.min() { wasReturned(first) }
    let ids = freshIDs + retrying.deliveries.allIDs
    fresh = LaneQueue()
    arrivedDuringClaim = LaneQueue()
    retrying = LaneQueue()
    // What it held to be tried is behind it now.
    scout.startOver()
    return ids
  }

  /// Offers what it holds of a kind to a batch that began with one of it.
  mutating func offer(
    _ kind: ClaimRequest.Kind, to batch: inout Batch, fromAside: Bool, _ suspects: Suspects,
    unless isPassed: (Delivery) -> Bool
  ) {
    switch kind {
    case .fresh: fresh.offer(to: &batch, fromAside: fromAside, suspects, unless: isPassed)
    case .retrying: retrying.offer(to: &batch, fromAside: fromAside, suspects, unless: isPassed)
    }
  }

  // MARK: Refused kinds

  /// Lets others pass one that it gave just now.
  mutating func setAside(_ delivery: Delivery) {
    if delivery.attempts > 0 { retrying.setAside(delivery) } else { fresh.setAside(delivery) }
  }

  mutating func popAside(_ kind: ClaimRequest.Kind) -> Delivery? {
    switch kind {
    case .fresh: fresh.popAside()
    case .retrying: retrying.popAside()
    }
  }

  /// Other kinds are refused than before: none is set aside any more.
  mutating func takeBackAside() {
    fresh.takeBackAside()
    retrying.takeBackAside()
  }

  /// Kinds may be tried that could not be before: what lies beyond the window is looked through anew.
  mutating func startLookingOver() { scout.startOver() }

  /// An attempt has ended, and the circuit is still open.
  mutating func triedWhileOpen(_ kind: EventKind) { scout.ended(kind) }

  /// What was left in the store meanwhile may start now, but for refused kinds.
  mutating func openingEnded(refused: KindTable) { scout.openingEnded(refused: refused) }

  // MARK: Room

  /// An eighth of the window.
  private var hasRoomDuringClaim: Bool {
    arrivedDuringClaim.count < size.deliveries / 8 && arrivedDuringClaim.footprint < size.bytes / 8
  }

  /// - Parameter factor: How often a kind's part of the window may be filled.
  private func hasRoom(_ queue: LaneQueue, _ kind: ClaimRequest.Kind, times factor: Int = 1) -> Bool {
    let part = size.part(of: kind)
    return queue.isEmpty || queue.count < factor * part.deliveries && queue.footprint < factor * part.bytes
  }
}

extension DeliveryID {
  fileprivate static func earliest(_ a: DeliveryID?, _ b: DeliveryID?) -> DeliveryID? {
    if let a, let b { min(a, b) } else { a ?? b }
  }
}
