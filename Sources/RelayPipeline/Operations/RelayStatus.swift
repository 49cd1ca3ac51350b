import RelayCore

/// How the relay is, as a person wants to know it.
public struct RelayStatus: Sendable, Equatable {
  public struct Store: Sendable, Equatable {
    /// `sqlite`.
    public var kind: String
    /// Live data.
    public var bytes: Int
    public var limitBytes: Int
    /// Why no envelopes are taken; nil: they are.
    public var refusal: String?
    /// Of the log beside it; nil: there is none.
    public var logBytes: Int?
    /// Who keeps that log from being written over; nil: nobody.
    public var reader: Reader?
    /// The store can't be read: what is shown of it is as old as this. nil: it is of now.
    public var unreadFor: Duration?

    /// A reader from outside, and how long it has been seen.
    public struct Reader: Sendable, Equatable {
      public var name: String
      public var time: Duration

      public init(name: String, time: Duration) {
        self.name = name
        self.time = time
      }
    }

    public init(kind: String, bytes: Int, limitBytes: Int, refusal: String?) {
      self.kind = kind
      self.bytes = bytes
      self.limitBytes = limitBytes
      self.refusal = refusal
    }
  }

  public struct Route: Sendable, Equatable {
    public var name: String
    /// Events since the start that it matched; and those of them that it dropped.
    public var matched: Int
    public var dropped: Int

    public init(name: String, matched: Int, dropped: Int) {
      self.name = name
      self.matched = matched
      self.dropped = dropped
    }
  }

  public var version: String
  public var uptime: Duration
  public var store: Store
  /// Those of the configuration in its order, then the orphaned ones.
  public var destinations: [DestinationStatus]
  public var routes: [Route]
  public var configurationHash: String
  public var configurationLoadedAt: Timestamp
  /// Why the last reload changed nothing: its errors; empty: it succeeded.
  public var reloadErrors: [String]
  /// How far the machine's clock is ahead of the destinations'; nil: none has told the time.
  public var clockOffset: Duration?

  public init(
    version: String, uptime: Duration, store: Store, destinations: [DestinationStatus], routes: [Route],
    configurationHash: String, configurationLoadedAt: Timestamp, reloadErrors: [String],
    clockOffset: Duration? = nil
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
  }
}

public struct DestinationStatus: Sendable, Equatable {
  public enum Circuit: String, Sendable, CaseIterable {
    case closed, open, recovering
  }

  public var name: String
  public var isPaused = false
  /// Of a person's pause with an end.
  public var pausedUntil: Timestamp?
  /// Where the configuration pauses it, as `FILE:LINE`.
  public var pausedAt: String?
  /// It is no longer configured, and has pending or dead deliveries.
  public var isOrphaned = false
  public var circuit = Circuit.closed
  public var circuitOpenSince: Timestamp?
  /// `Retry-After`: nothing is attempted before.
  public var heldUntil: Timestamp?
  /// What came of the last attempt that failed by the destination's fault, while it is in trouble.
  public var lastFailure: String?
  /// Since when every attempt has failed.
  public var failingSince: Timestamp?
  /// How many attempts have failed since one succeeded.
  public var failures = 0
  /// Where an order is kept: the delivery that fails, and lets no other pass.
  public var stuckHead: StuckHead?
  /// Kinds that it refuses while it takes others: those that failed last.
  public var refusedKinds: [RefusedKind] = []
  /// All of them.
  public var refusedKindCount = 0
  public var pending = 0
  public var inFlight = 0
  public var dead = 0
  public var delivered = 0
  public var discarded = 0
  public var overflowed = 0
  public var oldestPending: Duration?
  /// The backlog at the present pace; nil: unknown.
  public var drain: Duration?

  public init(name: String) {
    self.name = name
  }
}

/// An event, and of each of its deliveries what it waits for.
public struct EventReport: Sendable, Equatable {
  public var event: EventRecord
  public var deliveries: [DeliveryReport]

  public init(event: EventRecord, deliveries: [DeliveryReport]) {
    self.event = event
    self.deliveries = deliveries
  }
}

public struct DeliveryReport: Sendable, Equatable {
  public var record: DeliveryRecord
  /// Of a pending one.
  public var wait: DeliveryWait?

  public init(record: DeliveryRecord, wait: DeliveryWait?) {
    self.record = record
    self.wait = wait
  }
}

public struct DeliveryReportPage: Sendable, Equatable {
  public var deliveries: [DeliveryReport]
  public var next: DeliveryID?

  public init(deliveries: [DeliveryReport], next: DeliveryID?) {
    self.deliveries = deliveries
    self.next = next
  }
}

/// What a pending delivery waits for.
public enum DeliveryWait: Sendable, Equatable {
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
  /// For the store to be able to write.
  case store
  /// For its turn: a slot, or the rate.
  case turn
}
