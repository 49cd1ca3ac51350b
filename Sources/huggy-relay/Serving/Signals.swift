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

/// SIGHUP: the configuration is to be read again. Noted from the first moment on, when it would still end the process; many
/// that nobody has looked at are one.
final class Hangups: Sendable {
  let arrived: AsyncStream<Void>

  init() {
    signal(SIGHUP, SIG_IGN)
    arrived = AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
      source.setEventHandler { continuation.yield() }
      source.resume()
      let kept = Locked(source)
      continuation.onTermination = { _ in kept.withLock { $0.cancel() } }
    }
  }
}

/// Returns when one of the signals comes, or when the task is cancelled.
func waitForSignal(_ signals: Int32...) async {
  let arrived = AsyncStream<Void> { continuation in
    let sources = signals.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.finish() }
      source.resume()
      return source
    }
    let kept = Locked(sources)
    continuation.onTermination = { _ in kept.withLock { for source in $0 { source.cancel() } } }
  }
  for await _ in arrived {}
}
