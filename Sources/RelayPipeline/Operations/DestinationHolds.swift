import RelayCore

/// Makes destinations quiet for an operation on what is stored for them: the store holds the destination, its lane
/// gives back what it has not attempted, and both go on when the operation is done.
///
/// docs/decisions/0007-quiet-lanes.md says why. Calls nest.
struct DestinationHolds: Sendable {
  private let store: any DeliveryStore
  private let engine: DeliveryEngine

  init(store: any DeliveryStore, engine: DeliveryEngine) {
    self.store = store
    self.engine = engine
  }

  /// From its return on nothing of these destinations is held but what is in flight, until they are released.
  func hold(_ destinations: [String]) async {
    await store.hold(destinations)
    // What the store handed out before that stands before this in the engine's inbox.
    await engine.hold(destinations)
  }

  /// - Parameter areRetried: A person has retried deliveries of them.
  func resume(_ destinations: [String], areRetried: Bool = false) {
    store.resume(destinations)
    engine.resume(destinations, areRetried: areRetried)
  }
}
