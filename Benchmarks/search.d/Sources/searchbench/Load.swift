import Foundation
import RelayCore
import RelayThreads

/// Sends one event after another to a store, at a steady rate, each an envelope of its own, and times how long each waits for
/// its commit.
final class Load: Sendable {
  private let commits = Locked<[Duration]>([])
  private let isOver = Locked(false)
  private let thread: WorkerThread

  init(_ bench: BenchStore, after count: Int, perSecond: Int) {
    let (commits, isOver) = (commits, isOver)
    thread = WorkerThread(name: "load") {
      var traffic = Traffic(after: count)
      let start = ContinuousClock.now
      var sent = 0
      while !isOver.withLock({ $0 }) {
        let due = Int(start.duration(to: .now) / Duration.seconds(1) * Double(perSecond))
        while sent < due {
          sent += 1
          let began = ContinuousClock.now
          bench.store.append(traffic.envelope(of: 1, at: bench.clock.now()), late: { _ in }) { result in
            commits.withLock { $0.append(began.duration(to: .now)) }
            guard case .success(let outcome) = result else { return }
            let settlements = outcome.claimed.compactMap { Traffic.settlement(of: $0, at: bench.clock.now()) }
            if !settlements.isEmpty { bench.store.settle(settlements, isUrgent: false) { _ in } }
          }
        }
        usleep(500)
      }
    }
  }

  /// Those of all that were sent since the last call.
  func takeCommits() -> [Duration] {
    commits.withLock { commits in
      defer { commits = [] }
      return commits
    }
  }

  func end() {
    isOver.withLock { $0 = true }
    thread.join()
  }
}
