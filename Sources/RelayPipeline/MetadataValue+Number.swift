import Logging

extension Logger.MetadataValue {
  /// A number that stays one in a log of JSON lines.
  package static func number(_ value: some BinaryInteger & Sendable & CustomStringConvertible) -> Self {
    .stringConvertible(value)
  }
}
