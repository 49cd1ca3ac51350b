import RelayCore
import RelayStoring

/// Events from a row on, in order, with what their envelopes say of them.
final class MovedEventRows {
  struct Row {
    var row: Int64
    /// It has deliveries that came with it.
    var hasOwn: Bool
    var event: MovedEvent
  }

  private let query: Statement
  private let names: MovingNames

  init(_ connection: Connection, _ names: MovingNames) throws(StoreError) {
    self.names = names
    query = try connection.prepare(
      """
      SELECT e.id, EXISTS (SELECT 1 FROM delivery d WHERE d.id = e.first_delivery AND d.arrived IS NULL), e.uuid,
        v.first_event, v.received, v.source, coalesce(e.configuration, v.configuration), v.time, v.token, v.trace, e.type,
        e.raw_type, e.company, e.channel, e.chat, e.routes, e.dropped, e.deliveries, e.erased, e.body, e.envelope
      FROM event e LEFT JOIN envelope v ON v.id = e.envelope WHERE e.id > ?1 ORDER BY e.id
      """)
  }

  /// To be ended with `end`.
  func begin(after row: Int64) { query.bind(1, row) }

  func end() { query.reset() }

  /// nil: there is none any more; it is not to be asked again then.
  func next() throws(StoreError) -> Row? {
    guard try query.step() else { return nil }
    let row = query.integer(0)
    guard !query.isNull(3) else {
      throw .leadsNowhere("the event \(query.eventID(2))", "envelope \(query.integer(20))")
    }
    return Row(
      row: row, hasOwn: query.integer(1) != 0,
      event: MovedEvent(
        id: query.eventID(2), envelope: query.eventID(3), receivedAt: query.time(4),
        source: try names.source(query.integer(5)), configuration: try names.configuration(query.integer(6)),
        time: query.bytes(7), token: query.bytes(8), trace: query.bytes(9), type: query.text(10) ?? "",
        rawType: query.bytes(11), company: query.text(12), channel: query.text(13), chat: query.text(14),
        routes: try names.routes(query.text(15) ?? ""), isDropped: query.integer(16) != 0,
        deliveries: Int(query.integer(17)), erasedAt: query.optionalTime(18), body: query.bytes(19) ?? []))
  }
}

@available(*, unavailable)
extension MovedEventRows: Sendable {}
