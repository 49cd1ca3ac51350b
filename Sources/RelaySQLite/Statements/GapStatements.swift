import RelayCore
import RelayStoring

/// What is written of gaps, and read of them when the store is opened.
final class GapStatements {
  private let insertGap: Statement
  private let deleteOldGaps: Statement
  private let lastDown: Statement
  private let lastReceived: Statement

  init(_ connection: Connection) throws(StoreError) {
    insertGap = try connection.prepare(
      """
      INSERT OR REPLACE INTO gap (kind, began, source, ended, count, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      """)
    deleteOldGaps = try connection.prepare(
      """
      DELETE FROM gap WHERE kind = ?1 AND began < (
        SELECT began FROM gap WHERE kind = ?1 ORDER BY began DESC LIMIT 1 OFFSET \(Gap.keptOfEachKind - 1))
      """)
    lastDown = try connection.prepare(
      "SELECT began, ended FROM gap WHERE kind = \(Gap.Kind.down.rawValue) ORDER BY began DESC LIMIT 1")
    lastReceived = try connection.prepare("SELECT received FROM envelope ORDER BY id DESC LIMIT 1")
  }

  /// Instead of what was kept of the same one before. Of each kind the newest stay.
  ///
  /// - Parameter source: nil: of none.
  func keep(_ gap: Gap, source: SourceRowID?) throws(StoreError) {
    insertGap.bind(1, gap.kind.rawValue)
    insertGap.bind(2, gap.began)
    insertGap.bind(3, source?.rawValue ?? 0)
    insertGap.bind(4, gap.ended)
    insertGap.bind(5, gap.count)
    insertGap.bind(6, gap.reason)
    try insertGap.run()
    deleteOldGaps.bind(1, gap.kind.rawValue)
    try deleteOldGaps.run()
  }

  /// When the newest envelope was received; nil: there is none.
  func newestEnvelope() throws(StoreError) -> Timestamp? {
    try lastReceived.firstInteger().map { Timestamp(microseconds: $0) }
  }

  /// When the last run began to stop; nil: it did not, it was killed.
  func stopBegan() throws(StoreError) -> Timestamp? {
    defer { lastDown.reset() }
    // Its end is written by the next run alone.
    guard try lastDown.step(), lastDown.time(0) == lastDown.time(1) else { return nil }
    return lastDown.time(0)
  }
}

@available(*, unavailable)
extension GapStatements: Sendable {}
