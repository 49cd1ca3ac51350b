import RelayCore
import RelayThreads

/// A place for one store, empty at first: what a kind of store brings to be put through the suite.
public protocol StoreHome: Sendable {
  /// Opens the store that lives here. Again after a `close`: a restart. Again before it: a second opener.
  func open(clock: any WallClock, duplicateLimit: Int) throws(StoreError) -> any DeliveryStore

  /// Whether only one relay at a time may have it open.
  var isExclusive: Bool { get }
}

/// What a claim of the suite works with.
public final class StoreBench: Sendable {
  public let home: any StoreHome
  public let clock = ManualClock()
  public let make = TestEnvelopes()
  private let opened = Locked<[any DeliveryStore]>([])

  public init(_ home: any StoreHome) {
    self.home = home
  }

  /// The store with its names registered, as a relay starts it.
  public func open(
    names: StoreNames? = .test, duplicateLimit: Int = 1_000
  ) async throws -> any DeliveryStore {
    let store = try home.open(clock: clock, duplicateLimit: duplicateLimit)
    opened.withLock { $0.append(store) }
    if let names { try await store.register(names) }
    return store
  }

  /// A restart.
  public func reopen(
    _ store: any DeliveryStore, names: StoreNames? = .test, duplicateLimit: Int = 1_000
  ) async throws -> any DeliveryStore {
    store.close()
    return try await open(names: names, duplicateLimit: duplicateLimit)
  }

  func closeAll() {
    for store in opened.withLock({ $0 }) { store.close() }
  }
}
