import Glibc
import RelayCore
import RelayStoring

/// Looks at a whole store that no relay runs on: whether the file is sound, and whether its rows agree with each other. Changes
/// nothing.
///
/// SQLite's own look at a database is one long read, during which the log of a running relay could not be written over: so a store
/// in use is not looked at, but a copy of it.
package struct SQLiteVerifier {
  /// Whether an event's body is what it can be.
  package typealias BodyTest = ([UInt8]) -> Bool

  /// What to keep before anything is tried.
  static let copy = "copy of the store"

  private let isSound: BodyTest
  private let shape: RunShape
  private let progress: (String) -> Void

  /// - Parameters:
  ///   - isSound: Whether bytes are an event's body.
  ///   - progress: Told what is looked at next.
  package init(isSound: @escaping BodyTest, progress: @escaping (String) -> Void = { _ in }) {
    self.init(isSound: isSound, shape: .standard, progress: progress)
  }

  init(isSound: @escaping BodyTest, shape: RunShape, progress: @escaping (String) -> Void = { _ in }) {
    self.isSound = isSound
    self.shape = shape
    self.progress = progress
  }

  /// - Throws: `inUse`, where a relay runs on it; `cannotOpen`, where it is no store; `newerSchema`; `foreignLog`.
  package func verify(path: String) throws(StoreError) -> StoreVerification {
    let path = try StoppedStore.path(of: path)
    let connection = try open(path)
    do throws(StoreError) {
      return try look(connection, path)
    } catch {
      // What can't be read at all is damaged.
      guard error.code == .failing else { throw error }
      var pages = Self.pages
      pages.found(error.message)
      return StoreVerification(checks: [pages], note: Self.damaged)
    }
  }

  private static let damaged = "where pages are damaged, what stands in them is not compared"

  private func look(_ connection: Connection, _ path: String) throws(StoreError) -> StoreVerification {
    try Schema.check(connection, path: path)
    guard try connection.integer("SELECT count(*) FROM sqlite_master") ?? 0 > 0 else {
      return StoreVerification(checks: [], note: "\(path) is an empty store")
    }
    progress("pages and indexes")
    let pages = try pages(connection)
    progress("references")
    let references = try references(connection)
    let version = try connection.integer("PRAGMA user_version") ?? 0
    guard version == Schema.version, pages.problemCount == 0 else {
      let reason =
        version == Schema.version
        ? Self.damaged
        : "it is of an earlier version (schema \(version), this one has \(Schema.version)): rows are compared once "
          + "`serve` has brought it up to date"
      return StoreVerification(checks: [pages, references], note: reason)
    }
    progress("deliveries")
    let deliveries = try DeliveryCheck(connection).run()
    progress("order keys")
    let keys = try orderKeys(connection)
    progress("events")
    let events = try EventCheck(connection, isSound: isSound).run()
    progress("replays")
    let replays = try ReplayCheck(connection).run()
    progress("search")
    let runs = try RunCheck(connection, shape).run()
    return StoreVerification(checks: [pages, references] + deliveries + [keys, events, replays, runs])
  }

  /// A copy stands alone, and is looked at without a trace. A store has a log or a lock beside it: nobody may run on it meanwhile.
  private func open(_ path: String) throws(StoreError) -> Connection {
    var status = stat()
    let isAlone = stat(path + "-wal", &status) != 0 && stat(path + ".lock", &status) != 0
    if isAlone { return try Connection(path: path, ignoringLog: ()) }
    return try StoppedStore.open(path)
  }

  // MARK: What SQLite can tell

  private static let pages = StoreVerification.Check(
    "pages and indexes",
    advice: "the file is damaged: keep a copy of it and of its log, look at the disk, and restore a backup; "
      + "what came after that backup may be taken out of the copy with SQLite's .recover")

  private func pages(_ connection: Connection) throws(StoreError) -> StoreVerification.Check {
    var check = Self.pages
    check.count = Int(try connection.integer("PRAGMA page_count") ?? 0)
    do throws(StoreError) {
      let query = try connection.prepare("PRAGMA integrity_check(100)")
      while try query.step() {
        guard let line = query.text(0), line != "ok" else { continue }
        check.found(line)
      }
    } catch {
      check.found(error.message)
    }
    return check
  }

  private func references(_ connection: Connection) throws(StoreError) -> StoreVerification.Check {
    var check = StoreVerification.Check.references
    do throws(StoreError) {
      let query = try connection.prepare("PRAGMA foreign_key_check")
      while try query.step() {
        let (table, parent) = (query.text(0) ?? "?", query.text(2) ?? "?")
        check.found("\(table) \(query.integer(1)): its \(parent) is missing")
      }
    } catch {
      check.found(error.message)
    }
    return check
  }

  // MARK: Order

  private func orderKeys(_ connection: Connection) throws(StoreError) -> StoreVerification.Check {
    var check = StoreVerification.Check.orderKeys
    let query = try connection.prepare(
      """
      SELECT t.name, d.order_key, min(d.id), sum(d.state <> 2), min(CASE WHEN d.state <> 2 THEN d.id END)
      FROM delivery d INDEXED BY delivery_ordered CROSS JOIN destination t ON t.id = d.destination
      WHERE d.order_key IS NOT NULL AND d.state < 3 AND d.run = 0 AND t.ordering IS NOT NULL
      GROUP BY d.destination, d.order_key
      """)
    while try query.step() {
      check.look(
        atKeyOf: query.text(0) ?? "?", first: query.integer(2), attempted: Int(query.integer(3)),
        firstAttempted: query.optionalInteger(4))
    }
    return check
  }
}

@available(*, unavailable)
extension SQLiteVerifier: Sendable {}
