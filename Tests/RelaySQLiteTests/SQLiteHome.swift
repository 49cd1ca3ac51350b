import RelayCore
import RelayHarness
import RelaySQLite
import RelayTestSupport

/// A folder of its own for one store.
struct SQLiteHome: StoreHome {
  let folder: TemporaryFolder
  var path: String { "\(folder.path)/relay.db" }
  var isExclusive: Bool { true }
  var ownsItsFiles: Bool { true }

  init() throws {
    folder = try TemporaryFolder()
  }

  func open(
    clock: any SteadyClock, duplicateLimit: Int, hangAfter: Duration = .seconds(60),
    observer: (any StoreObserver)? = nil
  ) throws(StoreError) -> any DeliveryStore {
    try SQLiteStore(
      path: path, clock: clock, duplicateLimit: duplicateLimit, hangAfter: hangAfter, observer: observer)
  }

  func lookup(_ store: any DeliveryStore, clock: any SteadyClock) -> any DeliveryLookup {
    // It looks into no store but its own kind.
    SQLiteLookup(store as! SQLiteStore, clock: clock)
  }
}
