/// One destination's deliveries on their way: a bounded window in memory, the rest in the store, oldest first.
///
/// A pure state machine: inputs change it; `nextAttempt`, `nextClaim` and `deadline` say what to do. Its rules:
/// - At most `concurrency` attempts are in flight, and a quarter of the slots (at least one, where there are
///   two) is left to fresh deliveries, so that retries that hang can't shut out new events.
/// - Nothing starts while it is paused or held (`Retry-After`), nor beyond its rate. While its circuit is open nothing
///   starts but probes and trials; while that recovers it has fewer slots.
/// - Deliveries of kinds that the destination refuses are passed by others: a quarter of the slots is theirs.
/// - While fresh deliveries wait in the store, those that arrive go there too: order of arrival holds.
/// - A retry leaves memory at once; the lane only remembers when the next one falls due.
package struct Lane: Sendable {
  package internal(set) var destination: Destination
  var window: LaneWindow
  /// Its destination is no longer configured: it only brings to an end what is under way.
  var isRemoved = false
  /// It holds nothing but what is in flight, and takes nothing, until it is readmitted.
  var isRecalled = false
  /// An input has changed it since its last turn.
  var isTouched = false

  var fresh = LaneQueue()
  /// Fresh ones that came while a claim was under way: newer than what it may bring, so they wait for its answer.
  var beside = LaneQueue()
  var retrying = LaneQueue()
  var freshBacklog = LaneBacklog()
  var retryBacklog = LaneBacklog()
  var scout = LaneScout()

  var inFlight: [DeliveryID: Delivery] = [:]
  var retriesInFlight = 0
  /// Of kinds that the destination refused when they started.
  var refusedInFlight: Set<DeliveryID> = []
  /// Attempts whose outcome is not on disk yet.
  var unsettled = 0
  var nextTurn = ClaimRequest.Kind.fresh
  /// Refused deliveries and others take turns.
  var takesRefusedNext = false

  var standing: Standing
  var circuit = Circuit()
  var bucket: TokenBucket?
  /// `Retry-After`: nothing is attempted before.
  var heldUntil: Timestamp?
  var pace = Pace()
  var trouble = Trouble()
  /// How long the circuit has been open this time, pauses left out; or since a person has retried something.
  var headTime = SuspendedTime()
  /// How far the relay's wall clock is ahead of the destination's; nil: it has not told the time.
  var clockOffset: Duration?

  /// So many outcomes may wait for the disk before no more attempts start.
  static let maxUnsettled = 1_024

  init(destination: Destination, window: LaneWindow, standing: Standing = Standing()) {
    self.destination = destination
    self.window = window
    self.standing = standing
    bucket = destination.rate.map(TokenBucket.init)
  }

  /// Whether deliveries may be given to it.
  var takesDeliveries: Bool { !isRemoved && !isRecalled }

  /// A claim of either kind is under way.
  var isClaiming: Bool { freshBacklog.isClaiming || retryBacklog.isClaiming || scout.isLooking }

  /// Nothing is in flight, nothing waits for the disk or for a claim's answer.
  var isQuiet: Bool { inFlight.isEmpty && unsettled == 0 && !isClaiming }

  func isPaused(at now: Timestamp) -> Bool { destination.pausedAt != nil || standing.isPaused(at: now) }

  /// When to look at this lane without an input; nil: not before one comes.
  ///
  /// - Parameter mayStart: Whether attempts may start at all.
  func deadline(now: Timestamp, mayStart: Bool = true) -> Timestamp? {
    var deadline = earliest(standing.pauseLook(now: now), mayStart ? nextStart : nil)
    if !isRecalled {
      deadline = earliest(deadline, freshBacklog.claimsFrom(fresh, window.part(of: .fresh)))
      deadline = earliest(deadline, retryBacklog.claimsFrom(retrying, window.part(of: .retrying)))
      if mustLookBeyond { deadline = earliest(deadline, scout.looksFrom) }
    }
    return deadline
  }

  private func earliest(_ a: Timestamp?, _ b: Timestamp?) -> Timestamp? {
    guard let a, let b else { return a ?? b }
    return min(a, b)
  }
}
