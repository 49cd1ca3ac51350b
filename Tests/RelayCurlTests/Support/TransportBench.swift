import RelayCore
import RelayThreads

@testable import RelayCurl

/// A transport that runs, and the driver that starts what a test gives it.
final class TransportBench: Sendable {
  let driver = ScriptedDriver()
  let transport: CurlTransport
  private let lastID = Locked<Int64>(0)

  init(
    resolve: @escaping NameLookups.Resolve = SystemResolver.addresses, trust: SystemTrust = .shared,
    own: OwnListeners = OwnListeners(), connectionLifetime: Duration = .seconds(300)
  ) {
    transport = CurlTransport(
      clock: MachineClock(), resolve: resolve, trust: trust, own: own, connectionLifetime: connectionLifetime)
  }

  func configure(_ destinations: [Destination]) {
    driver.plan { $0.destinations += destinations }
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
    await driver.log.wait { $0.results[id] != nil }.results[id] ?? Self.nothing
  }

  func results(of ids: [DeliveryID]) async -> [AttemptResult] {
    let log = await driver.log.wait { log in ids.allSatisfy { log.results[$0] != nil } }
    return ids.map { log.results[$0] ?? Self.nothing }
  }

  /// What a test sees whose time is over.
  private static let nothing = AttemptResult(
    startedAt: .epoch, duration: .zero,
    response: .failure(TransportFailure(kind: .other, message: "nothing came of it in the test's time")))

  /// Returns when a request to somebody who never answers has timed out after so long: time passes, and the machine rests.
  func pass(_ time: Duration) async {
    let silent = LoopbackPort.silent()
    configure([
      Destination(name: "silent", url: Secret("http://127.0.0.1:\(silent.number)/")).with {
        $0.timeout = time
      }
    ])
    _ = await send(to: "silent")
    withExtendedLifetime(silent) {}
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
  trust: SystemTrust = .shared, own: OwnListeners = OwnListeners(),
  connectionLifetime: Duration = .seconds(300),
  body: (TransportBench) async throws -> Void
) async rethrows {
  let bench = TransportBench(
    resolve: resolve, trust: trust, own: own, connectionLifetime: connectionLifetime)
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
