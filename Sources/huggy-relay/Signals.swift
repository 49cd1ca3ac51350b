import Dispatch
import Foundation
import RelayThreads

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
