import Foundation
import Testing

@testable import RelayPostgres
@testable import RelayPostgresSupport

/// A server that follows another one, and can only be read.
struct Standby {
  let server: PostgresServer

  init(of primary: PostgresServer) throws {
    server = try PostgresServer()
    try server.stop()
    let data = "\(server.folder)/data"
    try FileManager.default.removeItem(atPath: data)
    let programs = try #require(PostgresInstallation.folder)
    _ = try ProcessOutput.of(
      PostgresInstallation.runner + [
        "\(programs)/pg_basebackup", "--pgdata", data, "--write-recovery-conf", "--checkpoint=fast",
        "--dbname",
        primary.url(),
      ])
    try server.start()
  }

  /// Waits until it has all that the other server has now.
  func waitUntilItHasAll(of primary: PostgresServer) throws {
    let (above, below) = (try connect(to: primary), try connect(to: server))
    defer { for connection in [above, below] { connection.close() } }
    let place = try above.run(
      Statement(name: "place", sql: "SELECT pg_current_wal_lsn()::text"), within: NodeBench.limit)[0].text(0)
    let has = Statement(
      name: "has", sql: "SELECT coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false)", types: [.text])
    var parameters = Parameters()
    parameters.add(place)
    let deadline = Deadline(after: NodeBench.limit)
    while try !below.run(has, parameters, within: NodeBench.limit)[0].bool(0) {
      try #require(!deadline.isOver, "the standby does not follow")
    }
  }

  /// It becomes a primary.
  func promote() throws {
    let connection = try connect(to: server)
    defer { connection.close() }
    let isDone = try connection.run(
      Statement(name: "promote", sql: "SELECT pg_promote(true, 60)"), within: NodeBench.limit)[0].bool(0)
    #expect(isDone)
  }

  private func connect(to server: PostgresServer) throws -> PostgresConnection {
    try PostgresConnection(
      ServerAddress(url: server.url() + "&target_session_attrs=any"), applicationName: "standby",
      within: NodeBench.limit)
  }
}
