import RelayCore
import RelayStoring

/// Finds events by their ids without an index of all: ids rise with rows, and the table `straggler` has those that do not.
/// Confined to the thread of its connection.
///
/// docs/decisions/0015-two-indexes-less.md says why.
final class EventSearch {
  private let straggler: Statement
  private let firstEvent: Statement
  private let lastEvent: Statement
  /// A test counts its steps.
  let eventUntil: Statement

  init(_ connection: Connection) throws(StoreError) {
    straggler = try connection.prepare("SELECT event FROM straggler WHERE uuid = ?1")
    firstEvent = try connection.prepare("SELECT min(id) FROM event")
    lastEvent = try connection.prepare("SELECT max(id) FROM event")
    eventUntil = try connection.prepare(
      """
      SELECT e.id, e.uuid, s.previous FROM event e LEFT JOIN straggler s ON s.uuid = e.uuid AND s.event = e.id
      WHERE e.id <= ?1 ORDER BY e.id DESC LIMIT 1
      """)
  }

  /// The event's row. To be asked within one transaction.
  func row(of id: EventID) throws(StoreError) -> EventRowID? {
    straggler.bind(1, id)
    if let row = try straggler.firstInteger() { return RowID(rawValue: row) }
    guard var first = try firstEvent.firstInteger(), var last = try lastEvent.firstInteger() else {
      return nil
    }
    while first <= last {
      let middle = first + (last - first) / 2
      let place = try orderly(until: RowID(rawValue: middle))
      if let place, place.id == id { return place.row }
      if let place, place.id > id { last = place.row.rawValue - 1 } else { first = middle + 1 }
    }
    return nil
  }

  /// The last event that is no straggler.
  func last() throws(StoreError) -> EventOrder.Place? { try orderly(until: RowID(rawValue: .max)) }

  /// The last one up to that row that is no straggler.
  ///
  /// A straggler says which it comes too late for: so it is one step over all that stand in a row.
  private func orderly(until row: EventRowID) throws(StoreError) -> EventOrder.Place? {
    var row = row
    while true {
      eventUntil.bind(1, row)
      guard try eventUntil.step() else { return nil }
      defer { eventUntil.reset() }
      guard let previous: EventRowID = eventUntil.optionalRow(2) else {
        return EventOrder.Place(id: eventUntil.eventID(1), row: eventUntil.row(0))
      }
      row = previous
    }
  }
}

@available(*, unavailable)
extension EventSearch: Sendable {}
