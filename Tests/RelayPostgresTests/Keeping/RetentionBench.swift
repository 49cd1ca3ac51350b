import RelayCore
import RelayPostgresSupport
import RelayTestSupport

@testable import RelayPostgres

/// A store with tables of an old day and of the next one, and who removes days.
struct RetentionBench {
  static let rules = KeepingRules(retention: .seconds(7 * 86_400), dedupe: .seconds(2 * 86_400))

  let path: PathBench
  let session: KeeperSession
  /// Of what stands in the old tables.
  let day: Day

  init() async throws {
    path = try PathBench()
    try await path.open(isDirect: true).close()
    session = try Self.session(path)
    day = Day(tick: try session.run(DayTableStatements.time)[0].integer(0)).advanced(by: -20)
    try makeDays()
  }

  /// - Parameter address: nil: straight to the server.
  static func session(_ path: PathBench, at address: ServerAddress? = nil) throws -> KeeperSession {
    let mark = try path.ask("SELECT id FROM store")[0]
    let opener = SessionOpener(
      address: address ?? path.database.address, applicationName: "keeper", limit: .seconds(60))
    return KeeperSession(
      connection: try opener.open(.keeping), key: StoreKey(id: mark.eventID(0)), limit: .seconds(60))
  }

  func makeDays() throws {
    for day in [day, day.advanced(by: 1)] {
      _ = try path.ask(DayTableStatements(TableNames()).make(day).sql)
    }
  }

  /// The steady time at which the old day has begun so many days ago; the server's clock shows the same.
  func time(after days: Int64) -> Timestamp {
    Timestamp(microseconds: (day.number + days) * 86_400_000_000)
  }

  func wish(_ time: Timestamp, isForRoom: Bool = false) -> DayRemover.Wish {
    // The day ends ten minutes later for who removes it.
    DayRemover.Wish(
      Self.rules, now: time,
      tick: time.microseconds - CommitBase.firstTick + (isForRoom ? 600_000_000 : 0), isForRoom: isForRoom)
  }

  /// Removes all that may go by then.
  func remove(_ time: Timestamp, isForRoom: Bool = false, by session: KeeperSession? = nil) throws {
    var remover = DayRemover(session ?? self.session)
    while try remover.round(wish(time, isForRoom: isForRoom)) == .changed {}
  }

  /// An event of the old day with its deliveries, each with a failure.
  ///
  /// - Parameters:
  ///   - number: Of the event; its first delivery is the ten-fold.
  ///   - later: In which day they stand, and what numbers the event; nil: in its own.
  func insert(_ number: Int64, _ deliveries: [Delivery], later: Day? = nil) throws {
    let first = (later ?? day).firstNumber + (number * 10) << CommitBase.slotBits
    let event = "(left('\(day.firstEvent)', 24) || lpad(to_hex(\(number)), 12, '0'))::uuid"
    let came = time(after: 0).microseconds
    _ = try path.ask(
      """
      INSERT INTO event (id, number, received, envelope, source, configuration, deliveries, slot, dropped, type, routes, body,
        first_delivery)
      VALUES (\(event), \(first), \(came), \(event), 1, 1, \(deliveries.count), 0, false, 'a', '{1}', '{}', \(first))
      """)
    for (place, delivery) in deliveries.enumerated() {
      let id = first + Int64(place) << CommitBase.slotBits
      let settled = delivery.settledAfter.map { "\(time(after: $0).microseconds)" } ?? "NULL"
      _ = try path.ask(
        """
        INSERT INTO delivery (id, event, since, received, destination, route, run, attempts, counted, bytes, slot, state, shelf,
          settled)
        VALUES (\(id), \(event), 0, \(came), (SELECT id FROM destination WHERE name = 'crm'), 1, 0, 0, 0, 514, 0,
          \(delivery.state), \(delivery.shelf.map(String.init) ?? "NULL"), \(settled))
        """)
      _ = try path.ask("INSERT INTO failure (delivery, attempt, at, duration) VALUES (\(id), 1, 0, 0)")
    }
  }

  struct Delivery {
    var state: Int
    var shelf: Int?
    /// Days.
    var settledAfter: Int64?

    static func delivered(after days: Int64) -> Delivery { Delivery(state: 3, settledAfter: days) }
    static func dead(after days: Int64) -> Delivery { Delivery(state: 4, shelf: 4, settledAfter: days) }
    static let fresh = Delivery(state: 0, shelf: 0)
  }

  func count(_ table: String) throws -> Int64 { try path.ask("SELECT count(*) FROM \(table)")[0].integer(0) }

  func hasTable(_ name: String) throws -> Bool {
    try path.ask("SELECT to_regclass('\(name)') IS NOT NULL")[0].bool(0)
  }

  /// Which kinds of tables the old day has.
  func tables() throws -> [String] {
    let names = TableNames().of(day)
    return try [names.event, names.delivery, names.failure].filter { try hasTable($0) }
      .map { String($0.prefix { $0 != "_" }) }
  }
}
