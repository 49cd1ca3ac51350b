/// A lane's wish for work.
public struct ClaimRequest: Sendable, Equatable {
  public enum Kind: Sendable, Hashable, CaseIterable {
    /// Never attempted; in order of arrival.
    case fresh
    /// Attempted and due at `now`; in order of due time.
    case retrying
  }

  public var destination: String
  public var kind: Kind
  public var now: Timestamp
  /// A retry's stored time is believed up to this: one that is later becomes this.
  public var latestDue: Timestamp
  /// At most so many deliveries.
  public var limit: Int
  /// It stops after the delivery that passes this many bytes of footprint.
  public var byteLimit: Int
  /// Of fresh ones: only those that arrived after this one. What stands before it is as it was for the next claim without.
  public var after: DeliveryID?

  public init(
    destination: String, kind: Kind, now: Timestamp, latestDue: Timestamp = .distantFuture, limit: Int,
    byteLimit: Int, after: DeliveryID? = nil
  ) {
    self.after = after
    self.destination = destination
    self.kind = kind
    self.now = now
    self.latestDue = latestDue
    self.limit = limit
    self.byteLimit = byteLimit
  }
}

/// What the store had for it.
public struct Claim: Sendable {
  public var destination: String
  public var kind: ClaimRequest.Kind
  public var deliveries: [Delivery]
  /// Nothing more of this kind is to be had now.
  public var isExhausted: Bool
  /// When the next unclaimed retry falls due, if one waits: only for an exhausted claim of retries.
  public var nextDue: Timestamp?
  /// It answers a request with `after`.
  public var isBeyond: Bool

  public init(
    destination: String, kind: ClaimRequest.Kind, deliveries: [Delivery], isExhausted: Bool,
    nextDue: Timestamp? = nil, isBeyond: Bool = false
  ) {
    self.isBeyond = isBeyond
    self.destination = destination
    self.kind = kind
    self.deliveries = deliveries
    self.isExhausted = isExhausted
    self.nextDue = nextDue
  }
}
