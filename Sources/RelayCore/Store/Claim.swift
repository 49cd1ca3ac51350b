/// A lane's wish for work.
package struct ClaimRequest: Sendable, Equatable {
  package enum Kind: Sendable, Hashable, CaseIterable {
    /// Never attempted; in order of arrival.
    case fresh
    /// Attempted and due at `now`; in order of due time.
    case retrying
  }

  package var destination: String
  package var queue: DeliveryQueue
  package var kind: Kind
  package var now: Timestamp
  /// A retry's stored time is believed up to this: one that is later becomes this.
  package var latestDue: Timestamp
  /// At most so many deliveries.
  package var limit: Int
  /// It stops after the delivery that passes this many bytes of footprint.
  package var byteLimit: Int
  /// Of fresh ones: only those that arrived after this one. What stands before it is as it was for the next claim without.
  package var after: DeliveryID?
  /// How many of an order key are handed out together at most: the first, and those that follow it and are due
  /// (`Delivery.followers`). They count in `limit` and `byteLimit`.
  package var runLimit: Int

  /// What a run that is handed out with a settlement may take of memory, in bytes: none follows after those that fill it.
  package static let mostRunBytes = 4 << 20

  package init(
    destination: String, queue: DeliveryQueue = .live, kind: Kind, now: Timestamp,
    latestDue: Timestamp = .distantFuture, limit: Int, byteLimit: Int, after: DeliveryID? = nil,
    runLimit: Int = 1
  ) {
    self.after = after
    self.runLimit = runLimit
    self.queue = queue
    self.destination = destination
    self.kind = kind
    self.now = now
    self.latestDue = latestDue
    self.limit = limit
    self.byteLimit = byteLimit
  }
}

/// What the store had for it.
package struct Claim: Sendable {
  package var destination: String
  package var queue: DeliveryQueue
  package var kind: ClaimRequest.Kind
  package var deliveries: [Delivery]
  /// Nothing more of this kind is to be had now.
  package var isExhausted: Bool
  /// When the next unclaimed retry falls due, if one waits: only for an exhausted claim of retries.
  package var nextDue: Timestamp?
  /// It answers a request with `after`.
  package var isBeyond: Bool

  package init(
    destination: String, queue: DeliveryQueue = .live, kind: ClaimRequest.Kind, deliveries: [Delivery],
    isExhausted: Bool, nextDue: Timestamp? = nil, isBeyond: Bool = false
  ) {
    self.queue = queue
    self.isBeyond = isBeyond
    self.destination = destination
    self.kind = kind
    self.deliveries = deliveries
    self.isExhausted = isExhausted
    self.nextDue = nextDue
  }
}

extension Claim {
  package init(_ request: ClaimRequest, deliveries: [Delivery], isExhausted: Bool) {
    self.init(
      destination: request.destination, queue: request.queue, kind: request.kind, deliveries: deliveries,
      isExhausted: isExhausted, isBeyond: request.after != nil)
  }

  /// The answer of a store that can't read, or holds them.
  package static func nothing(for request: ClaimRequest) -> Claim {
    Claim(request, deliveries: [], isExhausted: false)
  }
}
