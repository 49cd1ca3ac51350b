/// One destination's deliveries on their way: a bounded window in memory, the rest in the store, oldest first.
///
/// A pure state machine: inputs change it; `nextAttempt`, `nextClaim` and `deadline` say what to do. Its rules:
/// - At most `concurrency` attempts are in flight, and a quarter of the slots (at least one, where there are
///   two) is left to fresh deliveries, so that retries that hang can't shut out new events.
/// - While fresh deliveries wait in the store, those that arrive go there too: order of arrival holds.
/// - A retry leaves memory at once; the lane only remembers when the next one falls due.
public struct Lane: Sendable {
  /// What remains in the store, of one kind.
  struct Backlog: Sendable {
    /// From when on a claim is worthwhile; nil: nothing is there.
    var claimableFrom: Timestamp?
    var isClaiming = false
    /// Something was given back while a claim was under way: its answer can't say that nothing is left.
    var grewWhileClaiming = false
  }

  public internal(set) var destination: Destination
  var window: LaneWindow
  /// Its destination is no longer configured: it only brings to an end what is under way.
  private(set) var isRemoved = false
  var fresh = LaneQueue()
  /// Fresh ones that came while a claim was under way: newer than what it may bring, so they wait for its answer.
  var beside = LaneQueue()
  var retrying = LaneQueue()
  var freshBacklog = Backlog(claimableFrom: .epoch)
  var retryBacklog = Backlog(claimableFrom: .epoch)
  var inFlight: [DeliveryID: Delivery] = [:]
  var retriesInFlight = 0
  /// Attempts whose outcome is not on disk yet.
  var unsettled = 0
  /// `Retry-After`: nothing is attempted before.
  var heldUntil: Timestamp?
  private var nextTurn = ClaimRequest.Kind.fresh

  /// So many outcomes may wait for the disk before no more attempts start.
  static let maxUnsettled = 1_024
  /// How long to leave a store alone that could not read.
  static let pauseAfterFailedClaim = Duration.seconds(1)

  public init(destination: Destination, window: LaneWindow) {
    self.destination = destination
    self.window = window
  }

  // MARK: Inputs

  /// A fresh delivery, just committed and claimed for this lane.
  ///
  /// - Returns: Its id if the lane can't hold it: it goes back to the store.
  mutating func arrived(_ delivery: Delivery) -> DeliveryID? {
    if freshBacklog.claimableFrom == nil && hasRoom(fresh) {
      fresh.append(delivery)
      return nil
    }
    if freshBacklog.isClaiming && !freshBacklog.grewWhileClaiming && hasRoomBeside {
      beside.append(delivery)
      return nil
    }
    freshBacklog.grew()
    return delivery.id
  }

  /// The store has answered a claim.
  ///
  /// - Returns: Those that arrived meanwhile and must go back, since older ones are still in the store.
  @discardableResult
  mutating func claimed(_ claim: Claim, now: Timestamp) -> [DeliveryID] {
    switch claim.kind {
    case .fresh:
      for delivery in claim.deliveries { fresh.append(delivery) }
      freshBacklog.claimed(claim, now: now)
      return takeBeside(joins: claim.isExhausted)
    case .retrying:
      for delivery in claim.deliveries { retrying.append(delivery) }
      retryBacklog.claimed(claim, now: now)
      return []
    }
  }

  private mutating func takeBeside(joins: Bool) -> [DeliveryID] {
    var refused: [DeliveryID] = []
    for delivery in beside.deliveries {
      if joins && refused.isEmpty && hasRoom(fresh) {
        fresh.append(delivery)
      } else {
        refused.append(delivery.id)
      }
    }
    beside = LaneQueue()
    if !refused.isEmpty { freshBacklog.grew() }
    return refused
  }

  /// An attempt ended.
  ///
  /// - Parameter random: Uniform in 0..<1.
  /// - Returns: What is to be recorded; nil for a delivery that this lane did not start.
  mutating func finished(
    _ id: DeliveryID, result: AttemptResult, now: Timestamp, random: Double
  ) -> Settlement? {
    guard let delivery = inFlight.removeValue(forKey: id) else { return nil }
    if delivery.attempts > 0 { retriesInFlight -= 1 }
    unsettled += 1
    if let hold = Destination.hold(after: result) {
      heldUntil = max(heldUntil ?? .epoch, now.advanced(by: hold))
    }
    let attempts = delivery.attempts + 1
    let outcome = destination.outcome(
      of: result, attempts: attempts, since: delivery.since, now: now, random: random)
    return Settlement(delivery: id, attempts: attempts, attempt: result, outcome: outcome)
  }

  /// An outcome is on disk.
  mutating func settled(_ outcome: Settlement.Outcome) {
    unsettled -= 1
    guard case .retry(let due) = outcome else { return }
    retryBacklog.claimableFrom = min(retryBacklog.claimableFrom ?? due, due)
  }

  // MARK: Decisions

  /// The next delivery to attempt now, which then is in flight; nil if none may start.
  mutating func nextAttempt(now: Timestamp) -> Delivery? {
    if let held = heldUntil {
      guard held <= now else { return nil }
      heldUntil = nil
    }
    guard inFlight.count < destination.concurrency, unsettled < Self.maxUnsettled else { return nil }
    guard let delivery = takeTurn() else { return nil }
    if delivery.attempts > 0 { retriesInFlight += 1 }
    inFlight[delivery.id] = delivery
    return delivery
  }

  /// Fresh deliveries and retries take turns; retries leave slots free.
  private mutating func takeTurn() -> Delivery? {
    let slots = destination.concurrency
    let retrySlots = slots == 1 ? 1 : slots - max(1, slots / 4)
    let mayRetry = !retrying.isEmpty && retriesInFlight < retrySlots
    guard mayRetry || !fresh.isEmpty else { return nil }
    let kind: ClaimRequest.Kind = !mayRetry ? .fresh : fresh.isEmpty ? .retrying : nextTurn
    nextTurn = kind == .fresh ? .retrying : .fresh
    return kind == .fresh ? fresh.popFirst() : retrying.popFirst()
  }

  /// A wish for work, when half the window of a kind is free and the store has some; then one is under way.
  mutating func nextClaim(now: Timestamp) -> ClaimRequest? {
    if freshBacklog.begins(at: now, fresh, window) { return request(.fresh, for: fresh, now: now) }
    if retryBacklog.begins(at: now, retrying, window) { return request(.retrying, for: retrying, now: now) }
    return nil
  }

  private func request(_ kind: ClaimRequest.Kind, for queue: LaneQueue, now: Timestamp) -> ClaimRequest {
    ClaimRequest(
      destination: destination.name, kind: kind, now: now,
      limit: max(1, window.deliveries / 2 - queue.count),
      byteLimit: max(1, window.bytes / 2 - queue.footprint))
  }

  /// When to look at this lane without an input; nil: not before one comes.
  func deadline(now: Timestamp) -> Timestamp? {
    var deadlines: [Timestamp] = []
    if let heldUntil, !(fresh.isEmpty && retrying.isEmpty) { deadlines.append(heldUntil) }
    for (backlog, queue) in [(freshBacklog, fresh), (retryBacklog, retrying)] where !backlog.isClaiming {
      if let from = backlog.claimableFrom, queue.isHalfEmpty(of: window) { deadlines.append(from) }
    }
    return deadlines.min()
  }

  /// Its destination is no longer configured.
  mutating func remove() { isRemoved = true }

  /// Its destination is configured again. What it gave back is in the store, whatever a claim that is still under
  /// way says.
  mutating func restore() {
    isRemoved = false
    freshBacklog.grew()
    retryBacklog.grew()
  }

  /// Nothing is in flight, nothing waits for the disk or for a claim's answer.
  var isQuiet: Bool {
    inFlight.isEmpty && unsettled == 0 && !freshBacklog.isClaiming && !retryBacklog.isClaiming
  }

  /// Everything it holds that is not in flight, for giving back.
  mutating func giveUpWindow() -> [DeliveryID] {
    let ids = (fresh.deliveries + beside.deliveries + retrying.deliveries).map(\.id)
    fresh = LaneQueue()
    beside = LaneQueue()
    retrying = LaneQueue()
    return ids
  }

  /// An eighth of the window.
  private var hasRoomBeside: Bool {
    beside.count < window.deliveries / 8 && beside.footprint < window.bytes / 8
  }

  private func hasRoom(_ queue: LaneQueue) -> Bool {
    queue.isEmpty || queue.count < window.deliveries / 2 && queue.footprint < window.bytes / 2
  }
}

extension Lane.Backlog {
  /// Something was given back to the store.
  fileprivate mutating func grew() {
    claimableFrom = .epoch
    if isClaiming { grewWhileClaiming = true }
  }

  /// Whether a claim is due; if so, it is now under way.
  fileprivate mutating func begins(at now: Timestamp, _ queue: LaneQueue, _ window: LaneWindow) -> Bool {
    guard !isClaiming, let from = claimableFrom, from <= now, queue.isHalfEmpty(of: window) else {
      return false
    }
    isClaiming = true
    grewWhileClaiming = false
    return true
  }

  fileprivate mutating func claimed(_ claim: Claim, now: Timestamp) {
    isClaiming = false
    if claim.isExhausted {
      claimableFrom = grewWhileClaiming ? .epoch : claim.nextDue
    } else if claim.deliveries.isEmpty {
      claimableFrom = now.advanced(by: Lane.pauseAfterFailedClaim)
    } else {
      claimableFrom = .epoch
    }
    grewWhileClaiming = false
  }
}

extension LaneQueue {
  fileprivate func isHalfEmpty(of window: LaneWindow) -> Bool {
    isEmpty || count <= window.deliveries / 4 && footprint <= window.bytes / 4
  }
}
