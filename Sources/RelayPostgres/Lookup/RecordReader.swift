import RelayCore
import RelayStoring

/// Reads events and deliveries, with all that people are told of them. Confined to the thread of its connection.
///
/// What happened when is told by the wall clock, as its history has it.
final class RecordReader {
  private let statements: RecordStatements
  private let names: LookupNames
  private let connection: LookupConnection

  init(_ tables: TableNames, names: LookupNames, _ connection: LookupConnection) {
    statements = RecordStatements(tables)
    self.names = names
    self.connection = connection
  }

  // MARK: Events

  /// What is to be read of an event, beside its row.
  struct Extent {
    var body = false
    var deliveries = true
    /// Also what is beside the rows of its deliveries.
    var more = false

    static let whole = Extent(body: true, more: true)
  }

  /// In the order of the ids; those that there are.
  func events(
    _ ids: [EventID], _ history: ClockHistory, _ extent: Extent
  ) throws(StoreError) -> [EventRecord] {
    guard !ids.isEmpty else { return [] }
    var asked = Parameters(capacity: 24 * ids.count + 64)
    asked.add(array: ids)
    var pipeline = Pipeline()
    if extent.deliveries { pipeline.add(statements.deliveriesOfEvents, asked) }
    asked.add(extent.body)
    pipeline.add(statements.events, asked)
    let rows = try connection.read(pipeline)
    var records: [EventID: EventRecord] = [:]
    for row in rows[rows.count - 1] { records[row.eventID(0)] = event(row, history) }
    if extent.deliveries {
      var deliveries = rows[0].map { delivery($0, history) }
      if extent.more { try addMore(to: &deliveries, history) }
      for delivery in deliveries { records[delivery.record.event]?.deliveries.append(delivery.record) }
    }
    return ids.compactMap { records[$0] }
  }

  private func event(_ row: Row, _ history: ClockHistory) -> EventRecord {
    let type = StoredText.read(row.text(2))
    var event = EventRecord(
      id: row.eventID(0), place: EventCursor(rawValue: row.integer(1)), type: type,
      rawType: row.optionalBytes(3), source: names.sources.name(of: row.int32(4)),
      company: row.optionalText(5).map(StoredText.read), channel: row.optionalText(6).map(StoredText.read),
      chat: row.optionalText(7).map(StoredText.read), receivedAt: history.wall(at: row.time(8)),
      envelopeTime: row.optionalBytes(9), configuration: names.configurations.name(of: row.int32(12)),
      routes: row.integers(13).map { names.routes.name(of: Int32($0)) }, isDropped: row.bool(14),
      body: row.optionalBytes(16) ?? [], bodyBytes: Int(row.int32(15)),
      erasedAt: row.optionalTime(17).map(history.wall(at:)), deliveries: [])
    event.trace = StoredTrace.read(row.optionalBytes(10), firstEvent: row.eventID(11))
    return event
  }

  // MARK: Deliveries

  /// A delivery, and what it waits with for its turn.
  private struct Read {
    var record: DeliveryRecord
    var destination: Int32
    var key: String?
  }

  /// In the order of the ids; those that there are, with their failures, and what they wait for.
  func deliveries(_ ids: [DeliveryID], _ history: ClockHistory) throws(StoreError) -> [DeliveryRecord] {
    guard !ids.isEmpty else { return [] }
    var asked = Parameters(capacity: 12 * ids.count + 64)
    asked.add(array: ids)
    let rows = try connection.read(statements.deliveries, asked)
    let all = Dictionary(rows.map { ($0.integer(0), delivery($0, history)) }) { first, _ in first }
    var found = ids.compactMap { all[$0.rawValue] }
    try addMore(to: &found, history)
    return found.map(\.record)
  }

  /// Adds the failures of deliveries, and what those wait for that wait for their turn.
  private func addMore(to reads: inout [Read], _ history: ClockHistory) throws(StoreError) {
    guard !reads.isEmpty else { return }
    let waiting = reads.filter { $0.record.state == .waiting && $0.key != nil }
    var pipeline = Pipeline()
    var asked = Parameters(capacity: 12 * reads.count + 64)
    asked.add(array: reads.lazy.map(\.record.id))
    pipeline.add(statements.failures, asked)
    var keys = Parameters(capacity: 64 * waiting.count + 128)
    keys.add(array: waiting.lazy.map(\.record.id))
    keys.add(array: waiting.lazy.map(\.destination))
    keys.add(array: waiting.lazy.map { StoredText.written($0.key!) })
    pipeline.add(statements.heads, keys)
    let rows = try connection.read(pipeline)
    let failures = Dictionary(grouping: rows[0], by: { $0.integer(0) })
    let heads = Dictionary(rows[1].map { ($0.integer(0), $0.integer(1)) }) { first, _ in first }
    for place in reads.indices {
      let id = reads[place].record.id
      reads[place].record.failures = failures[id.rawValue, default: []].map { failure($0, history) }
      reads[place].record.waitsFor = heads[id.rawValue].map(DeliveryID.init(rawValue:))
    }
  }

  /// From a row of the deliveries' columns.
  private func delivery(_ row: Row, _ history: ClockHistory) -> Read {
    let state = DeliveryState(rawValue: Int(row.integer(8))) ?? .fresh
    var record = DeliveryRecord(
      id: DeliveryID(rawValue: row.integer(0)), event: row.eventID(1), type: StoredText.read(row.text(2)),
      receivedAt: history.wall(at: row.time(3)), destination: names.destinations.name(of: row.int32(4)),
      route: names.routes.name(of: row.int32(5)), configuration: names.configurations.name(of: row.int32(6)),
      run: Int(row.int32(7)), state: state, attempts: Int(row.int32(9)))
    record.add(
      due: row.optionalTime(10).map(history.wall(at:)), settled: row.optionalTime(11).map(history.wall(at:)),
      reason: row.optionalInteger(12).map { Int($0) })
    if let at = row.optionalTime(13) {
      record.lastAttempt = DeliveryRecord.LastAttempt(
        at: history.wall(at: at), duration: .microseconds(row.optionalInteger(14) ?? 0),
        status: row.optionalInt32(15).map { Int($0) }, error: row.optionalText(16).map(StoredText.read))
      record.lastAttempt?.peer = row.optionalBytes(18).flatMap(PeerAddress.init(bytes:))
      record.lastAttempt?.firstByte = row.optionalInteger(19).map { .microseconds($0) }
    }
    return Read(
      record: record, destination: row.int32(4), key: row.optionalText(17).map(StoredText.read))
  }

  /// From a row of the failures.
  private func failure(_ row: Row, _ history: ClockHistory) -> DeliveryRecord.Failure {
    var failure = DeliveryRecord.Failure(
      attempt: Int(row.int32(1)), at: history.wall(at: row.time(2)), duration: .microseconds(row.integer(3)),
      status: row.optionalInt32(4).map { Int($0) }, error: row.optionalText(5).map(StoredText.read),
      answer: row.optionalBytes(6))
    failure.peer = row.optionalBytes(7).flatMap(PeerAddress.init(bytes:))
    failure.firstByte = row.optionalInteger(8).map { .microseconds($0) }
    failure.evidence = AttemptEvidence(
      requestHeaders: row.optionalBytes(9), answerHeaders: row.optionalBytes(10))
    return failure
  }

  // MARK: Places

  /// In the order of the ids; those that there are, and whose state is not one that only a later version knows.
  func places(_ ids: [DeliveryID]) throws(StoreError) -> [PlaceRow] {
    guard !ids.isEmpty else { return [] }
    var asked = Parameters(capacity: 12 * ids.count + 64)
    asked.add(array: ids)
    var found: [DeliveryID: PlaceRow] = [:]
    for row in try connection.read(statements.places, asked) {
      guard let place = place(row) else { continue }
      found[place.id] = place
    }
    return ids.compactMap { found[$0] }
  }

  private func place(_ row: Row) -> PlaceRow? {
    guard let state = DeliveryState(rawValue: Int(row.integer(2))) else { return nil }
    return PlaceRow(
      id: DeliveryID(rawValue: row.integer(0)), destination: names.destinations.name(of: row.int32(1)),
      state: state, storedReason: row.optionalInteger(3).map { Int($0) }, type: StoredText.read(row.text(4)),
      received: row.time(5), isErased: row.bool(6), wasAttempted: row.bool(7),
      lastStatus: row.optionalInt32(8).map { Int($0) }, lastError: row.optionalText(9).map(StoredText.read))
  }
}

@available(*, unavailable)
extension RecordReader: Sendable {}
