import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import RelayThreads

@testable import RelayPostgres

/// A database on which a node lives that serves nothing: each store that is opened is that of a second one.
final class SecondNodeHome: StoreHome {
  private let home: PostgresHome
  private let first: PostgresStore
  var isExclusive: Bool { false }
  var ownsItsFiles: Bool { false }

  init() throws {
    home = try PostgresHome()
    // It lives as long as this object, however busy the machine is.
    first = try PostgresStore(
      home.database.address, as: .named("first"), clock: RunningClock(), sharing: true, times: NodeBench.calm)
  }

  deinit {
    first.close()
  }

  func open(
    clock: any SteadyClock, duplicateLimit: Int, hangAfter: Duration, observer: (any StoreObserver)?
  ) throws(StoreError) -> any DeliveryStore {
    let store = try PostgresStore(
      home.database.address, as: .named("second"), clock: clock, duplicateLimit: duplicateLimit,
      hangAfter: hangAfter, sharing: true, observer: observer)
    store.serve(NoLanes())
    // By then it has taken what there is.
    for _ in 1...2 {
      let hasAnswered = Monitor(false)
      store.ping { hasAnswered.update { $0 = true } }
      _ = hasAnswered.wait(timeout: .seconds(60)) { $0 ? true : nil }
    }
    return store
  }

  func lookup(_ store: any DeliveryStore, clock: any SteadyClock) -> any DeliveryLookup {
    home.lookup(store, clock: clock)
  }

  private struct NoLanes: LaneHost {
    func holdLanes(_ destinations: [String]) {}
    func resumeLanes(_ destinations: [String]) {}
    func lanesWent(_ destinations: [String]) {}
    func lanesCame(_ stored: [StoredDestination]) {}
    func pauseLane(_ destination: String, until: Timestamp?) {}
    func deliveriesCame(for destinations: [String], replayed: Bool) {}
    func quieten(_ destination: String, isQuiet: @escaping @Sendable () -> Void) { isQuiet() }
    func changed(_ destination: String, areRetried: Bool) {}
    func endRetryAfter(of destination: String, wasHeld: @escaping @Sendable (_ until: Timestamp?) -> Void) {
      wasHeld(nil)
    }
  }
}
