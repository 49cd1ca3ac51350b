import RelayThreads
import Synchronization

/// Looks names up, each in a thread of its own: the system's resolver blocks, for many seconds where a name server is dead,
/// and can't be called off.
///
/// One look-up at a time for a name (two, where one hangs), and at most `maxThreads` in all; the others queue. A thread that hangs when the
/// process stops is left behind: it holds on to nothing but this.
final class NameLookups: Sendable {
  typealias Resolve = @Sendable (_ host: String) -> Result<[String], NameFailure>

  struct Answer: Sendable {
    var host: String
    var result: Result<[String], NameFailure>
  }

  private struct State: Sendable {
    var threads = 0
    var queue: [String] = []
    var answers: [Answer] = []
    var isStopped = false
  }

  static let maxThreads = 64

  private let state = Locked(State())
  private let hasAnswers = Atomic<Bool>(false)
  private let resolve: Resolve
  private let wake: @Sendable () -> Void

  /// - Parameter wake: Called from any thread, when there is an answer to take.
  init(resolve: @escaping Resolve, wake: @escaping @Sendable () -> Void) {
    self.resolve = resolve
    self.wake = wake
  }

  /// The caller sees to it that a name is not looked up more often than need be.
  func begin(_ host: String) {
    let needsThread = state.withLock { state in
      guard !state.isStopped else { return false }
      state.queue.append(host)
      guard state.threads < Self.maxThreads else { return false }
      state.threads += 1
      return true
    }
    guard needsThread else { return }
    if !WorkerThread.start(name: "name look-up", { self.work() }) { giveUp() }
  }

  /// The answers since the last call. Costs next to nothing where there are none.
  func takeAnswers() -> [Answer] {
    guard hasAnswers.load(ordering: .relaxed), hasAnswers.exchange(false, ordering: .acquiringAndReleasing)
    else { return [] }
    return state.withLock { state in
      defer { state.answers = [] }
      return state.answers
    }
  }

  /// What is under way is not waited for, and its answer goes nowhere.
  func stop() {
    state.withLock { state in
      state.isStopped = true
      state.queue = []
      state.answers = []
    }
  }

  private func work() {
    while let host = next() { tell(Answer(host: host, result: resolve(host))) }
  }

  private func next() -> String? {
    state.withLock { state in
      guard !state.queue.isEmpty else {
        state.threads -= 1
        return nil
      }
      return state.queue.removeFirst()
    }
  }

  private func tell(_ answer: Answer) {
    let isStopped = state.withLock { state in
      if !state.isStopped { state.answers.append(answer) }
      return state.isStopped
    }
    guard !isStopped else { return }
    hasAnswers.store(true, ordering: .releasing)
    wake()
  }

  /// The system gives no thread. Where others are at work, they take what waits; else it fails.
  private func giveUp() {
    let stranded = state.withLock { state -> [String] in
      state.threads -= 1
      guard state.threads == 0 else { return [] }
      defer { state.queue = [] }
      return state.queue
    }
    for host in stranded {
      tell(Answer(host: host, result: .failure(NameFailure(words: "the system gives no more threads"))))
    }
  }
}

/// Why a name has no address.
struct NameFailure: Error, Equatable {
  /// The resolver's.
  var words: String
  /// There is no such name, says a name server; it is not that none could be asked.
  var isCertain = false
}
