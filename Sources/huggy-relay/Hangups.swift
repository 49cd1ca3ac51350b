import Dispatch
import Glibc
import Logging

/// SIGHUP must not end the relay: many send it to have a configuration read again, which this version does not do.
final class Hangups {
  private let source: any DispatchSourceSignal

  init(logger: Logger) {
    signal(SIGHUP, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
    source.setEventHandler {
      logger.warning(
        "SIGHUP ignored",
        metadata: ["hint": "this version does not reload; restart it to change the configuration"])
    }
    source.resume()
  }

  func cancel() {
    source.cancel()
  }
}

@available(*, unavailable)
extension Hangups: Sendable {}
