import Foundation
import Testing

@testable import RelayPostgres
@testable import RelayPostgresSupport

/// A PgBouncer before a server of tests, on a Unix socket. It ends with this object.
final class Pooler {
  private static let program: String? = {
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return (path + ["/usr/sbin"]).map { "\($0)/pgbouncer" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  static let isThere = program != nil

  private let folder: String
  private let watchdog: Watchdog

  init(before server: PostgresServer, mode: String) throws {
    folder = try ServerFolder.make()
    let file = "\(folder)/pgbouncer.ini"
    try """
    [databases]
    * = host=\(server.folder) user=postgres
    [pgbouncer]
    pool_mode = \(mode)
    auth_type = any
    listen_addr =
    listen_port = 6432
    unix_socket_dir = \(folder)
    """.write(toFile: file, atomically: true, encoding: .utf8)
    watchdog = try Watchdog(
      folder: folder,
      running: PostgresInstallation.runner + [try #require(Self.program), file])
    #expect(watchdog.waitForLine(containing: "process up", within: .seconds(60)) != nil)
  }

  func address(database: String) throws -> ServerAddress {
    try ServerAddress(url: "postgres://postgres@/\(database)?host=\(folder)&port=6432")
  }
}
