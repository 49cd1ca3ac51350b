import ArgumentParser
import Foundation
import Logging
import RelayJSON
import RelayPipeline

enum LogFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json

  static var forStandardError: LogFormat { isatty(STDERR_FILENO) == 1 ? .text : .json }
}

extension Logger {
  init(label: String, format: LogFormat) {
    self.init(label: label) { _ in LineLogHandler(format: format) }
  }
}

/// Writes each entry as one line to standard error: text for people, JSON for machines.
struct LineLogHandler: LogHandler {
  let format: LogFormat
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  init(format: LogFormat) {
    self.format = format
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
      .map { ($0.key, "\($0.value)") }
    let line = format == .json ? json(event, fields) : text(event, fields)
    // One write a line, so that lines of several threads don't mix.
    var bytes = Array(line.utf8)
    bytes.append(UInt8(ascii: "\n"))
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }

  private func text(_ event: LogEvent, _ fields: [(String, String)]) -> String {
    let level = event.level.rawValue.uppercased().padding(toLength: 8, withPad: " ", startingAt: 0)
    let pairs = fields.map { " \($0.0)=\(quoted($0.1))" }.joined()
    return "\(SystemWallClock().now()) \(level) \(event.message)\(pairs)"
  }

  /// Values with spaces are quoted; control characters, which a sender may have chosen, are escaped.
  private func quoted(_ value: String) -> String {
    let isPlain =
      !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") }
    return isPlain ? value : literal(value)
  }

  private func json(_ event: LogEvent, _ fields: [(String, String)]) -> String {
    let entries = [
      ("time", "\(SystemWallClock().now())"), ("level", event.level.rawValue),
      ("message", "\(event.message)"),
    ]
    let pairs = (entries + fields).map { "\(literal($0.0)):\(literal($0.1))" }
    return "{\(pairs.joined(separator: ","))}"
  }

  private func literal(_ text: String) -> String {
    var bytes: [UInt8] = []
    JSONWriter.appendString(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
