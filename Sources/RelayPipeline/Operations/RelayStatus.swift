import RelayCore

/// How the relay is, as a person wants to know it.
package struct RelayStatus: Sendable, Equatable {
  package struct Store: Sendable, Equatable {
    /// The scheme of its address.
    package var kind: String
    /// Live data.
    package var bytes: Int
    package var limitBytes: Int
    /// Why no envelopes are taken; nil: they are.
    package var refusal: String?
    /// Why no attempt starts; nil: attempts start. Its time is the wall clock's.
    package var attemptsHeld: AttemptHold?
    /// The size of its log; nil: it has none.
    package var logBytes: Int?
    /// Who keeps that log from being written over; nil: nobody.
    package var reader: Reader?
    /// The store can't be read: what is shown of it is as old as this. nil: it is of now.
    package var unreadFor: Duration?

    /// A reader from outside, and how long it has been seen.
    package struct Reader: Sendable, Equatable {
      package var name: String
      package var time: Duration

      package init(name: String, time: Duration) {
        self.name = name
        self.time = time
      }
    }

    package init(kind: String, bytes: Int, limitBytes: Int, refusal: String?) {
      self.kind = kind
      self.bytes = bytes
      self.limitBytes = limitBytes
      self.refusal = refusal
    }
  }

  package struct Route: Sendable, Equatable {
    package var name: String
    /// Events since the start that it matched; and those of them that it dropped.
    package var matched: Int
    package var dropped: Int

    package init(name: String, matched: Int, dropped: Int) {
      self.name = name
      self.matched = matched
      self.dropped = dropped
    }
  }

  package var version: String
  package var uptime: Duration
  package var store: Store
  /// Those of the configuration in its order, then the orphaned ones.
  package var destinations: [DestinationStatus]
  package var routes: [Route]
  package var configurationHash: String
  package var configurationLoadedAt: Timestamp
  /// Why the last reload changed nothing: its errors; empty: it succeeded.
  package var reloadErrors: [String]
  /// When somebody last wanted it to be read again; nil: nobody since the start.
  package var lastReload: Timestamp?
  /// How far the machine's clock is ahead of the destinations'; nil: none has told the time.
  package var clockOffset: Duration?
  /// In the configuration's order.
  package var sources: [SourceStatus]
  /// Whom `notify` names, in the configuration's order.
  package var receivers: [NoticeStanding] = []
  /// The files that events point to; nil: none are fetched, and none were.
  package var attachments: AttachmentStanding?
  /// The relays that share the store; nil: it is this one's alone.
  package var nodes: StoreNodes?

  package init(
    version: String, uptime: Duration, store: Store, destinations: [DestinationStatus], routes: [Route],
    configurationHash: String, configurationLoadedAt: Timestamp, reloadErrors: [String],
    clockOffset: Duration? = nil, sources: [SourceStatus] = []
  ) {
    self.version = version
    self.uptime = uptime
    self.store = store
    self.destinations = destinations
    self.routes = routes
    self.configurationHash = configurationHash
    self.configurationLoadedAt = configurationLoadedAt
    self.reloadErrors = reloadErrors
    self.clockOffset = clockOffset
    self.sources = sources
  }
}

package struct DestinationStatus: Sendable, Equatable {
  package enum Circuit: String, Sendable, CaseIterable {
    case closed, open, recovering
  }

  /// Why nothing that is due is sent.
  package enum Hold: String, Sendable, CaseIterable {
    case paused, circuit
    case retryAfter = "retry_after"
    case rate
  }

  package var name: String
  package var isPaused = false
  /// Since when, over restarts; nil: it is not.
  package var pausedSince: Timestamp?
  /// When a person's pause ends by itself; nil: it does not, or there is none.
  package var pausedUntil: Timestamp?
  /// Where the configuration pauses it, as `FILE:LINE`.
  package var pausedAt: String?
  /// It is no longer configured, and has pending or dead deliveries.
  package var isOrphaned = false
  /// Another relay that shares the store serves it, and knows how it is; nil: this one does, or none.
  package var servedBy: String?
  /// Another relay that shares the store tells how it is.
  package var isToldElsewhere = false
  package var circuit = Circuit.closed
  package var circuitOpenSince: Timestamp?
  package var recoveringSince: Timestamp?
  /// From when on something is tried again while the circuit is open; nil: a probe is under way, or it is not open.
  package var nextProbe: Timestamp?
  /// `Retry-After`: nothing is attempted before.
  package var heldUntil: Timestamp?
  /// What came of the last attempt that failed by the destination's fault, while it is in trouble.
  package var lastFailure: String?
  /// Since when every attempt has failed.
  package var failingSince: Timestamp?
  /// How many attempts have failed since one succeeded.
  package var failures = 0
  /// Where an order is kept: the delivery that fails, and lets no other pass.
  package var stuckHead: StuckHead?
  /// Kinds that it refuses while it takes others: those that failed last.
  package var refusedKinds: [RefusedKind] = []
  /// All of them.
  package var refusedKindCount = 0
  package var pending = 0
  /// Those of them that replays have queued.
  package var replaying = 0
  /// What some of the pending ones wait for; nil: they are too many to be counted, or nobody has asked.
  package var waits: PendingWaits?
  /// What those that are due wait for; nil: for their turn.
  package var hold: Hold?
  package var inFlight = 0
  package var dead = 0
  package var delivered = 0
  package var discarded = 0
  package var overflowed = 0
  package var oldestPending: Duration?
  /// How long the delivery that has been due for longest has been due; nil: none is due.
  package var oldestDue: Duration?
  /// That is longer than its `late_after`. A paused one is never late.
  package var isLate = false
  /// It would be, if nothing has been sent since the store was read.
  package var mayBeLate = false
  /// How old the oldest pending delivery is, where attempts fail and it is for another one that it waits, not for its turn; nil: it
  /// does not, or not for long yet.
  package var oldestRetrying: Duration?
  /// The backlog at the present pace, if nothing new comes; nil: unknown.
  package var drain: Duration?
  /// Deliveries settled in a second, over the last 15 to 30 seconds; nil: none was.
  package var pace: Double?
  /// What came of its attempts, the shortest time first; empty: it is not configured.
  package var attempts: [AttemptWindow] = []
  /// What to do about what fails; nil: nothing does.
  package var hint: String?
  /// nil: too little is known.
  package var capacity: DestinationCapacity?
  /// How many events a request may hold; nil: one, or it is not configured.
  package var batch: BatchPolicy?
  /// How many events a request carried lately; nil: there was none since the start.
  package var eventsPerRequest: Double?
  /// Its `concurrency` is what holds it back; nil: something else does, or nothing.
  package var concurrencyLimit: ConcurrencyLimit.Reading?
  /// The `concurrency` that would carry what arrives; nil: unknown, or the present one does.
  package var suggestedConcurrency: Int?

  package init(name: String) {
    self.name = name
  }
}

/// An event, and of each of its deliveries what it waits for.
package struct EventReport: Sendable, Equatable {
  package var event: EventRecord
  package var deliveries: [DeliveryReport]
  /// The files that it points to, by place; nil: their index can't be read.
  package var attachments: [Attachment]?

  package init(event: EventRecord, deliveries: [DeliveryReport], attachments: [Attachment]? = []) {
    self.event = event
    self.deliveries = deliveries
    self.attachments = attachments
  }
}

package struct DeliveryReport: Sendable, Equatable {
  package var record: DeliveryRecord
  /// What a pending delivery waits for; nil: it is settled.
  package var wait: DeliveryWait?
  /// The delivery that comes before it in its order; nil: none does, or it was not looked for (it is of an event alone), or is gone.
  package var first: DeliveryRecord?

  package init(record: DeliveryRecord, wait: DeliveryWait?) {
    self.record = record
    self.wait = wait
  }
}

package struct DeliveryReportPage: Sendable, Equatable {
  package var deliveries: [DeliveryReport]
  package var next: DeliveryID?

  package init(deliveries: [DeliveryReport], next: DeliveryID?) {
    self.deliveries = deliveries
    self.next = next
  }
}

/// What a pending delivery waits for.
package enum DeliveryWait: Sendable, Equatable {
  /// For the answer to an attempt that is under way.
  case inFlight
  /// For an earlier delivery of its order key.
  case order(DeliveryID?)
  /// For its next time.
  case retry(at: Timestamp)
  /// For a person; `at`: where the configuration pauses it. `until`: of a person's pause with an end.
  case paused(until: Timestamp?, at: String?)
  case circuit(openSince: Timestamp?, lastFailure: String?)
  /// For the time that the destination asked for with `Retry-After`.
  case held(until: Timestamp)
  /// For its destination to be configured again.
  case orphaned
  /// For the store to be able to write, or to confirm that other relays count this one as alive.
  case store
  /// For others that would fill its batch.
  case batch(until: Timestamp)
  /// For its turn: a slot, or the rate.
  case turn
}

extension DeliveryWait {
  /// What a stored delivery waits for, seen together with its lane.
  ///
  /// - Parameter lane: nil: its destination is not configured.
  init?(
    _ record: DeliveryRecord, lane: LaneStatus?, destination: Destination?, storeHolds: Bool, now: Timestamp
  ) {
    guard record.state.isPending else { return nil }
    guard let lane, let destination else {
      self = .orphaned
      return
    }
    if lane.inFlight.contains(record.id) {
      self = .inFlight
    } else if lane.isPaused {
      let end = lane.pausedUntil.flatMap { $0 == .distantFuture ? nil : $0 }
      self = .paused(until: end, at: destination.pausedAt)
    } else if record.state == .waiting {
      self = .order(record.waitsFor)
    } else if case .open(let since) = lane.circuit {
      self = .circuit(openSince: since, lastFailure: lane.lastFailure)
    } else if let held = lane.heldUntil, held > now {
      self = .held(until: held)
    } else if let due = record.due, due > now {
      self = .retry(at: due)
    } else if storeHolds {
      self = .store
    } else {
      self = lane.batchUntil.map { .batch(until: $0) } ?? .turn
    }
  }
}
