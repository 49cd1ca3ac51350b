/// Looks into the store for people, beside its path: on a thread of its own, never in its way. Pages are short.
///
/// People speak of the wall clock's time: filters do, and so do the records, as that clock showed it then.
public protocol DeliveryLookup: AnyObject, Sendable {
  /// Reads a little from the disk: whether it answers at all.
  func look(completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)

  /// The event with all its deliveries; nil: the store does not have it (any more).
  func event(_ id: EventID, completion: @escaping @Sendable (Result<EventRecord?, StoreError>) -> Void)

  /// Newest first. Each page looks at a bounded number of rows: it may hold fewer than `limit`, and yet have a next.
  ///
  /// - Parameter after: The last page's `next`.
  func deliveries(
    _ filter: DeliveryFilter, after: DeliveryID?, limit: Int,
    completion: @escaping @Sendable (Result<DeliveryPage, StoreError>) -> Void)

  /// What of these deliveries there is; ids that are not there are passed over.
  func places(
    of ids: [DeliveryID], completion: @escaping @Sendable (Result<[DeliveryPlace], StoreError>) -> Void)

  /// How many deliveries fit, by destination and state. Each page looks at a bounded number of rows.
  ///
  /// - Parameter after: The last page's `next`.
  func count(
    _ filter: DeliveryFilter, after: DeliveryID?,
    completion: @escaping @Sendable (Result<DeliveryCountPage, StoreError>) -> Void)

  /// When each destination's oldest pending delivery was received, by the steady clock: for its age. By the destination's name.
  func oldestPending(completion: @escaping @Sendable (Result<[String: Timestamp], StoreError>) -> Void)
}

public struct DeliveryPage: Sendable, Equatable {
  public var deliveries: [DeliveryRecord]
  /// nil: there are no more.
  public var next: DeliveryID?

  public init(deliveries: [DeliveryRecord], next: DeliveryID?) {
    self.deliveries = deliveries
    self.next = next
  }
}

/// Where a delivery is, and how it stands.
public struct DeliveryPlace: Hashable, Sendable {
  public var id: DeliveryID
  public var destination: String
  /// Never `discarded` for one that is `overflowed`.
  public var state: DeliveryFilter.State

  public init(id: DeliveryID, destination: String, state: DeliveryFilter.State) {
    self.id = id
    self.destination = destination
    self.state = state
  }
}

public struct DeliveryCountPage: Sendable, Equatable {
  public var counts: DeliveryCounts
  /// nil: there are no more.
  public var next: DeliveryID?

  public init(counts: DeliveryCounts, next: DeliveryID?) {
    self.counts = counts
    self.next = next
  }
}

/// An event as it is stored.
public struct EventRecord: Sendable, Equatable {
  public var id: EventID
  public var type: String
  public var source: String
  public var company: String?
  public var channel: String?
  public var chat: String?
  public var receivedAt: Timestamp
  /// The hash of the configuration that routed it.
  public var configuration: String
  /// The routes that matched, in their order.
  public var routes: [String]
  /// The last of them dropped it.
  public var isDropped: Bool
  /// As it came.
  public var body: [UInt8]
  /// In order of arrival.
  public var deliveries: [DeliveryRecord]

  public init(
    id: EventID, type: String, source: String, company: String?, channel: String?, chat: String?,
    receivedAt: Timestamp, configuration: String, routes: [String], isDropped: Bool, body: [UInt8],
    deliveries: [DeliveryRecord]
  ) {
    self.id = id
    self.type = type
    self.source = source
    self.company = company
    self.channel = channel
    self.chat = chat
    self.receivedAt = receivedAt
    self.configuration = configuration
    self.routes = routes
    self.isDropped = isDropped
    self.body = body
    self.deliveries = deliveries
  }
}

/// A delivery as it is stored.
public struct DeliveryRecord: Sendable, Equatable {
  public struct Failure: Sendable, Equatable {
    /// Which attempt, from 1.
    public var attempt: Int
    public var at: Timestamp
    public var duration: Duration
    public var status: Int?
    /// Why there was no status.
    public var error: String?
    /// The answer's first 1 KiB.
    public var answer: [UInt8]?

    public init(
      attempt: Int, at: Timestamp, duration: Duration, status: Int?, error: String?, answer: [UInt8]?
    ) {
      self.attempt = attempt
      self.at = at
      self.duration = duration
      self.status = status
      self.error = error
      self.answer = answer
    }
  }

  public struct LastAttempt: Sendable, Equatable {
    public var at: Timestamp
    public var duration: Duration
    public var status: Int?
    public var error: String?

    public init(at: Timestamp, duration: Duration, status: Int?, error: String?) {
      self.at = at
      self.duration = duration
      self.status = status
      self.error = error
    }
  }

  public var id: DeliveryID
  public var event: EventID
  public var type: String
  public var receivedAt: Timestamp
  public var destination: String
  /// The route that sent it.
  public var route: String
  /// The hash of the configuration that routed it.
  public var configuration: String
  public var run: Int
  public var state: DeliveryState
  public var attempts: Int
  /// Of a retrying one, or of one that waits for its key with a time of its own.
  public var due: Timestamp?
  /// Of one that waits for its order key: the pending delivery of that key that comes first.
  public var waitsFor: DeliveryID?
  public var settledAt: Timestamp?
  /// Of a dead one.
  public var deathReason: DeathReason?
  /// Of a discarded one.
  public var discardReason: DiscardReason?
  public var lastAttempt: LastAttempt?
  /// The first and the last nine that failed.
  public var failures: [Failure]
  /// All that failed.
  public var failureCount: Int

  public init(
    id: DeliveryID, event: EventID, type: String, receivedAt: Timestamp, destination: String, route: String,
    configuration: String, run: Int, state: DeliveryState, attempts: Int, due: Timestamp? = nil,
    waitsFor: DeliveryID? = nil, settledAt: Timestamp? = nil, deathReason: DeathReason? = nil,
    discardReason: DiscardReason? = nil, lastAttempt: LastAttempt? = nil, failures: [Failure] = [],
    failureCount: Int = 0
  ) {
    self.id = id
    self.event = event
    self.type = type
    self.receivedAt = receivedAt
    self.destination = destination
    self.route = route
    self.configuration = configuration
    self.run = run
    self.state = state
    self.attempts = attempts
    self.due = due
    self.waitsFor = waitsFor
    self.settledAt = settledAt
    self.deathReason = deathReason
    self.discardReason = discardReason
    self.lastAttempt = lastAttempt
    self.failures = failures
    self.failureCount = failureCount
  }
}
