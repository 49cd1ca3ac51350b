@testable import RelayPostgres

/// A database of one test, which is dropped with this object.
package final class TestDatabase: Sendable {
  package let name: String
  package let server: PostgresServer
  package let address: ServerAddress
  package var url: String { server.url(database: name) }

  /// - Parameter template: Nobody may be connected to it.
  init(on server: PostgresServer, name: String, like template: String) throws {
    self.server = server
    self.name = name
    address = try server.address(database: name)
    // By files it costs a third of what it costs by way of the log.
    try Self.execute("CREATE DATABASE \(name) TEMPLATE \(template) STRATEGY file_copy", on: server)
  }

  deinit {
    // A server that was stopped has gone with its folder.
    if server.processID != nil { try? Self.execute("DROP DATABASE \(name) WITH (FORCE)", on: server) }
  }

  private static func execute(_ sql: String, on server: PostgresServer) throws {
    // Also where the server waits for a standby that is not there.
    let connection = try PostgresConnection(
      server.address(), applicationName: "tests", within: .seconds(60),
      settings: ["synchronous_commit": "local"])
    defer { connection.close() }
    try connection.execute(sql, within: .seconds(60))
  }
}
