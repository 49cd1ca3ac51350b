import RelayCore

/// What is not counted but looked at when somebody asks for the metrics.
public struct GaugeReadings: Sendable, Equatable {
  public struct Destination: Sendable, Equatable {
    public var name: String
    /// nil: the store can't be read now.
    public var pending: Int? = 0
    public var dead: Int? = 0
    /// nil: nothing is pending, as far as is known.
    public var oldestPending: Duration?
    public var inFlight = 0
    public var isCircuitOpen = false
    public var isPaused = false
    /// It is no longer configured, and is still owed what is pending.
    public var isOrphaned = false

    public init(name: String) {
      self.name = name
    }
  }

  public var version: String
  /// The orphaned ones too.
  public var destinations: [Destination] = []
  // What is nil is not known, and left out: rather no reading than a wrong one.

  /// Live data, and the most that there may be.
  public var storeBytes: Int?
  public var storeLimitBytes: Int?
  /// Of the log beside it.
  public var storeLogBytes: Int?
  /// How long a reader from outside has kept the log from being written over.
  public var storeReader: Duration?
  /// The last reload changed nothing because the file is wrong.
  public var isReloadFailed: Bool?
  /// How far the machine's clock is ahead of the destinations'.
  public var clockOffset: Duration?

  public init(version: String) {
    self.version = version
  }
}

extension GaugeReadings {
  public init(_ status: RelayStatus) {
    self.init(version: status.version)
    let isStoreRead = status.store.unreadFor == nil
    destinations = status.destinations.map { status in
      var destination = Destination(name: status.name)
      destination.pending = isStoreRead ? status.pending : nil
      destination.dead = isStoreRead ? status.dead : nil
      destination.oldestPending = isStoreRead ? status.oldestPending : nil
      destination.inFlight = status.inFlight
      destination.isCircuitOpen = status.circuit == .open
      destination.isOrphaned = status.isOrphaned
      destination.isPaused = status.isPaused || status.pausedAt != nil
      return destination
    }
    if isStoreRead {
      storeBytes = status.store.bytes
      storeLogBytes = status.store.logBytes
    }
    storeReader = status.store.reader?.time ?? .zero
    storeLimitBytes = status.store.limitBytes
    isReloadFailed = !status.reloadErrors.isEmpty
    clockOffset = status.clockOffset
  }
}
