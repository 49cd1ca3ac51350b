import RelayCore
import RelayStoring

/// What is written and read of envelopes' rows.
///
/// In all these files: a statement is prepared once; what it binds and gives has the types of the domain; and no column's number
/// is known outside of the file in which the statement stands. A test asserts each one's plan, by its name here.
final class EnvelopeStatements {
  private let insertEnvelope: Statement
  private let insertEnvelopeLike: Statement
  private let envelopeByRow: Statement
  private let rerouteEnvelope: Statement

  init(_ connection: Connection) throws(StoreError) {
    insertEnvelope = try connection.prepare(
      """
      INSERT INTO envelope (id, source, configuration, received, first_event, accepted, hash, time, token, first_row,
        unstored, trace)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
      """)
    insertEnvelopeLike = try connection.prepare(
      """
      INSERT INTO envelope (id, source, configuration, received, first_event, accepted, time, token, first_row,
        trace)
      SELECT ?1, source, ?2, received, ?3, ?4, time, token, ?5, ?7 FROM envelope WHERE id = ?6
      """)
    envelopeByRow = try connection.prepare(
      """
      SELECT hash, source, received, first_event, accepted, first_row, unstored, trace
      FROM envelope WHERE id = ?1
      """)
    rerouteEnvelope = try connection.prepare("UPDATE envelope SET unstored = ?2 WHERE id = ?1")
  }

  /// - Parameter firstEvent: The row of its first event; nil: it has none.
  func insert(
    _ envelope: NewEnvelope, as row: EnvelopeRowID, source: SourceRowID, configuration: ConfigurationRowID?,
    firstEvent: EventRowID?
  ) throws(StoreError) {
    insertEnvelope.bind(1, row)
    insertEnvelope.bind(2, source)
    insertEnvelope.bind(3, configuration)
    insertEnvelope.bind(4, envelope.context.receivedAt)
    insertEnvelope.bind(5, envelope.firstEventID)
    insertEnvelope.bind(6, envelope.acceptedCount)
    insertEnvelope.bind(7, envelope.fingerprint?.hash)
    insertEnvelope.bind(8, envelope.context.time)
    insertEnvelope.bind(9, envelope.context.token)
    insertEnvelope.bind(10, firstEvent)
    insertEnvelope.bind(11, UnstoredEvents(of: envelope)?.bytes)
    insertEnvelope.bind(12, StoredTrace.bytes(of: envelope.context.trace, firstEvent: envelope.firstEventID))
    try insertEnvelope.run()
  }

  /// A further row of an envelope that came before, for events of it that are stored now.
  ///
  /// - Parameters:
  ///   - first: The id of the first of them.
  ///   - firstEvent: Its row.
  func insert(
    _ row: EnvelopeRowID, like stored: StoredEnvelope, configuration: ConfigurationRowID?, first: EventID,
    count: Int, firstEvent: EventRowID
  ) throws(StoreError) {
    insertEnvelopeLike.bind(1, row)
    insertEnvelopeLike.bind(2, configuration)
    insertEnvelopeLike.bind(3, first)
    insertEnvelopeLike.bind(4, count)
    insertEnvelopeLike.bind(5, firstEvent)
    insertEnvelopeLike.bind(6, stored.row)
    insertEnvelopeLike.bind(7, StoredTrace.bytes(of: stored.trace, firstEvent: first))
    try insertEnvelopeLike.run()
  }

  func envelope(_ row: EnvelopeRowID) throws(StoreError) -> StoredEnvelope? {
    envelopeByRow.bind(1, row)
    guard try envelopeByRow.step() else { return nil }
    defer { envelopeByRow.reset() }
    return StoredEnvelope(
      row: row, hash: envelopeByRow.bytes(0), source: envelopeByRow.row(1), receivedAt: envelopeByRow.time(2),
      firstEventID: envelopeByRow.eventID(3), acceptedCount: Int(envelopeByRow.integer(4)),
      firstRow: envelopeByRow.optionalRow(5), unstored: UnstoredEvents(envelopeByRow.bytes(6) ?? []),
      trace: StoredTrace.read(envelopeByRow.bytes(7), firstEvent: envelopeByRow.eventID(3)))
  }

  func setUnstored(_ unstored: UnstoredEvents, of row: EnvelopeRowID) throws(StoreError) {
    rerouteEnvelope.bind(1, row)
    rerouteEnvelope.bind(2, unstored.isEmpty ? nil : unstored.bytes)
    try rerouteEnvelope.run()
  }
}

@available(*, unavailable)
extension EnvelopeStatements: Sendable {}

/// An envelope's row, as one that comes again needs it.
struct StoredEnvelope {
  var row: EnvelopeRowID
  /// nil: it is never a duplicate.
  var hash: [UInt8]?
  var source: SourceRowID
  var receivedAt: Timestamp
  var firstEventID: EventID
  var acceptedCount: Int
  /// Where its events begin; nil: none was stored.
  var firstRow: EventRowID?
  var unstored: UnstoredEvents
  var trace: TraceParent
}

/// What the column `trace` holds: nothing where the trace is the one that the first event's id makes, as of nearly all.
enum StoredTrace {
  static func bytes(of trace: TraceParent?, firstEvent: EventID) -> [UInt8]? {
    guard let trace, trace != TraceParent(madeFor: firstEvent) else { return nil }
    return trace.bytes
  }

  static func read(_ bytes: [UInt8]?, firstEvent: EventID) -> TraceParent {
    bytes.flatMap(TraceParent.init(bytes:)) ?? TraceParent(madeFor: firstEvent)
  }
}
