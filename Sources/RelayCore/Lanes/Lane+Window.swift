/// What comes into a lane's window, and what leaves it for the store.
extension Lane {
  /// A fresh delivery, just committed and claimed for this lane.
  ///
  /// - Returns: Its id if the lane can't hold it: it goes back to the store.
  mutating func arrived(_ delivery: Delivery) -> DeliveryID? {
    if freshBacklog.claimableFrom == nil && hasRoom(fresh, .fresh) {
      fresh.append(delivery)
      if circuit.isOpen && circuit.lets(delivery) { circuit.windowGrew() }
      return nil
    }
    if freshBacklog.isClaimingAll && hasRoomBeside {
      beside.append(delivery)
      return nil
    }
    freshBacklog.grew()
    return delivery.id
  }

  /// A delivery whose turn has come in its order key, claimed for this lane: it does not wait behind the backlog, for
  /// it takes the place of one that was settled.
  ///
  /// - Returns: Its id if it goes back to the store: it is not due yet, or twice as much waits as may be claimed.
  mutating func promoted(_ delivery: Delivery, now: Timestamp) -> DeliveryID? {
    if let due = delivery.due, due > now {
      // One beyond all bounds is brought within them by the store when it is asked.
      retryBacklog.grew(due: due > latestDue(now: now) ? now : due)
      return delivery.id
    }
    if delivery.attempts > 0 {
      guard hasRoom(retrying, .retrying, times: 2) else {
        retryBacklog.grew()
        return delivery.id
      }
      retrying.append(delivery)
    } else {
      guard hasRoom(fresh, .fresh, times: 2) else {
        freshBacklog.grew()
        return delivery.id
      }
      fresh.append(delivery)
    }
    circuit.windowGrew()
    return nil
  }

  /// The store has answered a claim.
  ///
  /// - Returns: Those that must go back: some that arrived meanwhile, since older ones are still in the store; all,
  ///   where the lane takes none any more.
  @discardableResult
  mutating func claimed(_ claim: Claim, now: Timestamp) -> [DeliveryID] {
    var refused: [DeliveryID] = []
    if claim.isBeyond { return lookedBeyond(claim, now: now) }
    circuit.windowGrew()
    switch claim.kind {
    case .fresh:
      for delivery in claim.deliveries { fresh.append(delivery) }
      freshBacklog.claimed(claim, now: now)
      refused = takeBeside(joins: claim.isExhausted)
    case .retrying:
      for delivery in claim.deliveries { retrying.append(delivery) }
      retryBacklog.claimed(claim, now: now)
    }
    return takesDeliveries ? refused : refused + giveUpWindow()
  }

  private mutating func takeBeside(joins: Bool) -> [DeliveryID] {
    guard !beside.isEmpty else { return [] }
    var refused: [DeliveryID] = []
    for delivery in beside.deliveries {
      if joins && refused.isEmpty && hasRoom(fresh, .fresh) {
        fresh.append(delivery)
      } else {
        refused.append(delivery.id)
      }
    }
    beside = LaneQueue()
    if !refused.isEmpty { freshBacklog.grew() }
    return refused
  }

  /// A wish for work, when half of a kind's part of the window is free and the store has some; then one is under way.
  mutating func nextClaim(now: Timestamp) -> ClaimRequest? {
    guard takesDeliveries else { return nil }
    if freshBacklog.begins(at: now, fresh, window.part(of: .fresh)) {
      return request(.fresh, for: fresh, now: now)
    }
    if retryBacklog.begins(at: now, retrying, window.part(of: .retrying)) {
      return request(.retrying, for: retrying, now: now)
    }
    guard mustLookBeyond, let after = scout.begins(at: now, oldest: { fresh.deliveries.map(\.id).min()! })
    else { return nil }
    let part = window.part(of: .fresh)
    return ClaimRequest(
      destination: destination.name, kind: .fresh, now: now,
      limit: min(LaneWindow.maxClaim, max(1, part.deliveries / LaneScout.windowShare)),
      byteLimit: max(1, part.bytes / LaneScout.windowShare), after: after)
  }

  /// Its window is full of fresh deliveries that can't be tried, and the store has others.
  var mustLookBeyond: Bool {
    guard circuit.lacksTrials || (isSelective && fresh.hasAside && !fresh.hasReady) else { return false }
    let part = window.part(of: .fresh)
    return freshBacklog.claimableFrom != nil && !freshBacklog.isClaiming && !fresh.isHalfEmpty(of: part)
      && fresh.count < part.deliveries + part.deliveries / LaneScout.windowShare
      && fresh.footprint < part.bytes + part.bytes / LaneScout.windowShare
  }

  /// What can be tried is kept: while the circuit is open one of a kind.
  ///
  /// - Returns: The others, which go back.
  private mutating func lookedBeyond(_ claim: Claim, now: Timestamp) -> [DeliveryID] {
    let isWanted = scout.looked(upTo: claim.deliveries.last?.id, isEnd: claim.isExhausted, at: now)
    guard takesDeliveries, isWanted else {
      if !claim.deliveries.isEmpty { freshBacklog.grew() }
      return claim.deliveries.map(\.id)
    }
    var others: [DeliveryID] = []
    for delivery in claim.deliveries {
      if circuit.isOpen ? scout.brings(EventKind(delivery.event)) : !circuit.refuses(delivery) {
        fresh.append(delivery)
      } else {
        others.append(delivery.id)
        if circuit.isOpen { scout.leaves(delivery.id, EventKind(delivery.event)) }
      }
    }
    if others.count < claim.deliveries.count { circuit.windowGrew() }
    if !others.isEmpty { freshBacklog.grew() }
    return others
  }

  private func request(_ kind: ClaimRequest.Kind, for queue: LaneQueue, now: Timestamp) -> ClaimRequest {
    let part = window.part(of: kind)
    return ClaimRequest(
      destination: destination.name, kind: kind, now: now, latestDue: latestDue(now: now),
      limit: min(LaneWindow.maxClaim, max(1, part.deliveries - queue.count)),
      byteLimit: max(1, part.bytes - queue.footprint))
  }

  /// Nothing may be due later.
  private func latestDue(now: Timestamp) -> Timestamp { now.advanced(by: destination.retry.longestDelay) }

  /// Everything it holds that is not in flight, for giving back.
  mutating func giveUpWindow() -> [DeliveryID] {
    let ids = (fresh.deliveries + beside.deliveries + retrying.deliveries).map(\.id)
    fresh = LaneQueue()
    beside = LaneQueue()
    retrying = LaneQueue()
    // What it held to be tried is behind it now.
    scout.startOver()
    return ids
  }

  /// An eighth of the window.
  private var hasRoomBeside: Bool {
    beside.count < window.deliveries / 8 && beside.footprint < window.bytes / 8
  }

  /// - Parameter factor: How often a kind's part of the window may be filled.
  private func hasRoom(_ queue: LaneQueue, _ kind: ClaimRequest.Kind, times factor: Int = 1) -> Bool {
    let part = window.part(of: kind)
    return queue.isEmpty || queue.count < factor * part.deliveries && queue.footprint < factor * part.bytes
  }
}
