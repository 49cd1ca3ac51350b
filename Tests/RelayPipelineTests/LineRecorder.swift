import Logging
import RelayThreads

/// Keeps the lines of a log.
final class LineRecorder: LogHandler, Sendable {
  struct Line: Sendable {
    var level: Logger.Level
    var message: String
    var metadata: [String: String]
  }

  private let kept = Locked<[Line]>([])

  var lines: [Line] { kept.withLock { $0 } }
  var logger: Logger { Logger(label: "test") { _ in self } }

  func log(event: LogEvent) {
    let metadata = (event.metadata ?? [:]).mapValues { "\($0)" }
    kept.withLock {
      $0.append(Line(level: event.level, message: "\(event.message)", metadata: metadata))
    }
  }

  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }
}
