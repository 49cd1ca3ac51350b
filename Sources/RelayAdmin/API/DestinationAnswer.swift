import RelayCore
import RelayPipeline

/// A destination, in `GET /api/v1/status`.
public struct DestinationAnswer: Decodable, Sendable, Equatable {
  public var name: String
  public var paused: Bool
  public var orphaned: Bool
  /// `closed`, `open` or `recovering`.
  public var circuit: String
  public var pending: Int
  public var inFlight: Int
  public var dead: Int
  public var delivered: Int
  /// nil: none is pending.
  public var oldestPendingSeconds: Double?
  /// The backlog at the present pace; nil: unknown.
  public var drainSeconds: Double?
  public var discarded: Int
  public var overflowed: Int
  /// Of a person's pause with an end.
  public var pausedUntil: Timestamp?
  /// Where the configuration pauses it, as `FILE:LINE`.
  public var pausedAt: String?
  public var circuitOpenSince: Timestamp?
  /// `Retry-After`: nothing is attempted before.
  public var heldUntil: Timestamp?
  /// What it is in trouble for.
  public var lastFailure: String?
  /// Since when every attempt has failed.
  public var failingSince: Timestamp?
  /// How many attempts have failed since one succeeded.
  public var failuresInRow: Int
  /// The delivery that fails, and that its order lets no other pass.
  public var stuckHead: StuckHeadAnswer?
  /// Kinds that it refuses while it takes others: those that failed last, at most ten.
  public var refusedKinds: [RefusedKindAnswer]
  /// All of them.
  public var refusedKindCount: Int

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
