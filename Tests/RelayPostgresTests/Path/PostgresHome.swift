import RelayCore
import RelayPostgres
import RelayPostgresSupport
import RelayTestSupport

/// A database of its own for one store.
struct PostgresHome: StoreHome {
  let database: TestDatabase
  /// Destinations are not shared out among relays yet.
  var isExclusive: Bool { true }
  var ownsItsFiles: Bool { false }

  init() throws {
    database = try PostgresServer.shared().database()
  }

  func open(
    clock: any SteadyClock, duplicateLimit: Int, hangAfter: Duration, observer: (any StoreObserver)?
  ) throws(StoreError) -> any DeliveryStore {
    try PostgresStore(
      database.address, as: NodeIdentity(name: "test", version: "0", configurationHash: "c1"), clock: clock,
      duplicateLimit: duplicateLimit, hangAfter: hangAfter, observer: observer)
  }

  func lookup(_ store: any DeliveryStore, clock: any SteadyClock) -> any DeliveryLookup {
    // It looks into no store but its own kind.
    PostgresLookup(store as! PostgresStore, clock: clock)
  }
}
