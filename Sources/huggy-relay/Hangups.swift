import Dispatch
import Glibc

/// SIGHUP: the configuration is to be read again.
final class Hangups {
  private let source: any DispatchSourceSignal

  init(_ handler: @escaping @Sendable () -> Void) {
    signal(SIGHUP, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
    source.setEventHandler { handler() }
    source.resume()
  }

  func cancel() {
    source.cancel()
  }
}

@available(*, unavailable)
extension Hangups: Sendable {}
