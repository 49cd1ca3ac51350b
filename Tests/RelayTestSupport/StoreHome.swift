import RelayCore
import RelayThreads

/// A place for one store, empty at first: what a kind of store brings to be put through the suite.
package protocol StoreHome: Sendable {
  /// Opens the store that lives here. Again after a `close`: a restart. Again before it: a second opener.
  ///
  /// - Parameter hangAfter: When a store that does not come back counts as hanging.
  func open(
    clock: any SteadyClock, duplicateLimit: Int, hangAfter: Duration, observer: (any StoreObserver)?
  ) throws(StoreError) -> any DeliveryStore

  /// Looks into a store that it has opened.
  func lookup(_ store: any DeliveryStore, clock: any SteadyClock) -> any DeliveryLookup

  /// Whether only one relay at a time may have it open.
  var isExclusive: Bool { get }

  /// Whether it can overwrite what is in its files; a database server's are not the relay's to write.
  var ownsItsFiles: Bool { get }
}

/// What a claim of the suite works with.
package final class StoreBench: Sendable {
  package let home: any StoreHome
  package let clock = ManualClock()
  /// For claims about restarts: instead of the clock that stands still.
  package let machine = ManualMachine()
  package let make = TestEnvelopes()
  /// Of all the stores that it opens.
  package let observer = RecordingObserver()
  private let opened = Locked<[any DeliveryStore]>([])
  private let lookups = Locked<[any DeliveryLookup]>([])

  package init(_ home: any StoreHome) {
    self.home = home
  }

  /// The store with its configuration, as a relay starts it.
  package func open(
    _ configuration: StoreConfiguration? = .test, clock: (any SteadyClock)? = nil,
    duplicateLimit: Int = 1_000,
    hangAfter: Duration = .seconds(60)
  ) async throws -> any DeliveryStore {
    let store = try home.open(
      clock: clock ?? self.clock, duplicateLimit: duplicateLimit, hangAfter: hangAfter, observer: observer)
    opened.withLock { $0.append(store) }
    if let configuration { try await store.configure(configuration) }
    return store
  }

  /// A restart.
  package func reopen(
    _ store: any DeliveryStore, with configuration: StoreConfiguration? = .test,
    clock: (any SteadyClock)? = nil, duplicateLimit: Int = 1_000
  ) async throws -> any DeliveryStore {
    store.close()
    return try await open(configuration, clock: clock, duplicateLimit: duplicateLimit)
  }

  package func lookup(_ store: any DeliveryStore) -> any DeliveryLookup {
    let lookup = home.lookup(store, clock: clock)
    lookups.withLock { $0.append(lookup) }
    return lookup
  }

  func closeAll() {
    for lookup in lookups.withLock({ $0 }) { _ = lookup.close(within: .seconds(60)) }
    for store in opened.withLock({ $0 }) { store.close() }
  }
}
