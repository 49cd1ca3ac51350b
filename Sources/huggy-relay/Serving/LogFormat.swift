import ArgumentParser
import Glibc
import Logging
import RelayJSON
import RelayPipeline
import RelayText

enum LogFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json

  static var forStandardError: LogFormat { StandardStream.error.isTerminal ? .text : .json }
}

extension LogWriter {
  /// To standard error. Where lines are missing stands a line that says how many.
  convenience init(_ format: LogFormat) {
    self.init(descriptor: STDERR_FILENO) { missing in
      let gap = LogEvent(
        level: .warning, message: "log lines left out: standard error did not take them in time",
        metadata: ["lines": "\(missing)"], source: nil, file: #fileID, function: #function, line: #line)
      return LineLogHandler.line(gap, [:], format)
    }
  }
}

extension Logger {
  init(label: String, format: LogFormat, writer: LogWriter) {
    self.init(label: label) { _ in LineLogHandler(format: format, writer: writer) }
  }
}

/// Makes one line of each entry: text for people, JSON for machines. The writer's thread writes it.
struct LineLogHandler: LogHandler {
  let format: LogFormat
  let writer: LogWriter
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  init(format: LogFormat, writer: LogWriter) {
    self.format = format
    self.writer = writer
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    writer.write(Self.line(event, metadata, format))
  }

  /// With its line end.
  static func line(_ event: LogEvent, _ metadata: Logger.Metadata, _ format: LogFormat) -> [UInt8] {
    let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
    return Array((format == .json ? json(event, fields) : text(event, fields)).utf8) + [UInt8(ascii: "\n")]
  }

  private static func text(
    _ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]
  ) -> String {
    let level = event.level.rawValue.uppercased()
    let space = String(repeating: " ", count: max(0, 8 - level.count))
    let pairs = fields.map { " \($0.key)=\(quoted("\($0.value)"))" }.joined()
    return "\(SystemWallClock().now()) \(level)\(space) \(escaped("\(event.message)"))\(pairs)"
  }

  /// Values with spaces, and with what must be escaped, are quoted.
  private static func quoted(_ value: String) -> String {
    let isPlain =
      !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") }
    return isPlain && escaped(value) == value ? value : literal(value)
  }

  private static func json(
    _ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]
  ) -> String {
    let entries = [
      ("time", "\(SystemWallClock().now())"), ("level", event.level.rawValue),
      ("message", "\(event.message)"),
    ]
    let pairs =
      entries.map { "\(literal($0.0)):\(literal($0.1))" }
      + fields.map {
        "\(literal($0.key)):\(Self.isNumber($0.value) ? "\($0.value)" : literal("\($0.value)"))"
      }
    return "{\(pairs.joined(separator: ","))}"
  }

  private static func isNumber(_ value: Logger.MetadataValue) -> Bool {
    guard case .stringConvertible(let value) = value else { return false }
    return value is any BinaryInteger
  }

  private static func literal(_ text: String) -> String {
    var bytes: [UInt8] = []
    JSONWriter.appendString(text, to: &bytes)
    return escaped(String(decoding: bytes, as: UTF8.self))
  }

  /// What could move a terminal's cursor, begin an escape sequence, break a line or reorder it goes as JSON escapes it: much
  /// of what is logged was chosen by senders and receivers. JSON itself leaves all of it from U+007F on as it is.
  private static func escaped(_ text: String) -> String {
    guard !text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      if scalar.isHarmlessInATerminal {
        escaped.unicodeScalars.append(scalar)
      } else {
        for unit in String(scalar).utf16 { escaped += JSONWriter.escape(unit) }
      }
    }
    return escaped
  }
}
