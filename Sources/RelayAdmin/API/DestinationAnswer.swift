import RelayCore
import RelayPipeline

/// A destination, in `GET /api/v1/status`.
package struct DestinationAnswer: Answer {
  @Field("Its name.") package var name: String
  @Field("It is paused, by a person or by the configuration.") package var paused: Bool
  @Field("It is no longer configured, and still has deliveries.") package var orphaned: Bool
  @Field("Whether it is taken to work.", .words { ["closed", "open", "recovering"] }) package var circuit:
    String
  @Field("How many deliveries are pending.") package var pending: Int
  @Field("How many of them replays have queued: they take what the others leave.") package var replaying: Int
  @Field("What these wait for; null: they are too many to be counted, or the store could not be asked.")
  package var waiting: WaitingAnswer?
  @Field(
    "Why nothing that is due is sent; null: it is, in its turn.",
    .words { DestinationStatus.Hold.allCases.map(\.rawValue) })
  package var heldBy: String?
  @Field("How many attempts are under way.") package var inFlight: Int
  @Field("How many deliveries were given up and are kept.") package var dead: Int
  @Field("How many deliveries reached it.") package var delivered: Int
  @Field("How old the oldest pending one is; null: none is pending.") package var oldestPendingSeconds:
    Double?
  @Field("How long what has been due for longest has been due; null: nothing is due.")
  package var oldestDueSeconds: Double?
  @Field("That is longer than its `late_after`; a paused one is never late.") package var late: Bool
  @Field(
    "How old the oldest pending one is, where attempts fail and it is for another one that it (or what comes before it in its order) "
      + "waits, while others are delivered; null: it is not five minutes yet, or replays are pending.")
  package var oldestRetryingSeconds: Double?
  @Field(
    "How long the backlog takes at the present pace (`pace_per_second`), if nothing new comes; null: unknown, or nothing moves: it is paused, its circuit is open, or the oldest is stuck."
  )
  package var drainSeconds: Double?
  @Field("Deliveries that were settled in a second, over the last 15 to 30 seconds; null: none was.")
  package var pacePerSecond: Double?
  @Field("How many deliveries a person discarded.") package var discarded: Int
  @Field("How many deliveries were discarded on arrival, since it was over its max_backlog.")
  package var overflowed: Int
  @Field("Since when it has been paused, over restarts; null: it is not.") package var pausedSince: Timestamp?
  @Field("When a person's pause ends by itself.") package var pausedUntil: Timestamp?
  @Field("Where the configuration pauses it, as `FILE:LINE`.") package var pausedAt: String?
  @Field("Since when it is not taken to work.") package var circuitOpenSince: Timestamp?
  @Field(
    "While the circuit is open: when one delivery is tried again; null: it is being tried, or nothing is to be."
  )
  package var nextProbeAt: Timestamp?
  @Field("Since when it has been recovering: it is served again, with few attempts at once at first.")
  package var recoveringSince: Timestamp?
  @Field("`Retry-After`: nothing is attempted before.") package var heldUntil: Timestamp?
  @Field("What it is in trouble for.") package var lastFailure: String?
  @Field("Since when every attempt has failed.") package var failingSince: Timestamp?
  @Field("How many attempts have failed since one succeeded.") package var failuresInRow: Int
  @Field("The delivery that fails, and that its order lets no other pass.") package var stuckHead:
    StuckHeadAnswer?
  @Field("Kinds that it refuses while it takes others: those that failed last, at most ten.")
  package var refusedKinds: [RefusedKindAnswer]
  @Field("How many kinds it refuses.") package var refusedKindCount: Int
  @Field(
    "What came of its attempts in the last five minutes, the last hour and the last day, since the relay's start at the most."
  )
  package var attempts: [AttemptWindowAnswer]
  @Field("What to do about what fails; null: nothing does.") package var hint: String?
  @Field("What it can take; null: too little was attempted lately.") package var capacity: CapacityAnswer?
  @Field("How many events a request may hold; null: one.") package var batch: BatchAnswer?
  @Field(
    "How many events a request carried, on the average of the last fifty or so; null: there was none since the relay's start."
  )
  package var eventsPerRequest: Double?
  @Field(
    "Its `concurrency` is what holds it back: for half of the last minute or more, every slot was taken while more was due. null: that is not so, or it is paused, its circuit is open, or `rate` or `Retry-After` holds it."
  )
  package var concurrencyLimit: ConcurrencyLimitAnswer?
  @Field(
    "The relay that serves it, where another one than this does: how it fares with it, that one knows; null: this one does, or none, or nobody shares the store."
  )
  package var servedBy: String?
}

extension DestinationAnswer {
  init(_ status: DestinationStatus) {
    self.init()
    name = status.name
    paused = status.isPaused
    orphaned = status.isOrphaned
    circuit = status.circuit.rawValue
    pending = status.pending
    replaying = status.replaying
    waiting = status.waits.map { WaitingAnswer($0, of: status) }
    heldBy = status.hold?.rawValue
    inFlight = status.inFlight
    dead = status.dead
    delivered = status.delivered
    oldestPendingSeconds = status.oldestPending?.apiSeconds
    oldestDueSeconds = status.oldestDue?.apiSeconds
    late = status.isLate
    oldestRetryingSeconds = status.oldestRetrying?.apiSeconds
    drainSeconds = status.drain?.apiSeconds
    pacePerSecond = status.pace.map { ($0 * 100).rounded() / 100 }
    discarded = status.discarded
    overflowed = status.overflowed
    pausedSince = status.pausedSince
    pausedUntil = status.pausedUntil?.unlessForever
    pausedAt = status.pausedAt
    circuitOpenSince = status.circuitOpenSince
    recoveringSince = status.recoveringSince
    nextProbeAt = status.nextProbe
    heldUntil = status.heldUntil
    lastFailure = status.lastFailure
    failingSince = status.failingSince
    failuresInRow = status.failures
    stuckHead = status.stuckHead.map { StuckHeadAnswer($0) }
    refusedKinds = status.refusedKinds.map { RefusedKindAnswer($0) }
    refusedKindCount = status.refusedKindCount
    attempts = status.attempts.map { AttemptWindowAnswer($0) }
    hint = status.hint
    capacity = status.capacity.map { CapacityAnswer($0) }
    batch = status.batch.map { BatchAnswer($0) }
    eventsPerRequest = status.eventsPerRequest.map { ($0 * 100).rounded() / 100 }
    concurrencyLimit = status.concurrencyLimit.map {
      ConcurrencyLimitAnswer($0, suggested: status.suggestedConcurrency)
    }
    servedBy = status.servedBy
  }
}

/// What a destination's pending deliveries wait for.
package struct WaitingAnswer: Answer {
  @Field("They are due: for what the destination is held by (`held_by`), or for their turn.") package var due:
    Int
  @Field("They have failed, and are tried again later.") package var later: Int
  @Field("For an earlier one of their order key.") package var order: Int
}

extension WaitingAnswer {
  init(_ waits: PendingWaits, of status: DestinationStatus) {
    self.init()
    // The numbers are of moments one after the other.
    due = max(0, status.pending - waits.later - waits.ordered - status.inFlight)
    later = waits.later
    order = waits.ordered
  }
}

extension Timestamp {
  /// nil for the end of a pause that has none.
  var unlessForever: Timestamp? { self == .distantFuture ? nil : self }
}

/// The delivery that fails, and that its order lets no other pass.
package struct StuckHeadAnswer: Answer {
  @Field("Its number.") package var deliveryId: Int64
  @Field("The event that it delivers.") package var eventId: String
  @Field("The event's type.") package var type: String
}

extension StuckHeadAnswer {
  init(_ head: StuckHead) {
    self.init()
    deliveryId = head.delivery.rawValue
    eventId = "\(head.event)"
    type = head.kind.type
  }
}

/// A kind of events that a destination refuses while it takes others.
package struct RefusedKindAnswer: Answer {
  @Field("The events' type.") package var type: String
  @Field("Their company.") package var company: String?
  @Field("Their channel.") package var channel: String?
  @Field("Since when it refuses them.") package var since: Timestamp
  @Field("When it refused the last one.") package var lastFailedAt: Timestamp
}

extension RefusedKindAnswer {
  init(_ refused: RefusedKind) {
    self.init()
    type = refused.kind.type
    company = refused.kind.company
    channel = refused.kind.channel
    since = refused.since
    lastFailedAt = refused.lastFailed
  }
}
