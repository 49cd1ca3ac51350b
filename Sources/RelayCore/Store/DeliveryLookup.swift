/// Looks into the store for people, beside its path: on a thread of its own, never in its way. Pages are short.
///
/// People speak of the wall clock's time: filters do, and so do the records, as that clock showed it then.
package protocol DeliveryLookup: ReplayLookup {
  /// Reads a little from the disk: whether it answers at all.
  func look(completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)

  /// The event with all its deliveries; nil: the store does not have it (any more).
  func event(_ id: EventID, completion: @escaping @Sendable (Result<EventRecord?, StoreError>) -> Void)

  /// The events that fit, each with all its deliveries (without their failures). Each page is a bounded amount of work.
  func events(
    _ request: EventPageRequest, completion: @escaping @Sendable (Result<EventPage, StoreError>) -> Void)

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

  /// The same by what they are and what became of them. Each page looks at a bounded number of rows.
  ///
  /// - Parameter after: The last page's `next`.
  func groups(
    _ filter: DeliveryFilter, after: DeliveryID?,
    completion: @escaping @Sendable (Result<DeliveryGroupPage, StoreError>) -> Void)

  /// The audit, newest first. Each page looks at a bounded number of rows: it may hold fewer than `limit`, and yet have a next.
  ///
  /// - Parameter after: The last page's `next`.
  func audit(
    _ filter: AuditFilter, after: AuditID?, limit: Int,
    completion: @escaping @Sendable (Result<AuditPage, StoreError>) -> Void)

  /// When each destination's oldest pending delivery was received, by the steady clock: for its age. By the destination's name.
  func oldestPending(completion: @escaping @Sendable (Result<[String: Timestamp], StoreError>) -> Void)

  /// Since when the delivery of each destination that has been due for longest has been due, or will be, by the steady clock: a
  /// fresh one since it arrived, a retry since its time. What waits for its order key is not due. By the destination's name.
  func oldestDue(completion: @escaping @Sendable (Result<[String: Timestamp], StoreError>) -> Void)

  /// What pending deliveries wait for, by the destination's name; those of replays, too. A destination that has more than
  /// `PendingWaits.maxCounted` of one kind is left out, and so are those that come when `maxCountedInAll` have been counted.
  ///
  /// - Parameter now: By the steady clock: what is due later waits for its time.
  func pendingWaits(
    at now: Timestamp, completion: @escaping @Sendable (Result<[String: PendingWaits], StoreError>) -> Void)

  /// When senders were turned away, as far as it is kept: a bounded number, the newest first, that lie in the given time at least in
  /// part. Their times are those that the wall clock showed.
  func gaps(
    since: Timestamp?, until: Timestamp?, completion: @escaping @Sendable (Result<[Gap], StoreError>) -> Void)

  /// Answers what was asked, then closes. Blocks until that is done, but no longer than that. Later questions fail.
  ///
  /// - Returns: Whether it is closed. If not, its thread hangs.
  func close(within limit: Duration) -> Bool
}

package struct DeliveryPage: Sendable, Equatable {
  package var deliveries: [DeliveryRecord]
  /// nil: there are no more.
  package var next: DeliveryID?

  package init(deliveries: [DeliveryRecord], next: DeliveryID?) {
    self.deliveries = deliveries
    self.next = next
  }
}

/// Where a delivery is, and how it stands.
package struct DeliveryPlace: Hashable, Sendable {
  package var id: DeliveryID
  package var destination: String
  /// Never `discarded` for one that is `overflowed`.
  package var state: DeliveryFilter.State
  /// What its event said is gone: there is nothing to be sent.
  package var isErased: Bool

  package init(id: DeliveryID, destination: String, state: DeliveryFilter.State, isErased: Bool = false) {
    self.id = id
    self.destination = destination
    self.state = state
    self.isErased = isErased
  }
}

package struct DeliveryCountPage: Sendable, Equatable {
  package var counts: DeliveryCounts
  /// nil: there are no more.
  package var next: DeliveryID?

  package init(counts: DeliveryCounts, next: DeliveryID?) {
    self.counts = counts
    self.next = next
  }
}

/// An event as it is stored.
package struct EventRecord: Sendable, Equatable {
  package var id: EventID
  /// Where it stands in the order of arrival.
  package var place: EventCursor
  /// The key it stood under, decoded.
  package var type: String
  /// The same as the sender spelled it, between the quotes.
  package var rawType: [UInt8]
  package var source: String
  package var company: String?
  package var channel: String?
  package var chat: String?
  package var receivedAt: Timestamp
  /// Its envelope's `time`, byte for byte; nil: that had none.
  package var envelopeTime: [UInt8]?
  /// What goes on with each request of it.
  package var trace: TraceParent?
  /// The hash of the configuration that routed it.
  package var configuration: String
  /// The routes that matched, in their order.
  package var routes: [String]
  /// The last of them dropped it.
  package var isDropped: Bool
  /// As it came; empty where it was not asked for, or is gone.
  package var body: [UInt8]
  /// How long that is, also where it was not asked for; 0: it is gone.
  package var bodyBytes: Int
  /// When what it said was erased, by the wall clock; nil: it was not. Where a body is gone and this is nil, it went nowhere, and
  /// was older than `store.unrouted_retention`.
  package var erasedAt: Timestamp?
  /// In order of arrival.
  package var deliveries: [DeliveryRecord]

  package init(
    id: EventID, place: EventCursor, type: String, rawType: [UInt8]? = nil, source: String, company: String?,
    channel: String?, chat: String?, receivedAt: Timestamp, envelopeTime: [UInt8]? = nil,
    configuration: String, routes: [String], isDropped: Bool, body: [UInt8], bodyBytes: Int? = nil,
    erasedAt: Timestamp? = nil, deliveries: [DeliveryRecord]
  ) {
    self.id = id
    self.place = place
    self.type = type
    self.rawType = rawType ?? Array(type.utf8)
    self.source = source
    self.company = company
    self.channel = channel
    self.chat = chat
    self.receivedAt = receivedAt
    self.envelopeTime = envelopeTime
    self.configuration = configuration
    self.routes = routes
    self.isDropped = isDropped
    self.body = body
    self.bodyBytes = bodyBytes ?? body.count
    self.erasedAt = erasedAt
    self.deliveries = deliveries
  }

  /// Nothing is left of it that could be sent, or asked what it says.
  package var hasNoBody: Bool { bodyBytes == 0 }

  /// What has become of it, each once, in the order of `EventOutcome`.
  package var outcomes: [EventOutcome] {
    if deliveries.isEmpty { return [EventOutcome(ofUndelivered: isDropped)] }
    let all = Set(deliveries.map { EventOutcome($0.state) })
    return EventOutcome.allCases.filter(all.contains)
  }
}

/// A delivery as it is stored.
package struct DeliveryRecord: Sendable, Equatable {
  package struct Failure: Sendable, Equatable {
    /// Which attempt, from 1.
    package var attempt: Int
    package var at: Timestamp
    package var duration: Duration
    package var status: Int?
    /// Why there was no status.
    package var error: String?
    /// The first 1 KiB of the answer's body.
    package var answer: [UInt8]?
    /// Whom it went to; nil: no connection was tried.
    package var peer: PeerAddress?
    /// From its start to the answer's first byte; nil: there was none.
    package var firstByte: Duration?
    package var evidence = AttemptEvidence()

    package init(
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

  package struct LastAttempt: Sendable, Equatable {
    package var at: Timestamp
    package var duration: Duration
    package var status: Int?
    package var error: String?
    /// Whom it went to; nil: no connection was tried.
    package var peer: PeerAddress?
    /// From its start to the answer's first byte; nil: there was none.
    package var firstByte: Duration?

    package init(at: Timestamp, duration: Duration, status: Int?, error: String?) {
      self.at = at
      self.duration = duration
      self.status = status
      self.error = error
    }
  }

  package var id: DeliveryID
  package var event: EventID
  package var type: String
  package var receivedAt: Timestamp
  package var destination: String
  /// The route that sent it.
  package var route: String
  /// The hash of the configuration that routed it.
  package var configuration: String
  package var run: Int
  package var state: DeliveryState
  package var attempts: Int
  /// Of a retrying one, or of one that waits for its key with a time of its own.
  package var due: Timestamp?
  /// Of one that waits for its order key: the pending delivery of that key that comes first.
  package var waitsFor: DeliveryID?
  package var settledAt: Timestamp?
  /// Of a dead one.
  package var deathReason: DeathReason?
  /// Of a discarded one.
  package var discardReason: DiscardReason?
  package var lastAttempt: LastAttempt?
  /// The first and the last nine that failed.
  package var failures: [Failure]
  /// All that failed.
  package var failureCount: Int

  package init(
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
