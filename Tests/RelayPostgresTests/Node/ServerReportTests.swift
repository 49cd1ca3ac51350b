import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// What a look from outside finds, and what an opening says.
@Suite("Looks from outside", .needsPostgres, .timeLimit(.minutes(15)))
struct ServerReportTests {
  private func report(_ url: String) throws -> ServerReport {
    try ServerReport(of: DatabaseAddress(url), within: .seconds(60))
  }

  private func open(_ url: String) throws {
    let store = try PostgresStore(
      at: DatabaseAddress(url), as: NodeIdentity(name: "test", version: "0", configurationHash: "c1"),
      clock: ManualClock(), observer: nil, nodes: nil)
    store.close()
  }

  @Test func aServerIsToldWithWhoHoldsItsStore() throws {
    let home = try PostgresHome()
    let before = try report(home.database.url)
    #expect(!before.hasStore && before.relays == 0)
    #expect(before.database == home.database.name && before.role == "postgres")
    #expect(before.isLocal && !before.isEncrypted)
    #expect(before.roundTrip > .zero && before.roundTrip < .seconds(10))
    #expect(before.version.split(separator: ".").first.flatMap { Int($0) }.map { $0 >= 15 } == true)
    // The server of tests does not sync.
    #expect(before.warnings.contains { $0.contains("fsync") })
    let store = try home.open(
      clock: ManualClock(), duplicateLimit: 1_000, hangAfter: .seconds(60), observer: nil)
    let during = try report(home.database.url)
    #expect(during.hasStore && during.relays == 1)
    store.close()
    #expect(try report(home.database.url).relays == 0)
  }

  @Test func whatMayPassIsUnreachableAndNoErrorShowsThePassword() throws {
    let server = try PostgresServer.shared()
    let role = "with_password_\(UInt32.random(in: 0 ... .max))"
    let bench = try WireBench()
    let connection = try bench.connect()
    try connection.execute(
      """
      DO $$ BEGIN CREATE ROLE with_password; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
      CREATE ROLE \(role) LOGIN PASSWORD 'right' IN ROLE with_password
      """, within: .patient)
    defer { try? connection.execute("DROP ROLE \(role)", within: .patient) }
    let name = bench.database.name
    let codes: [(url: String, code: StoreError.Code)] = [
      (server.url(database: name, user: role, password: "hunter2"), .cannotOpen),
      (server.url(database: "nowhere", password: "hunter2"), .cannotOpen),
      ("postgres://u:hunter2@127.0.0.1:1/d", .unreachable),
      ("postgres://u:hunter2@/d?host=/nowhere", .unreachable),
      ("postgres://u:hunter2@host.invalid/d", .unreachable),
      ("postgres://u:hunter2@@h/d", .cannotOpen), ("postgres://u:hunter2@h/d?nonsense=hunter2", .cannotOpen),
    ]
    for (url, code) in codes {
      for (look, name) in [({ try open(url) }, "open"), ({ _ = try report(url) }, "report")] {
        let error = #expect(throws: StoreError.self, "\(name) \(url)") { try look() }
        #expect(error?.code == code, "\(name) \(url): \(String(describing: error))")
        #expect(error?.message.contains("hunter2") == false)
      }
    }
  }
}
