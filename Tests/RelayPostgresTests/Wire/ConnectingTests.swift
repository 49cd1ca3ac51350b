import Glibc
import RelayPostgresSupport
import RelayThreads
import Testing

@testable import RelayPostgres

@Suite("Connecting", .needsPostgres, .timeLimit(.minutes(15)))
struct ConnectingTests {
  private func failure(
    _ url: String, within time: Duration = .patient, settings: [String: String] = [:]
  ) throws -> PostgresError {
    let address = try ServerAddress(url: url)
    let error = try #require(throws: PostgresError.self) {
      try PostgresConnection(address, applicationName: "x", within: time, settings: settings)
    }
    #expect(!error.isUnknownOutcome)
    return error
  }

  @Test func aConnectionKnowsItsServer() throws {
    let bench = try WireBench()
    let connection = try PostgresConnection(
      bench.database.address, applicationName: "relay 7", within: .patient)
    let about = Statement(
      name: "about",
      sql: """
        SELECT pg_backend_pid(), current_setting('server_version_num')::int4, current_setting('application_name'),
          current_setting('client_encoding'), current_database()::text
        """)
    let row = try connection.run(about, within: .patient)[0]
    #expect(connection.backendID == row.int32(0))
    #expect(connection.serverVersion == Int(row.int32(1)))
    #expect(row.text(2) == "relay 7")
    #expect(row.text(3) == "UTF8")
    #expect(row.text(4) == bench.database.name)
    #expect(connection.isOpen && connection.socket >= 0)
    connection.close()
    #expect(!connection.isOpen && connection.socket == -1)
    #expect(throws: PostgresError.closed) { try connection.execute("SELECT 1", within: .patient) }
  }

  @Test func settingsHoldForTheSession() throws {
    let bench = try WireBench()
    let connection = try bench.connect(settings: ["work_mem": "3MB", "jit": "off"])
    #expect(throws: PostgresError.self) { try connection.execute("SELECT 1/0", within: .patient) }
    let show = Statement(
      name: "show", sql: "SELECT current_setting('work_mem'), current_setting('jit')")
    let row = try connection.run(show, within: .patient)[0]
    #expect(row.text(0) == "3MB")
    #expect(row.text(1) == "off")
  }

  @Test func aSettingThatTheServerDoesNotKnowIsAnError() throws {
    let bench = try WireBench()
    #expect(try failure(bench.database.url, settings: ["work_memory": "1"]).kind == .server(state: "42704"))
  }

  @Test func whatTheServerRefusesHasItsState() throws {
    let server = try PostgresServer.shared()
    let missing = try failure(server.url(database: "nowhere"))
    #expect(missing.kind == .server(state: "3D000"))
    #expect(missing.message.contains(#"database "nowhere" does not exist"#))
    #expect(missing.hint?.contains("create the database") == true)
    #expect(try failure(server.url(user: "nobody_here")).kind == .server(state: "28000"))
  }

  @Test func aPasswordIsCheckedAndNeverShown() throws {
    let bench = try WireBench()
    let connection = try bench.connect()
    // Roles are the whole server's: another test has none of these names.
    try connection.execute(
      """
      DO $$ BEGIN CREATE ROLE with_password; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
      CREATE ROLE keeper LOGIN PASSWORD 'open sesame/@1' IN ROLE with_password;
      """, within: .patient)
    let (server, name) = (bench.database.server, bench.database.name)
    let right = server.url(database: name, user: "keeper", password: "open sesame/@1")
    let known = try WireBench.connect(to: ServerAddress(url: right))
    known.close()
    let error = try failure(server.url(database: name, user: "keeper", password: "hunter2"))
    #expect(error.kind == .server(state: "28P01"))
    #expect(error.hint?.contains("check user and password") == true)
    var dumped = ""
    dump(error, to: &dumped)
    #expect(!dumped.contains("hunter2") && !"\(error)".contains("hunter2"))
  }

  @Test func whereNobodyListensItSaysSoAtOnce() throws {
    let error = try failure("postgres://u:hunter2@/d?host=/nowhere/at/all")
    #expect(error.kind == .connection)
    #expect(error.message.contains("/nowhere/at/all"))
    #expect(error.hint?.contains("running") == true)
    #expect(!"\(error)".contains("hunter2"))
  }

  @Test func anOptionThatIsNoneIsOfTheConfiguration() throws {
    let error = try failure("postgres://u:hunter2@/d?host=/nowhere&sslmode=perhaps")
    #expect(error.kind == .configuration)
    #expect(error.message.contains("perhaps") && !"\(error)".contains("hunter2"))
  }

  @Test func aNameThatNobodyKnowsIsSaid() throws {
    let error = try failure("postgres://u@relay.invalid:1/d")
    #expect(error.kind == .connection || error.kind == .timedOut)
  }

  /// The first is not there; the second takes the connection and never says a word.
  @Test func theNextHostIsTriedAlsoAfterOneThatHangs() throws {
    let mute = try MuteListener()
    let bench = try WireBench()
    let connection = try PostgresConnection(
      ServerAddress(
        url: "postgres://postgres@/\(bench.database.name)"
          + "?host=/nowhere,127.0.0.1,\(bench.database.server.folder)&port=5432,\(mute.port),5432"
          + "&connect_timeout=1"),
      applicationName: "x", within: .patient)
    #expect(connection.isOpen)
    connection.close()
    #expect(mute.connections == 1)
  }

  @Test func allHostsThatFailAreNamed() throws {
    let error = try failure("postgres://u:hunter2@/d?host=/nowhere/1,/nowhere/2")
    #expect(error.message.contains("/nowhere/1") && error.message.contains("/nowhere/2"))
    #expect(!"\(error)".contains("hunter2"))
  }

  @Test func aServerThatNeverAnswersIsLeftInTime() throws {
    let mute = try MuteListener()
    let begin = ContinuousClock.now
    let error = try failure(
      "postgres://u@127.0.0.1:\(mute.port)/d?sslmode=disable", within: .milliseconds(200))
    #expect(error.kind == .timedOut)
    #expect(error.message.contains("127.0.0.1:\(mute.port)"))
    #expect(ContinuousClock.now - begin >= .milliseconds(200))
  }

  @Test func aStandbyOrAReadOnlyServerIsNotTaken() throws {
    let bench = try WireBench()
    let connection = try bench.connect()
    try connection.execute(
      "ALTER DATABASE \(bench.database.name) SET default_transaction_read_only = on", within: .patient)
    #expect(try failure(bench.database.url).message.contains("read-only"))
    let any = try WireBench.connect(to: ServerAddress(url: bench.database.url + "&target_session_attrs=any"))
    any.close()
  }
}

/// Takes connections on loopback, and never answers.
private final class MuteListener {
  private let listener: Int32
  let port: Int

  init() throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) + listen(listener, 8) + getsockname(listener, address, &length)
      }
    }
    try #require(status == 0)
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  deinit {
    close(listener)
  }

  /// How many came since the last call.
  var connections: Int {
    var count = 0
    var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    while poll(&waiting, 1, 0) > 0 {
      close(accept(listener, nil, nil))
      count += 1
    }
    return count
  }
}
