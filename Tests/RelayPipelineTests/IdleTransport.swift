import RelayCore
import RelayThreads

/// Attempts nothing: takes its turns, on a thread of its own.
final class IdleTransport: Transport {
  private struct State: Sendable {
    var isWoken = false
    var isOver = false
  }
  private let state = Monitor(State())
  private let thread = Locked<WorkerThread?>(nil)

  func start(driver: any TransportDriver) {
    let state = state
    let worker = WorkerThread(name: "idle") {
      while true {
        let isOver = state.wait { state -> Bool? in
          defer { state.isWoken = false }
          return state.isOver ? true : state.isWoken ? false : nil
        }
        if isOver != false { return }
        _ = driver.turn(finished: [])
      }
    }
    thread.withLock { $0 = worker }
  }

  func wake() { state.update { $0.isWoken = true } }

  func stop() {
    state.update { $0.isOver = true }
    thread.withLock { $0 }?.join()
  }
}
