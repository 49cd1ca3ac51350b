import RelayCore
import RelayPipeline

/// A destination, in `GET /api/v1/status`.
package struct DestinationAnswer: Decodable, Sendable, Equatable {
  package var name: String
  package var paused: Bool
  package var orphaned: Bool
  /// `closed`, `open` or `recovering`.
  package var circuit: String
  package var pending: Int
  package var inFlight: Int
  package var dead: Int
  package var delivered: Int
  /// nil: none is pending.
  package var oldestPendingSeconds: Double?
  /// The backlog at the present pace; nil: unknown.
  package var drainSeconds: Double?
  package var discarded: Int
  package var overflowed: Int
  /// When a person's pause ends by itself.
  package var pausedUntil: Timestamp?
  /// Where the configuration pauses it, as `FILE:LINE`.
  package var pausedAt: String?
  package var circuitOpenSince: Timestamp?
  /// `Retry-After`: nothing is attempted before.
  package var heldUntil: Timestamp?
  /// What it is in trouble for.
  package var lastFailure: String?
  /// Since when every attempt has failed.
  package var failingSince: Timestamp?
  /// How many attempts have failed since one succeeded.
  package var failuresInRow: Int
  /// The delivery that fails, and that its order lets no other pass.
  package var stuckHead: StuckHeadAnswer?
  /// Kinds that it refuses while it takes others: those that failed last, at most ten.
  package var refusedKinds: [RefusedKindAnswer]
  /// All of them.
  package var refusedKindCount: Int

  init(_ status: DestinationStatus) {
    name = status.name
    paused = status.isPaused
    orphaned = status.isOrphaned
    circuit = status.circuit.rawValue
    pending = status.pending
    inFlight = status.inFlight
    dead = status.dead
    delivered = status.delivered
    oldestPendingSeconds = status.oldestPending?.apiSeconds
    drainSeconds = status.drain?.apiSeconds
    discarded = status.discarded
    overflowed = status.overflowed
    pausedUntil = status.pausedUntil?.unlessForever
    pausedAt = status.pausedAt
    circuitOpenSince = status.circuitOpenSince
    heldUntil = status.heldUntil
    lastFailure = status.lastFailure
    failingSince = status.failingSince
    failuresInRow = status.failures
    stuckHead = status.stuckHead.map { StuckHeadAnswer($0) }
    refusedKinds = status.refusedKinds.map { RefusedKindAnswer($0) }
    refusedKindCount = status.refusedKindCount
  }
}

extension DestinationAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("name", name)
      output.field("paused", paused)
      output.field("orphaned", orphaned)
      output.field("circuit", circuit)
      output.field("pending", pending)
      output.field("in_flight", inFlight)
      output.field("dead", dead)
      output.field("delivered", delivered)
      output.field("oldest_pending_seconds", oldestPendingSeconds)
      output.field("drain_seconds", drainSeconds)
      output.field("discarded", discarded)
      output.field("overflowed", overflowed)
      output.field("paused_until", pausedUntil)
      output.field("paused_at", pausedAt)
      output.field("circuit_open_since", circuitOpenSince)
      output.field("held_until", heldUntil)
      output.field("last_failure", lastFailure)
      output.field("failing_since", failingSince)
      output.field("failures_in_row", failuresInRow)
      output.field("stuck_head", stuckHead)
      output.field("refused_kinds", refusedKinds)
      output.field("refused_kind_count", refusedKindCount)
    }
  }
}

extension Timestamp {
  /// nil for the end of a pause that has none.
  var unlessForever: Timestamp? { self == .distantFuture ? nil : self }
}

/// The delivery that fails, and that its order lets no other pass.
package struct StuckHeadAnswer: Decodable, Sendable, Equatable {
  package var deliveryId: Int64
  package var eventId: String
  package var type: String

  init(_ head: StuckHead) {
    deliveryId = head.delivery.rawValue
    eventId = "\(head.event)"
    type = head.kind.type
  }
}

extension StuckHeadAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("delivery_id", deliveryId)
      output.field("event_id", eventId)
      output.field("type", type)
    }
  }
}

/// A kind of events that a destination refuses while it takes others.
package struct RefusedKindAnswer: Decodable, Sendable, Equatable {
  package var type: String
  package var company: String?
  package var channel: String?
  package var since: Timestamp
  package var lastFailedAt: Timestamp

  init(_ refused: RefusedKind) {
    type = refused.kind.type
    company = refused.kind.company
    channel = refused.kind.channel
    since = refused.since
    lastFailedAt = refused.lastFailed
  }
}

extension RefusedKindAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("type", type)
      output.field("company", company)
      output.field("channel", channel)
      output.field("since", since)
      output.field("last_failed_at", lastFailedAt)
    }
  }
}
