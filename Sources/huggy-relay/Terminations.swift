import Dispatch
import Glibc
import RelayThreads
import ServiceLifecycle

/// SIGTERM and SIGINT, noted from the first moment on: before anything runs they would end the process as killed, which a
/// service manager takes for a failure.
final class Terminations: Sendable {
  private struct State {
    var hasArrived = false
    var waiting: [AsyncStream<Void>.Continuation] = []
  }

  private let state = Locked(State())
  private let sources = Locked<[any DispatchSourceSignal]>([])

  init() {
    for number in [SIGTERM, SIGINT] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [state] in
        let waiting = state.withLock { state in
          defer { state = State(hasArrived: true) }
          return state.waiting
        }
        for continuation in waiting { continuation.finish() }
      }
      source.resume()
      sources.withLock { $0.append(source) }
    }
  }

  /// Returns when one of them has come, now or before, or when the task is cancelled.
  func wait() async {
    let (arrivals, continuation) = AsyncStream.makeStream(of: Void.self)
    let isOver = state.withLock { state in
      if !state.hasArrived { state.waiting.append(continuation) }
      return state.hasArrived
    }
    if isOver { return }
    for await _ in arrivals {}
  }
}

/// Ends by such a signal, also by one that came before anything ran, and the others with it.
struct TerminationService: Service {
  let terminations: Terminations

  func run() async throws {
    await cancelWhenGracefulShutdown { await terminations.wait() }
  }
}
