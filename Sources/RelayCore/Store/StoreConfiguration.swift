/// What the configuration says to the store.
package struct StoreConfiguration: Sendable, Equatable {
  package var names: StoreNames
  /// How long settled events stay.
  package var retention: Duration
  /// How long a dead letter stays before it is discarded; nil: until a person acts.
  package var deadRetention: Duration?
  /// How long the body of an event stays that has no delivery; nil: as long as the event.
  package var unroutedRetention: Duration?
  /// The longest `dedupe` of any source: so long an envelope's hash stays, also when its events have gone.
  package var dedupe: Duration
  /// Of live data.
  package var maxBytes: Int
  /// Of each destination's pending and dead deliveries, in bytes; without an entry: as much as `maxBytes`.
  package var maxBacklogBytes: [String: Int]

  package init(
    names: StoreNames, retention: Duration = .seconds(7 * 86_400), dedupe: Duration = .seconds(86_400),
    maxBytes: Int = 10 << 30, maxBacklogBytes: [String: Int] = [:], deadRetention: Duration? = nil,
    unroutedRetention: Duration? = nil
  ) {
    self.names = names
    self.retention = retention
    self.deadRetention = deadRetention
    self.unroutedRetention = unroutedRetention
    self.dedupe = dedupe
    self.maxBytes = maxBytes
    self.maxBacklogBytes = maxBacklogBytes
  }

  package init(_ configuration: Configuration) {
    let store = configuration.store
    self.init(
      names: StoreNames(configuration), retention: store.retention,
      dedupe: configuration.sources.compactMap(\.dedupe).max() ?? .zero, maxBytes: store.maxBytes,
      maxBacklogBytes: Dictionary(
        uniqueKeysWithValues: configuration.destinations.map {
          ($0.name, $0.maxBacklog.bytes(ofStore: store.maxBytes))
        }), deadRetention: store.deadRetention, unroutedRetention: store.unroutedRetention)
  }
}

/// A destination as the store knows it: its books, and what is kept of it over restarts.
package struct StoredDestination: Sendable, Equatable {
  package var name: String
  /// In both queues.
  package var pending = 0
  /// Those of them that replays have queued.
  package var replaying = 0
  package var dead = 0
  /// Settled since the store was made, pruned ones included.
  package var delivered = 0
  /// By a person.
  package var discarded = 0
  /// Discarded because it was over its `max_backlog`.
  package var overflowed = 0
  /// Of pending and dead deliveries together.
  package var backlogBytes = 0
  /// What its stored deliveries are ordered by; a `reorder` that was cut off leaves nil.
  package var ordering: Ordering? = Ordering.none
  /// A person's pause, by the wall clock, alone of all that is kept: so the person said it. nil: none.
  package var pausedUntil: Timestamp?
  package var suspended = SuspendedTime()

  package init(name: String) {
    self.name = name
  }
}
