import Logging
import RelayThreads

/// Keeps the lines of a log, each with its metadata.
final class RecordedLog: LogHandler, Sendable {
  private let kept = Monitor<[String]>([])

  var lines: [String] { kept.update { $0 } }
  var logger: Logger { Logger(label: "test") { _ in self } }

  /// Waits for a line that holds this; nil: none came within a minute.
  func line(containing text: String) -> String? {
    kept.wait(timeout: .seconds(60)) { lines in lines.first { $0.contains(text) } }
  }

  func log(event: LogEvent) {
    let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
    kept.update { $0.append("\(event.level): \(event.message)" + metadata.joined()) }
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
