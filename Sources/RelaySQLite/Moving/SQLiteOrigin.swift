import RelayCore
import RelayStoring

/// A store in a file, to be moved into another one. The file is only read, and no relay can open it as long as this object is there.
/// Confined to one thread.
package final class SQLiteOrigin: StoreOrigin {
  package let mark: String
  private let connection: Connection
  private let names: MovingNames
  private let arrivals: ArrivalMerge
  private let envelopes: Statement
  private let auditEntries: Statement
  private let eventUpTo: Statement

  /// - Throws: `inUse`, where a relay runs on it; `cannotOpen`, where it is no store, or one that this release has not brought up to date;
  ///   `newerSchema`; `foreignLog`.
  package init(path name: String) throws(StoreError) {
    let path = try StoppedStore.path(of: name)
    connection = try StoppedStore.open(path)
    try Schema.check(connection, path: path)
    let version = try connection.integer("PRAGMA user_version") ?? 0
    guard version == Schema.version else {
      throw StoreError(
        code: .cannotOpen,
        message: version == 0
          ? "\(path) is an empty store: there is nothing to be moved"
          : "\(path) is of an earlier version (schema \(version), this one has \(Schema.version)): start `huggy-relay serve` "
            + "on it once, which brings it up to date, and stop it again")
    }
    mark = try Self.mark(connection)
    names = try MovingNames(connection)
    arrivals = try ArrivalMerge(connection, names)
    envelopes = try connection.prepare(
      """
      SELECT v.id, v.first_event, v.source, v.configuration, v.received, v.accepted, v.hash, v.unstored, v.trace,
        coalesce(length(v.unstored), 0) = 0 AND NOT EXISTS (
          SELECT 1 FROM event e WHERE e.id >= v.first_row AND e.id < v.first_row + v.accepted AND e.envelope = v.id
            AND e.deliveries = 0)
      FROM envelope v WHERE v.id > ?1 AND v.hash IS NOT NULL AND v.received >= ?2 ORDER BY v.id LIMIT ?3
      """)
    auditEntries = try connection.prepare(
      """
      SELECT id, at, who, role, what, target, reason, outcome, count FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2
      """)
    eventUpTo = try connection.prepare("SELECT uuid FROM event WHERE id <= ?1 ORDER BY id DESC LIMIT 1")
  }

  /// Each start of a relay writes another mark, and nothing is changed but by a relay.
  private static func mark(_ connection: Connection) throws(StoreError) -> String {
    let query = try connection.prepare(
      """
      SELECT coalesce((SELECT value FROM mark), '') || '/' || coalesce((SELECT max(id) FROM envelope), 0) || '/'
        || coalesce((SELECT max(id) FROM event), 0) || '/' || coalesce((SELECT max(id) FROM delivery), 0)
      """)
    defer { query.reset() }
    return try query.step() ? query.text(0) ?? "" : ""
  }

  package func counts() throws(StoreError) -> MovedCounts {
    func count(_ table: String) throws(StoreError) -> Int {
      Int(try connection.integer("SELECT count(*) FROM \(table)") ?? 0)
    }
    return MovedCounts(
      events: try count("event"), deliveries: try count("delivery"), failures: try count("failure"),
      replayed: try count("replayed"))
  }

  package func arrivals(
    after place: ArrivalPlace, limit: Int, byteLimit: Int
  ) throws(StoreError) -> ArrivalPage {
    try arrivals.page(after: place, limit: limit, byteLimit: byteLimit)
  }

  package func envelopes(
    after row: Int64, receivedFrom time: Timestamp, limit: Int
  ) throws(StoreError) -> EnvelopePage {
    envelopes.bind(1, row)
    envelopes.bind(2, time)
    envelopes.bind(3, limit)
    var page = EnvelopePage(envelopes: [], end: row)
    while try envelopes.step() {
      page.end = envelopes.integer(0)
      page.envelopes.append(
        MovedEnvelope(
          first: envelopes.eventID(1), source: try names.source(envelopes.integer(2)),
          configuration: try names.configuration(envelopes.integer(3)), receivedAt: envelopes.time(4),
          accepted: Int(envelopes.integer(5)), isComplete: envelopes.integer(9) != 0,
          hash: envelopes.bytes(6) ?? [], unstored: envelopes.bytes(7), trace: envelopes.bytes(8)))
    }
    return page
  }

  package func audit(after id: AuditID, limit: Int) throws(StoreError) -> [MovedAudit] {
    auditEntries.bind(1, id.rawValue)
    auditEntries.bind(2, limit)
    var entries: [MovedAudit] = []
    while try auditEntries.step() {
      entries.append(
        MovedAudit(
          id: AuditID(rawValue: auditEntries.integer(0)),
          entry: AuditEntry(
            at: auditEntries.time(1), who: auditEntries.text(2) ?? "", role: auditEntries.text(3) ?? "",
            what: auditEntries.text(4) ?? "", target: auditEntries.text(5) ?? "",
            reason: auditEntries.text(6)),
          outcome: auditEntries.text(7), count: auditEntries.optionalInteger(8).map { Int($0) }))
    }
    return entries
  }

  package func replays() throws(StoreError) -> [Replay] {
    let query = try connection.prepare("SELECT \(ReplayRow.columns) FROM replay ORDER BY id")
    var found: [Replay] = []
    while try query.step() { found.append(ReplayRow.replay(query)) }
    var moved: [Replay] = []
    for replay in found {
      moved.append(
        try replay.moved { cursor throws(StoreError) in
          guard let row = Int64(cursor) else { return cursor }
          return try event(upTo: row).map { "\($0)" }
        })
    }
    return moved
  }

  /// nil: there is none before it, or there.
  private func event(upTo row: Int64) throws(StoreError) -> EventID? {
    eventUpTo.bind(1, row)
    defer { eventUpTo.reset() }
    return try eventUpTo.step() ? eventUpTo.eventID(0) : nil
  }

  // MARK: What is little

  package func state() throws(StoreError) -> MovedState {
    MovedState(
      sources: try MovingNames.all("source", "name", connection).map { $0.1 },
      routes: try MovingNames.all("route", "name", connection).map { $0.1 },
      configurations: try MovingNames.all("configuration", "hash", connection).map { $0.1 },
      destinations: try DestinationStatements(connection).destinations().map { $0.destination },
      tokens: try TokenStatements(connection).all(), gaps: try gaps(),
      clock: try ClockTable(connection).read())
  }

  private func gaps() throws(StoreError) -> [Gap] {
    let query = try connection.prepare(
      """
      SELECT g.kind, s.name, g.began, g.ended, g.count, g.reason FROM gap g LEFT JOIN source s ON s.id = g.source
      ORDER BY g.kind, g.began, g.source
      """)
    var gaps: [Gap] = []
    while try query.step() {
      guard let kind = Gap.Kind(rawValue: Int(query.integer(0))) else { continue }
      gaps.append(
        Gap(
          kind: kind, source: query.text(1), began: query.time(2), ended: query.time(3),
          count: Int(query.integer(4)), reason: query.text(5) ?? ""))
    }
    return gaps
  }
}

@available(*, unavailable)
extension SQLiteOrigin: Sendable {}
