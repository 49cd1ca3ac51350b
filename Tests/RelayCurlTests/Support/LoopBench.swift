import RelayCore
import RelayThreads

@testable import RelayCurl

/// A loop on a thread of the test's, whose insides the driver's turns may look at.
final class LoopBench: @unchecked Sendable {  // Between `run` and its end, the loop is touched in turns only.
  let driver = ScriptedDriver()
  let loop: CurlLoop
  private let poller = Poller()
  private let isStopped = Locked(false)

  init(resolve: @escaping NameLookups.Resolve = SystemResolver.addresses) {
    CurlGlobal.initialize
    let lookups = NameLookups(resolve: resolve) { [poller] in poller.wake() }
    loop = CurlLoop(
      poller: poller, driver: driver, clock: MachineClock(), lookups: lookups,
      fetches: TokenFetches(fetch: { TokenRequest.send($0, own: OwnListeners()) }) {}, trust: .shared)
  }

  func run() -> WorkerThread {
    WorkerThread(name: "curl test") { self.loop.run { self.isStopped.withLock { $0 } } }
  }

  func wake() {
    poller.wake()
  }

  func stop() {
    isStopped.withLock { $0 = true }
    wake()
  }

  static func request(_ id: Int64, to name: String = "test") -> AttemptRequest {
    AttemptRequest(
      delivery: DeliveryID(rawValue: id), destination: name, headers: [], body: Array("{}".utf8))
  }
}
