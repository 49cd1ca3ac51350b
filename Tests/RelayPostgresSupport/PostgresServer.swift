import Foundation
import Glibc
import RelayHarness
import RelayPostgres
import RelayText
import RelayThreads

/// A PostgreSQL server of tests: it lives in a temporary folder, listens on a Unix socket there and nowhere else, and ends with the test
/// process, however that ends, or with this object.
package final class PostgresServer: Sendable {
  /// The one for all tests that need no server of their own. It does not sync: what it holds would not survive a crash of the machine.
  package static func shared() throws -> PostgresServer { try common.get() }

  private static let common = Result<PostgresServer, any Error> {
    try PostgresServer(settings: unsynced)
  }

  /// Settings of a server that is fast, and may lose everything.
  package static let unsynced = ["fsync": "off", "full_page_writes": "off"]

  /// How it is asked to end.
  package enum Stop: Sendable {
    /// Ends its connections (57P01), and writes what is to be written.
    case fast
    /// Drops everything: its next start recovers from its log.
    case immediate
    /// `kill -9`, for all of its processes at once.
    case kill
  }

  private struct State {
    var run: Watchdog?
    var databases = 0
  }

  /// Of its data and its socket.
  package let folder: String
  /// Where it takes connections with TLS, on loopback; nil: it takes none.
  package let port: Int?
  private let state = Locked(State())

  /// - Parameters:
  ///   - settings: Of postgresql.conf, beside those of a small server. Without others it syncs as a server should.
  ///   - takesTLS: It also listens on a port of its own on loopback, and has a certificate for it.
  package init(settings: [String: String] = [:], takesTLS: Bool = false) throws {
    folder = try ServerFolder.make()
    port = takesTLS ? try LoopbackPort.free() : nil
    try ClusterTemplate.copy(to: folder)
    try configure(settings)
    if let port { try configureTLS(on: port) }
    try start()
  }

  deinit {
    // One that runs is ended by its watchdog, which removes the folder.
    if state.withLock({ $0.run }) == nil { try? FileManager.default.removeItem(atPath: folder) }
  }

  // MARK: Its databases

  /// A database of its own for a test, empty or a copy of another one; it goes with the object.
  package func database(like template: String = "template0") throws -> TestDatabase {
    let number = state.withLock { state in
      state.databases += 1
      return state.databases
    }
    return try TestDatabase(on: self, name: "test_\(number)", like: template)
  }

  /// The address of one of its databases.
  package func url(database: String = "postgres", user: String = "postgres", password: String? = nil)
    -> String
  {
    let credentials = user.percentEncoded + (password.map { ":" + $0.percentEncoded } ?? "")
    // The socket in its folder has the port's number, too.
    let place = "host=\(folder.percentEncoded)" + (port.map { "&port=\($0)" } ?? "")
    return "postgres://\(credentials)@/\(database.percentEncoded)?\(place)"
  }

  /// The same by TLS.
  package func urlWithTLS(database: String = "postgres") throws -> String {
    guard let port else { throw PostgresProblem("the server was made without TLS") }
    return "postgres://postgres@127.0.0.1:\(port)/\(database.percentEncoded)?sslmode=require"
  }

  package func address(database: String = "postgres") throws -> ServerAddress {
    try ServerAddress(url: url(database: database))
  }

  // MARK: Its life

  /// Adds settings to its configuration: they hold from the next start.
  package func configure(_ settings: [String: String]) throws {
    let lines = settings.sorted { $0.key < $1.key }.map { name, value in
      "\(name) = '\(value.replacing("'", with: "''"))'\n"
    }
    try append(lines.joined(), to: "postgresql.conf")
  }

  /// A certificate that it has signed itself, and who may come with it.
  private func configureTLS(on port: Int) throws {
    let (certificate, key) = ("\(folder)/server.crt", "\(folder)/server.key")
    _ = try ProcessOutput.of(
      PostgresInstallation.runner + [
        "openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost", "-newkey",
        "rsa:2048",
        "-keyout", key, "-out", certificate,
      ])
    try append("hostssl all all 127.0.0.1/32 trust\n", to: "pg_hba.conf")
    try configure([
      "listen_addresses": "127.0.0.1", "port": "\(port)", "ssl": "on", "ssl_cert_file": certificate,
      "ssl_key_file": key,
    ])
  }

  private func append(_ text: String, to name: String) throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/data/\(name)"))
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }

  /// Starts it, once it was stopped; it takes connections when this returns.
  package func start() throws {
    guard let programs = PostgresInstallation.folder else {
      throw PostgresProblem(PostgresInstallation.missing)
    }
    let run = try Watchdog(
      folder: folder,
      running: PostgresInstallation.runner + ["\(programs)/postgres", "-D", "\(folder)/data"]
        + (port == nil ? ["-c", "listen_addresses="] : []) + ["-c", "unix_socket_directories=\(folder)"])
    guard run.waitForLine(containing: "ready to accept", within: .seconds(120)) != nil else {
      throw PostgresProblem("a PostgreSQL server did not start:\n\(run.log.joined(separator: "\n"))")
    }
    state.withLock { $0.run = run }
  }

  /// Ends it, and waits until no process of it is left.
  package func stop(_ how: Stop = .fast) throws {
    guard let run = state.withLock({ $0.run }), let server = run.serverID else { return }
    switch how {
    case .fast: Glibc.kill(server, SIGINT)
    case .immediate: Glibc.kill(server, SIGQUIT)
    case .kill:
      // It stands still meanwhile, so that it has no further ones.
      Glibc.kill(server, SIGSTOP)
      for process in Self.children(of: server) + [server] { Glibc.kill(process, SIGKILL) }
    }
    guard run.waitForEnd(within: .seconds(120)) else {
      throw PostgresProblem("a PostgreSQL server did not end:\n\(run.log.joined(separator: "\n"))")
    }
    run.letGo(keepingFolder: true)
    state.withLock { $0.run = nil }
  }

  package func restart(_ how: Stop = .fast) throws {
    try stop(how)
    try start()
  }

  /// What becomes of it when this process ends, however that ends: no process of it is left, and no folder.
  package func abandon() throws {
    guard let run = state.withLock({ $0.run }) else { return }
    run.letGo()
    guard run.waitUntilDone(within: .seconds(120)) else {
      throw PostgresProblem("a PostgreSQL server outlives what started it")
    }
    state.withLock { $0.run = nil }
  }

  /// Its first process; nil: it does not run.
  package var processID: Int32? { state.withLock { $0.run }?.serverID }

  /// What it has logged since its last start.
  package var log: [String] { state.withLock { $0.run }?.log ?? [] }

  private static func children(of process: Int32) -> [Int32] {
    let path = "/proc/\(process)/task/\(process)/children"
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: " ").compactMap { Int32($0) }
  }
}
