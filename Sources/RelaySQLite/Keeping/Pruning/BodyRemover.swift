import RelayCore
import RelayStoring

/// Takes the body out of an event's row, so that its pages become free. Within a transaction. Confined to the store's thread.
///
/// The row is deleted, and inserted again without its body: SQLite joins pages that have become nearly empty when a row is
/// deleted, and never when one is updated. Of 100 pages of bodies an update frees none, this some 80.
final class BodyRemover {
  private let eventByRow: Statement
  private let deleteEvent: Statement
  private let insertEvent: Statement
  /// Where the body stands in the row.
  private let body: Int32

  init(_ connection: Connection) throws(StoreError) {
    // All columns, whichever they are.
    eventByRow = try connection.prepare("SELECT * FROM event WHERE id = ?1")
    let names = eventByRow.columnNames
    body = Int32(names.firstIndex(of: "body")!)
    let places = (1...names.count).map { "?\($0)" }.joined(separator: ", ")
    deleteEvent = try connection.prepare("DELETE FROM event WHERE id = ?1")
    insertEvent = try connection.prepare("INSERT INTO event VALUES (\(places))")
  }

  func removeBody(of event: EventRowID) throws(StoreError) {
    eventByRow.bind(1, event)
    guard try eventByRow.step() else { return }
    for column in 0..<eventByRow.columnCount where column != body {
      insertEvent.bind(column + 1, column, of: eventByRow)
    }
    insertEvent.bind(body + 1, [])
    eventByRow.reset()
    deleteEvent.bind(1, event)
    try deleteEvent.run()
    try insertEvent.run()
  }
}

@available(*, unavailable)
extension BodyRemover: Sendable {}
