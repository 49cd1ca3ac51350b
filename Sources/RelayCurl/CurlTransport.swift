import CCurl
import RelayCore
import RelayThreads

/// The transport on libcurl's multi interface.
package final class CurlTransport: Transport {
  private struct State: Sendable {
    var isStopped = false
    var thread: WorkerThread?
  }

  private let poller = Poller()
  private let state = Locked(State())
  private let clock: any SteadyClock
  private let lookups: NameLookups
  private let fetches: TokenFetches
  private let trust: SystemTrust
  private let own: OwnListeners
  private let connectionLifetime: Duration

  /// - Parameter own: Where the relay listens: nothing is delivered there.
  package convenience init(clock: any SteadyClock, own: OwnListeners) {
    self.init(clock: clock, resolve: SystemResolver.addresses, own: own)
  }

  /// - Parameters:
  ///   - resolve: Looks a name up; called on threads where it may block.
  ///   - fetchToken: Asks a token server; called on threads where it may block; nil: with libcurl.
  ///   - trust: Whom destinations believe that name no authorities of their own.
  ///   - connectionLifetime: After that no connection gets a new request.
  init(
    clock: any SteadyClock, resolve: @escaping NameLookups.Resolve, fetchToken: TokenFetches.Fetch? = nil,
    trust: SystemTrust = .shared, own: OwnListeners = OwnListeners(),
    connectionLifetime: Duration = .seconds(300)
  ) {
    CurlGlobal.initialize
    self.connectionLifetime = connectionLifetime
    self.clock = clock
    self.trust = trust
    self.own = own
    lookups = NameLookups(resolve: resolve) { [poller] in poller.wake() }
    fetches = TokenFetches(fetch: fetchToken ?? { TokenRequest.send($0, own: own) }) { [poller] in
      poller.wake()
    }
  }

  package func start(driver: any TransportDriver) {
    state.withLock { state in
      precondition(state.thread == nil, "a transport is started once")
      state.thread = WorkerThread(name: "curl") {
        [poller, clock, lookups, fetches, trust, own, connectionLifetime, self] in
        CurlLoop(
          poller: poller, driver: driver, clock: clock, lookups: lookups, fetches: fetches, trust: trust,
          own: own,
          connectionLifetime: connectionLifetime
        ).run { self.state.withLock(\.isStopped) }
      }
    }
  }

  package func wake() {
    poller.wake()
  }

  package func stop() {
    let thread = state.withLock { state in
      state.isStopped = true
      return state.thread
    }
    poller.wake()
    thread?.join()
    lookups.stop()
    fetches.stop()
  }
}
