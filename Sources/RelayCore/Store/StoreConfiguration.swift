/// What the configuration says to the store.
public struct StoreConfiguration: Sendable, Equatable {
  public var names: StoreNames
  /// How long settled events stay.
  public var retention: Duration
  /// The longest `dedupe` of any source: so long an envelope's hash stays, also when its events have gone.
  public var dedupe: Duration
  /// Of live data.
  public var maxBytes: Int
  /// Of each destination's pending and dead deliveries, in bytes; without an entry: as much as `maxBytes`.
  public var maxBacklogBytes: [String: Int]

  public init(
    names: StoreNames, retention: Duration = .seconds(7 * 86_400), dedupe: Duration = .seconds(86_400),
    maxBytes: Int = 10 << 30, maxBacklogBytes: [String: Int] = [:]
  ) {
    self.names = names
    self.retention = retention
    self.dedupe = dedupe
    self.maxBytes = maxBytes
    self.maxBacklogBytes = maxBacklogBytes
  }

  public init(_ configuration: Configuration) {
    let store = configuration.store
    self.init(
      names: StoreNames(configuration), retention: store.retention,
      dedupe: configuration.sources.compactMap(\.dedupe).max() ?? .zero, maxBytes: store.maxBytes,
      maxBacklogBytes: Dictionary(
        uniqueKeysWithValues: configuration.destinations.map {
          ($0.name, $0.maxBacklog.bytes(ofStore: store.maxBytes))
        }))
  }
}

/// A destination as the store knows it: its books, and what is kept of it over restarts.
public struct StoredDestination: Sendable, Equatable {
  public var name: String
  public var pending = 0
  public var dead = 0
  /// Settled since the store was made, pruned ones included.
  public var delivered = 0
  /// By a person.
  public var discarded = 0
  /// Discarded because it was over its `max_backlog`.
  public var overflowed = 0
  /// Of pending and dead deliveries together.
  public var backlogBytes = 0
  /// What its stored deliveries are ordered by; a `reorder` that was cut off leaves nil.
  public var ordering: Ordering? = Ordering.none
  /// A person's pause, by the wall clock, alone of all that is kept: so the person said it. nil: none.
  public var pausedUntil: Timestamp?
  public var suspended = SuspendedTime()

  public init(name: String) {
    self.name = name
  }
}
