import Foundation

/// A server's empty data folder, made once per test process: each server of a test begins with a copy.
enum ClusterTemplate {
  /// Makes `data` in a server's folder.
  static func copy(to folder: String) throws {
    _ = try ProcessOutput.of(["cp", "-a", "--reflink=auto", try made.get().path, "\(folder)/data"])
  }

  private struct Made: Sendable {
    let path: String
    /// Removes it with this process.
    let watchdog: Watchdog
  }

  private static let made = Result<Made, any Error> {
    guard let programs = PostgresInstallation.folder else {
      throw PostgresProblem(PostgresInstallation.missing)
    }
    let folder = try ServerFolder.make()
    let watchdog = try Watchdog(folder: folder)
    let path = "\(folder)/data"
    _ = try ProcessOutput.of(
      PostgresInstallation.runner + [
        "\(programs)/initdb", "--pgdata", path, "--username", "postgres", "--auth", "trust", "--no-locale",
        "--encoding", "UTF8", "--no-sync", "--no-instructions",
      ])
    // Who is a member of the role `with_password` logs on with one.
    try """
    local all +with_password scram-sha-256
    local all all trust
    local replication all trust

    """.write(toFile: "\(path)/pg_hba.conf", atomically: false, encoding: .utf8)
    let settings = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(path)/postgresql.conf"))
    try settings.seekToEnd()
    // Many tests at once, and little memory and disk for each server. What its processes share is in its folder, and goes with it.
    try settings.write(
      contentsOf: Data(
        """
        max_connections = 200
        shared_buffers = 16MB
        dynamic_shared_memory_type = mmap
        min_wal_size = 32MB
        max_wal_size = 256MB

        """.utf8))
    try settings.close()
    return Made(path: path, watchdog: watchdog)
  }
}
