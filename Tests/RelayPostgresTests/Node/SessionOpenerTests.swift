import RelayCore
import RelayPostgresSupport
import Testing

@testable import RelayPostgres

@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct SessionOpenerTests {
  /// Why a node did not start; nil: it did.
  private func refusal(_ start: () throws -> WriterSession) throws -> String? {
    do {
      try start().close()
      return nil
    } catch NodeError.refused(let error) {
      return error.message
    }
  }

  /// A bench with a role of its own, which may log on and nothing else.
  private func bench(rights: String...) throws -> (NodeBench, role: String) {
    let bench = try NodeBench()
    let role = "role_\(bench.database.name)"
    try bench.execute(
      "CREATE ROLE \(role) LOGIN; REVOKE CREATE ON DATABASE \(bench.database.name) FROM PUBLIC")
    for right in rights {
      try bench.execute(
        right.replacing("%r", with: role).replacing("%d", with: bench.database.name))
    }
    return (bench, role)
  }

  @Test(arguments: SessionSettings.Purpose.allCases)
  func aSessionHasItsSettingsWhateverTheRoleAndTheDatabaseHave(purpose: SessionSettings.Purpose) throws {
    let (bench, role) = try bench()
    for setting in [
      "synchronous_commit = off", "jit = on", "search_path = pg_catalog", "statement_timeout = '1h'",
      "idle_session_timeout = '1h'", "default_transaction_isolation = serializable",
      "client_min_messages = error",
    ] {
      try bench.execute(
        "ALTER ROLE \(role) SET \(setting); ALTER DATABASE \(bench.database.name) SET \(setting)")
    }
    let opener = try bench.opener(user: role)
    let connection = try opener.open(purpose)
    defer { connection.close() }
    let expected = SessionSettings(purpose, serverVersion: connection.serverVersion).settings
    for setting in expected {
      let statement = Statement(
        name: "show_\(setting.name)", sql: "SELECT current_setting('\(setting.name)')")
      #expect(try connection.run(statement, within: NodeBench.limit)[0].text(0) == setting.value)
    }
  }

  @Test func aDatabaseThatIsReadOnlyByDefaultIsRefused() throws {
    let (bench, role) = try bench(rights: "GRANT CREATE ON DATABASE %d TO %r")
    #expect(try refusal { try bench.node(user: role) } == nil)
    try bench.execute("ALTER ROLE \(role) SET default_transaction_read_only = on")
    // By libpq, which looks for a server that takes writes; and by ourselves where the address says that any will do.
    #expect(try refusal { try bench.node(user: role) }?.contains("can only be read") == true)
    let any = try ServerAddress(
      url: bench.database.server.url(database: bench.database.name, user: role) + "&target_session_attrs=any")
    #expect(try refusal { try bench.node(address: any) }?.contains("read-only for the role \(role)") == true)
  }

  @Test func aDatabaseOfAnotherEncodingIsRefused() throws {
    let bench = try NodeBench()
    let name = "latin_\(bench.database.name)"
    try bench.execute(
      "CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    defer { try? bench.execute("DROP DATABASE \(name) WITH (FORCE)") }
    let address = try bench.database.server.address(database: name)
    #expect(try refusal { try bench.node(address: address) }?.contains("has the encoding LATIN1") == true)
  }

  @Test func aRoleNeedsToCreateTheSchemaOrToOwnOne() throws {
    let (bench, role) = try bench()
    #expect(try refusal { try bench.node(user: role) }?.contains("may not create the schema") == true)
    try bench.execute("CREATE SCHEMA \(Schema.name)")
    #expect(try refusal { try bench.node(user: role) }?.contains("may not use the schema") == true)
    try bench.execute("GRANT USAGE ON SCHEMA \(Schema.name) TO \(role)")
    #expect(try refusal { try bench.node(user: role) }?.contains("may not use the schema") == true)
    try bench.execute("GRANT CREATE ON SCHEMA \(Schema.name) TO \(role)")
    #expect(try refusal { try bench.node(user: role) } == nil)
  }

  @Test func tablesOfAnotherRoleAreRefused() throws {
    let (bench, role) = try bench()
    try bench.node().close()
    try bench.execute("GRANT USAGE, CREATE ON SCHEMA \(Schema.name) TO \(role)")
    #expect(
      try refusal { try bench.node(user: role) }?.contains("belong to another role than \(role)") == true)
  }

  @Test func aRoleThatCouldNotEndAnotherNodesSessionsIsRefusedWhileThatOneIsThere() throws {
    let (bench, role) = try bench(rights: "GRANT CREATE ON DATABASE %d TO %r")
    let (one, other) = ("one_\(role)", "other_\(role)")
    // Both may do all with the tables, and neither may do anything with the other.
    try bench.execute("CREATE ROLE \(one) LOGIN IN ROLE \(role); CREATE ROLE \(other) LOGIN IN ROLE \(role)")
    try bench.node(user: role).close()
    let first = try bench.node(user: one)
    #expect(try refusal { try bench.node(user: other) }?.contains("connected as \(one)") == true)
    #expect(try refusal { try bench.node(user: one) } == nil)
    // Each must be able to end the other's.
    try bench.execute("GRANT pg_signal_backend TO \(other)")
    let oneSided = try refusal { try bench.node(user: other) }
    #expect(oneSided?.contains("may not end the sessions of \(other)") == true)
    try bench.execute("GRANT pg_signal_backend TO \(one)")
    #expect(try refusal { try bench.node(user: other) } == nil)
    try bench.execute("REVOKE pg_signal_backend FROM \(one), \(other)")
    first.close()
    try bench.waitUntilFree(0, key: first.key)
    #expect(try refusal { try bench.node(user: other) } == nil)
  }

  @Test func whatIsNotAsItShouldBeIsWarnedOf() throws {
    let (bench, role) = try bench(
      rights: "GRANT CREATE ON DATABASE %d TO %r", "ALTER ROLE %r CONNECTION LIMIT 5")
    let node = try bench.node(user: role)
    defer { node.close() }
    // The server of the tests does not sync.
    #expect(node.warnings.count == 2)
    #expect(node.warnings.first?.hasPrefix("the server has fsync off") == true)
    let second = try bench.node("b", user: role)
    defer { second.close() }
    #expect(
      second.warnings.last?.hasPrefix("2 relays need 10 connections, and the role \(role) may open 5") == true
    )
  }

  @Test func aWrongPasswordOrAddressIsNoRefusalForGood() throws {
    let bench = try NodeBench()
    let address = try ServerAddress(url: "postgres://postgres@/nowhere?host=\(bench.database.server.folder)")
    let failure = #expect(throws: NodeError.self) { try bench.node(address: address) }
    guard case .failed(let error) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(error.state == "3D000")
  }
}
