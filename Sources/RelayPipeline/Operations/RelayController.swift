import Logging
import RelayCore
import RelayThreads

/// A running relay as a whole: what is configured, and everything that people do to it.
///
/// An operation on stored deliveries is done while nobody holds them: the store withholds the destination, its lane
/// gives back what it has not attempted, and both go on when the operation is done (`quieten`, `release`).
package final class RelayController: RelayOperations {
  package struct Parts: Sendable {
    package var store: any DeliveryStore
    package var lookup: any DeliveryLookup
    package var engine: DeliveryEngine
    package var receiver: Receiver
    package var metrics: RelayMetrics
    package var watch: StoreWatch
    package var clock: any SteadyClock
    package var logger: Logger
    /// Of those who ask something of the store.
    package var patience: Patience

    package init(
      store: any DeliveryStore, lookup: any DeliveryLookup, engine: DeliveryEngine, receiver: Receiver,
      metrics: RelayMetrics, watch: StoreWatch, clock: any SteadyClock, logger: Logger,
      patience: Patience = Patience()
    ) {
      self.store = store
      self.lookup = lookup
      self.engine = engine
      self.receiver = receiver
      self.metrics = metrics
      self.watch = watch
      self.clock = clock
      self.logger = logger
      self.patience = patience
    }
  }

  let parts: Parts
  let source: any ReloadSource
  let state: Locked<ConfigurationState>
  let reloads = Turnstile()
  let changes = Turnstile()
  /// What the process was started with: some of it holds until it ends.
  let initial: Configuration
  private let isDraining = Locked(false)
  let lastReading = Locked<StoreReading?>(nil)
  /// Readings for a status.
  let readingAnswers = AwaitedAnswers()
  private let lookupAnswers = AwaitedAnswers()
  private let startedAt: ContinuousClock.Instant

  package init(_ configuration: Configuration, parts: Parts, source: any ReloadSource) {
    self.parts = parts
    self.source = source
    initial = configuration
    state = Locked(ConfigurationState(configuration: configuration, loadedAt: parts.clock.reading().wall))
    startedAt = .now
    parts.engine.hideInAnswers(configuration.toldSecrets)
  }

  var active: ConfigurationState { state.withLock { $0 } }
  var uptime: Duration { startedAt.duration(to: .now) }

  // MARK: Life

  /// Tells the store what is configured; nothing is delivered yet.
  ///
  /// - Parameter isPaused: Each destination is paused first, as a person does it for good: that is what `resume` ends, also
  ///   after a restart.
  /// - Returns: What it has kept of each destination.
  package func prepare(isPaused: Bool = false) async throws(StoreError) -> [StoredDestination] {
    try await parts.store.configure(StoreConfiguration(active.configuration))
    if isPaused { try await pauseAll() }
    let reading = StoreReading(
      destinations: try await parts.store.destinations(), oldest: [:], usage: try await parts.store.usage(),
      readAt: .now)
    lastReading.withLock { $0 = reading }
    return reading.destinations
  }

  private func pauseAll() async throws(StoreError) {
    let destinations = active.configuration.destinations
    for destination in destinations {
      try await parts.store.pause(destination.name, until: .distantFuture, committed: {})
    }
    parts.logger.notice(
      "paused", metadata: ["destinations": .number(destinations.count), "until": "resumed"])
  }

  /// Begins to deliver. Destinations whose `order_by` has changed since the last run begin once their pending
  /// deliveries are in the new order.
  package func start(_ stored: [StoredDestination]) async {
    let destinations = active.configuration.destinations
    let disordered = disordered(destinations, stored, underWay: [])
    await parts.store.withhold(disordered)
    parts.watch.attach(parts.engine)
    parts.engine.start(destinations, stored: stored)
    await parts.engine.recall(disordered)
    putInOrder(disordered)
  }

  package func drain() {
    isDraining.withLock { $0 = true }
    parts.engine.drain()
  }

  package var readiness: Readiness {
    get async {
      if isDraining.withLock({ $0 }) { return .notReady("the relay is stopping") }
      if let refusal = parts.watch.current.refusal { return .notReady(refusal.message) }
      do throws(StoreError) {
        try await askLookup { lookup async throws(StoreError) in try await lookup.look() }
      } catch {
        // Other failures are of whoever asks for something: a disk that does not answer is everybody's.
        if error.code == .hanging { return .notReady(error.message) }
      }
      return .ready
    }
  }

  /// Asks one short thing of the lookup. One that hangs is not waited for, and is asked nothing more: whoever asks is
  /// told at once.
  func askLookup<Value: Sendable>(
    _ body: @escaping @Sendable (any DeliveryLookup) async throws(StoreError) -> Value
  ) async throws(StoreError) -> Value {
    guard !lookupAnswers.areSilent(for: parts.patience.limit) else { throw Patience.hanging }
    lookupAnswers.asked()
    return try await parts.patience.wait { [parts, lookupAnswers] () async throws(StoreError) in
      defer { lookupAnswers.answered() }
      return try await body(parts.lookup)
    }
  }

  package func rejections() -> [Rejection] { parts.receiver.rejections }

  // MARK: Quiet lanes

  /// From its return on nothing of these destinations is held but what is in flight, until they are released.
  func quieten(_ destinations: [String]) async {
    await parts.store.withhold(destinations)
    // What the store handed out before that stands before this in the engine's inbox.
    await parts.engine.recall(destinations)
  }

  /// - Parameter areRetried: A person has retried deliveries of them.
  func release(_ destinations: [String], areRetried: Bool = false) {
    parts.store.handOut(destinations)
    parts.engine.readmit(destinations, areRetried: areRetried)
  }
}
