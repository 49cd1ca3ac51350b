@testable import RelayCore

/// Hands for tests of a single lane.
enum LaneKit {
  static let now = Timestamp.tick(100)

  /// A lane whose store was found empty.
  static func lane(
    concurrency: Int = 4, deliveries: Int = 1_024, bytes: Int = 64 << 20,
    change: (inout Destination) -> Void = { _ in }
  ) -> Lane {
    var destination = Made.destination(concurrency: concurrency)
    change(&destination)
    var lane = Lane(destination: destination, window: WindowSize(deliveries: deliveries, bytes: bytes))
    while let request = lane.nextClaim(now: now) { lane.claimed(answer(request), now: now) }
    return lane
  }

  /// Answers the claims of what replays have queued with these.
  static func bringReplays(_ deliveries: [Delivery], to lane: inout Lane) {
    for kind in ClaimRequest.Kind.allCases {
      lane.claimed(
        Claim(
          destination: "d", queue: .replay, kind: kind,
          deliveries: deliveries.filter { ($0.attempts > 0) == (kind == .retrying) }, isExhausted: true),
        now: now)
    }
  }

  static func answer(_ request: ClaimRequest, exhausted: Bool = true, nextDue: Timestamp? = nil) -> Claim {
    Claim(
      destination: "d", queue: request.queue, kind: request.kind, deliveries: [], isExhausted: exhausted,
      nextDue: nextDue)
  }
}

extension Lane {
  /// Starts all that may start.
  mutating func start(at time: Timestamp = LaneKit.now) -> [Int64] {
    var ids: [Int64] = []
    while let start = nextAttempt(now: time) { ids += ([start.first] + start.others).map(\.id.rawValue) }
    return ids
  }

  /// The same, request by request.
  mutating func startRequests(at time: Timestamp = LaneKit.now) -> [[Int64]] {
    var requests: [[Int64]] = []
    while let start = nextAttempt(now: time) {
      requests.append(([start.first] + start.others).map(\.id.rawValue))
    }
    return requests
  }

  @discardableResult
  mutating func finish(
    _ id: Int64, _ status: Int, retryAfter: Duration? = nil, at time: Timestamp = LaneKit.now
  ) -> Ended? {
    finish(id, Made.result(status, retryAfter: retryAfter), at: time)
  }

  @discardableResult
  mutating func finish(_ id: Int64, _ result: AttemptResult, at time: Timestamp = LaneKit.now) -> Ended? {
    finished(DeliveryID(rawValue: id), result: result, now: time, random: 0)
  }

  /// Retries that the store has brought.
  mutating func bring(_ retries: [Delivery]) {
    claimed(
      Claim(destination: "d", kind: .retrying, deliveries: retries, isExhausted: true), now: LaneKit.now)
  }
}
