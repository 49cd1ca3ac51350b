import Testing

@testable import RelayPostgres

@Suite("Server addresses", .timeLimit(.minutes(15)))
struct ServerAddressTests {
  @Test func aURLIsTakenApart() throws {
    let address = try ServerAddress(
      url: "postgresql://relay%40home:p%40ss%2Fword@db.example:5433/events?sslmode=require&connect_timeout=3")
    #expect(address["user"] == "relay@home")
    #expect(address["password"] == "p@ss/word")
    #expect(address["dbname"] == "events")
    #expect(address["sslmode"] == "require")
    #expect(address["connect_timeout"] == "3")
    #expect(address["sslcert"] == nil)
    #expect(address.hosts == [ServerHost(name: "db.example", port: "5433")])
  }

  @Test func eachPartButTheSchemeMayBeMissing() throws {
    let address = try ServerAddress(url: "postgres://")
    #expect(address.parameters.isEmpty)
    #expect(address.hosts == [ServerHost()])
  }

  @Test func severalHostsHaveTheirPorts() throws {
    let own = try ServerAddress(url: "postgres://a:1,b:2,[::1]:3/d")
    #expect(
      own.hosts == [
        ServerHost(name: "a", port: "1"), ServerHost(name: "b", port: "2"),
        ServerHost(name: "::1", port: "3"),
      ])
    #expect(own.description == "postgres://a:1,b:2,[::1]:3/d")
    let common = try ServerAddress(url: "postgres://a,b/d?port=7")
    #expect(common.hosts == [ServerHost(name: "a", port: "7"), ServerHost(name: "b", port: "7")])
    let numbered = try ServerAddress(url: "postgres://a,b/d?hostaddr=10.0.0.1,10.0.0.2")
    #expect(
      numbered.hosts == [
        ServerHost(name: "a", address: "10.0.0.1"), ServerHost(name: "b", address: "10.0.0.2"),
      ])
  }

  @Test(arguments: ["postgres:///d?host=/run/postgresql", "postgres://%2Frun%2Fpostgresql/d"])
  func aFolderIsAUnixSocket(_ url: String) throws {
    let host = try #require(try ServerAddress(url: url).hosts.first)
    #expect(host == ServerHost(name: "/run/postgresql"))
    #expect(host.isSocket)
    #expect(ServerHost(name: "db").isSocket == false)
  }

  @Test func anotherDatabaseIsNamed() throws {
    let address = try ServerAddress(url: "postgres://u:p@h/d?sslmode=require").with(database: "e")
    #expect(address.description == "postgres://u@h/e")
    #expect(address["dbname"] == "e" && address["password"] == "p" && address["sslmode"] == "require")
    #expect(address.parameters.count { $0.0 == "dbname" } == 1)
  }

  @Test func nothingThatIsPrintedHoldsAPassword() throws {
    let address = try ServerAddress(url: "postgres://relay:hunter2@db/events?sslpassword=hunter3")
    var dumped = ""
    dump(address, to: &dumped)
    for text in ["\(address)", String(reflecting: address), dumped, "\([address])"] {
      #expect(text.contains("postgres://relay@db/events"))
      #expect(!text.contains("hunter"))
    }
  }

  /// What people write in a password and forget to encode; and what libpq refuses itself, whose words quote it.
  @Test(arguments: [
    "host=db password=hunter2", "https://u:hunter2@db/", "postgres:/u:hunter2@db",
    "postgres://u:hunter2@x@db/d",
    "postgres://u:hunter2/x@db/d", "postgres://u:12/hunter2@db/d", "postgres://u:hunter2%ZZ@db/d",
    "postgres://u:hunter2%00@db/d", "postgres://u:p@db/d?hunter2=x", "postgres://u:p@db/d?hunter2",
    "postgres://u:p@[hunter2/d", "postgres://u:p@db:hunter2/d", "postgres://u:p@db:0/d",
    "postgres://u:p@db:65536/d", "postgres://u:p@a:1,b:2,c/d?port=1,2",
    "postgres://u:p@a,b/d?hostaddr=10.0.0.1",
  ])
  func aWrongAddressIsRefusedWithoutItsPassword(_ url: String) throws {
    let error = try #require(throws: PostgresError.self) { try ServerAddress(url: url) }
    #expect(error.kind == .configuration)
    #expect(error.message.hasPrefix("the database's address is not right: "))
    #expect(error.hint?.contains("postgres://USER:PASSWORD@HOST:PORT/DATABASE") == true)
    #expect(!"\(error) \(error.detail ?? "")".contains("hunter2"))
    #expect(!error.isUnknownOutcome)
  }
}
