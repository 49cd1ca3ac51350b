import Foundation
import RelayCore
import RelaySQLite
import RelayThreads

/// The wall clock, as the store's; while a store is filled, what it would have shown had the events come by themselves.
final class BenchClock: SteadyClock {
  private let set = Locked<Timestamp?>(nil)

  func set(to time: Timestamp?) { set.withLock { $0 = time } }

  func now() -> Timestamp {
    if let set = set.withLock({ $0 }) { return set }
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
  }

  func reading() -> ClockReading { ClockReading(steady: now(), wall: now()) }

  var history: ClockHistory { ClockHistory() }

  func resume(from kept: KeptClock?) {}

  func kept() -> KeptClock { KeptClock(boot: nil, sinceBoot: .zero, steady: now(), history: history) }
}

/// A store that takes `Traffic`.
struct BenchStore {
  let clock = BenchClock()
  let store: SQLiteStore

  init(_ path: String) throws {
    store = try SQLiteStore(path: path, clock: clock, duplicateLimit: 1_000)
    let configuration = StoreConfiguration(
      names: StoreNames(
        sources: ["huggy"], destinations: Traffic.destinations, routes: ["all"],
        configuration: Traffic.configuration),
      retention: .seconds(365 * 86_400), maxBytes: 1 << 40, maxBacklogBytes: [Traffic.overflowed: 1])
    try answer { store.configure(configuration, completion: $0) }
  }

  /// Stores events and settles their deliveries, as many at once as go into eight envelopes of 200. By their times they came at
  /// that rate, the last of them now.
  func fill(to total: Int, perSecond: Int) throws {
    let slots = DispatchSemaphore(value: 8)
    let failure = Locked<StoreError?>(nil)
    let start = ContinuousClock.now
    let end = clock.now()
    var traffic = Traffic(after: 0)
    defer { clock.set(to: nil) }
    while traffic.count < total, failure.withLock({ $0 }) == nil {
      slots.wait()
      let rest = Duration.seconds(1) * (total - traffic.count) / perSecond
      clock.set(to: end.advanced(by: .zero - rest))
      let envelope = traffic.envelope(of: min(200, total - traffic.count), at: clock.now())
      store.append(envelope, late: { _ in }) { [store, clock] result in
        switch result {
        case .failure(let error):
          failure.withLock { $0 = error }
          slots.signal()
        case .success(let outcome):
          let settlements = outcome.claimed.compactMap { Traffic.settlement(of: $0, at: clock.now()) }
          guard !settlements.isEmpty else {
            slots.signal()
            return
          }
          store.settle(settlements, isUrgent: true) { _ in slots.signal() }
        }
      }
      if traffic.count % 1_000_000 == 0 {
        print("\(traffic.count) events after \(start.duration(to: .now))")
        fflush(nil)
      }
    }
    for _ in 0..<8 { slots.wait() }
    // Whoever lets a semaphore go must give back what was taken.
    for _ in 0..<8 { slots.signal() }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}

/// What a call answers, waited for.
@discardableResult
func answer<Value: Sendable>(
  _ call: (@escaping @Sendable (Result<Value, StoreError>) -> Void) -> Void
) throws -> Value {
  let answer = Monitor<Result<Value, StoreError>?>(nil)
  call { result in answer.update { $0 = result } }
  return try answer.wait { $0 }!.get()
}
