import CCurl
import RelayCore
import RelayThreads

/// The transport on libcurl's multi interface.
public final class CurlTransport: Transport {
  private struct State: Sendable {
    var isStopped = false
    var thread: WorkerThread?
  }

  private let poller = Poller()
  private let state = Locked(State())
  private let clock: any WallClock

  public init(clock: any WallClock) {
    CurlGlobal.initialize
    self.clock = clock
  }

  public func start(driver: any TransportDriver) {
    state.withLock { state in
      precondition(state.thread == nil, "a transport is started once")
      state.thread = WorkerThread(name: "curl") { [poller, clock, self] in
        CurlLoop(poller: poller, driver: driver, clock: clock).run { self.state.withLock(\.isStopped) }
      }
    }
  }

  public func wake() {
    poller.wake()
  }

  public func stop() {
    let thread = state.withLock { state in
      state.isStopped = true
      return state.thread
    }
    poller.wake()
    thread?.join()
  }
}
