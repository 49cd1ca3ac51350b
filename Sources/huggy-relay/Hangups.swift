import Dispatch
import Glibc
import RelayThreads

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
