import RelayPostgresSupport
import RelayThreads
import Testing

@testable import RelayPostgres

/// A database of its own on the common server, and connections to it.
final class WireBench {
  let database: TestDatabase

  init(on server: PostgresServer? = nil) throws {
    database = try (server ?? .shared()).database()
  }

  func connect(settings: [String: String] = [:]) throws -> PostgresConnection {
    try Self.connect(to: database.address, settings: settings)
  }

  static func connect(
    to address: ServerAddress, settings: [String: String] = [:]
  ) throws -> PostgresConnection {
    try PostgresConnection(address, applicationName: "bench", within: .patient, settings: settings)
  }

  /// A connection with the table `item (id int4 PRIMARY KEY)`.
  func connectWithItems(settings: [String: String] = [:]) throws -> PostgresConnection {
    let connection = try connect(settings: settings)
    try connection.execute("CREATE TABLE item (id int4 PRIMARY KEY)", within: .patient)
    return connection
  }
}

extension Duration {
  /// For what has to come, however slow the machine is.
  static let patient = Duration.seconds(120)
}

extension Statement {
  static let insertItems = Statement(
    name: "insert_items", sql: "INSERT INTO item SELECT * FROM unnest($1)", types: [.int4Array])
  static let countItems = Statement(name: "count_items", sql: "SELECT count(*) FROM item")
  static let sleep = Statement(name: "sleep", sql: "SELECT pg_sleep($1)::text", types: [.int4])
  /// Ends another connection, and waits until its process has gone.
  static let terminate = Statement(
    name: "terminate", sql: "SELECT pg_terminate_backend($1, 120000)", types: [.int4])
  /// Whether a process waits for a lock, a standby or the like.
  static let waits = Statement(
    name: "waits",
    sql: "SELECT coalesce((SELECT wait_event = $2 FROM pg_stat_activity WHERE pid = $1), false)",
    types: [.int4, .text])
}

extension PostgresConnection {
  func insert(_ items: [Int32]) throws {
    var parameters = Parameters()
    parameters.add(array: items)
    _ = try run(.insertItems, parameters, within: .patient)
  }

  var itemCount: Int64 {
    get throws { try run(.countItems, within: .patient)[0].integer(0) }
  }

  func terminate(_ backend: Int32) throws -> Bool {
    var parameters = Parameters()
    parameters.add(backend)
    return try run(.terminate, parameters, within: .patient)[0].bool(0)
  }

  /// Asks the server until another connection waits for that.
  func wait(until backend: Int32, waitsFor event: String) throws {
    var parameters = Parameters()
    parameters.add(backend)
    parameters.add(event)
    let deadline = Deadline(after: .patient)
    while try !run(.waits, parameters, within: .patient)[0].bool(0) {
      try #require(!deadline.isOver, "the process \(backend) does not come to wait for \(event)")
    }
  }
}

extension Pipeline {
  mutating func insert(_ items: [Int32]) {
    var parameters = Parameters()
    parameters.add(array: items)
    add(.insertItems, parameters)
  }

  mutating func sleep(seconds: Int32) {
    var parameters = Parameters()
    parameters.add(seconds)
    add(.sleep, parameters)
  }
}

extension Trait where Self == ConditionTrait {
  /// Passed over where there is no server.
  static var needsPostgres: Self {
    .enabled(if: PostgresInstallation.isThere, "\(PostgresInstallation.missing)")
  }
}
