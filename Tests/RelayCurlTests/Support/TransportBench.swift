import RelayCore
import RelayThreads

@testable import RelayCurl

/// A transport that runs, and the driver that starts what a test gives it.
final class TransportBench: Sendable {
  let driver = ScriptedDriver()
  let transport: CurlTransport
  private let lastID = Locked<Int64>(0)

  init(
    resolve: @escaping NameLookups.Resolve = SystemResolver.addresses, trust: SystemTrust = .shared
  ) {
    transport = CurlTransport(clock: MachineClock(), resolve: resolve, trust: trust)
  }

  func configure(_ destinations: [Destination]) {
    driver.plan { $0.endpoints += destinations }
  }

  /// Starts requests, all in one turn.
  @discardableResult
  func start(
    _ count: Int = 1, to name: String = "test", headers: HeaderLines = [], body: [UInt8] = Array("{}".utf8)
  ) -> [DeliveryID] {
    let ids = (0..<count).map { _ in nextID() }
    driver.plan { turn in
      turn.requests += ids.map {
        AttemptRequest(delivery: $0, destination: name, headers: headers, body: body)
      }
    }
    transport.wake()
    return ids
  }

  func result(of id: DeliveryID) async -> AttemptResult {
    await driver.log.wait { $0.results[id] != nil }.results[id]!
  }

  func results(of ids: [DeliveryID]) async -> [AttemptResult] {
    let log = await driver.log.wait { log in ids.allSatisfy { log.results[$0] != nil } }
    return ids.map { log.results[$0]! }
  }

  /// Starts one request and waits for what comes of it.
  func send(
    to name: String = "test", headers: HeaderLines = [], body: [UInt8] = Array("{}".utf8)
  ) async -> AttemptResult {
    await result(of: start(to: name, headers: headers, body: body)[0])
  }

  private func nextID() -> DeliveryID {
    lastID.withLock {
      $0 += 1
      return DeliveryID(rawValue: $0)
    }
  }
}

/// Runs a transport for as long as the body does.
func withTransport(
  _ destinations: Destination..., resolve: @escaping NameLookups.Resolve = SystemResolver.addresses,
  trust: SystemTrust = .shared, body: (TransportBench) async throws -> Void
) async rethrows {
  let bench = TransportBench(resolve: resolve, trust: trust)
  bench.configure(destinations)
  bench.transport.start(driver: bench.driver)
  defer { bench.transport.stop() }
  try await body(bench)
}

extension Destination {
  /// Changed in one expression.
  func with(_ change: (inout Destination) -> Void) -> Destination {
    var copy = self
    change(&copy)
    return copy
  }
}

extension AttemptResult {
  var failure: TransportFailure? {
    if case .failure(let failure) = response { failure } else { nil }
  }

  var answer: [UInt8]? {
    if case .status(_, let body, _) = response { body } else { nil }
  }

  var retryAfter: Duration? {
    if case .status(_, _, let retryAfter) = response { retryAfter } else { nil }
  }
}
