import Foundation
import Testing

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
}
