import RelayConfig
import RelayCore
import Testing

/// A store on a database server, as routes.yaml names it.
@Suite struct DatabaseStoreTests {
  @Test(arguments: ["postgres", "postgresql"])
  func theAddressIsReadAndNeverShownWhole(scheme: String) throws {
    let url = "\(scheme)://relay:hunter2@db.internal:5433/huggy?sslmode=verify-full&password=hunter2"
    let found = try configuration(of: oneSource + "store: { url: '\(url)', retention: 2d }")
    guard case .postgres(let address, let ownFiles) = found.store.location else {
      Issue.record("it is \(found.store.location)")
      return
    }
    #expect(address.url.reveal == url)
    #expect(ownFiles == "/etc/relay/data/relay")
    #expect("\(address)" == "postgres://relay@db.internal:5433/huggy?sslmode=verify-full")
    let shown = found.tree.yaml()
    #expect(shown.contains("postgres://relay@db.internal:5433/huggy?sslmode=verify-full"))
    var dumped = ""
    dump(found, to: &dumped)
    #expect(!"\(shown)\(found)\(dumped)".contains("hunter2"))
  }

  @Test func thePasswordMayComeFromTheEnvironmentAndTheRestStandsInTheFile() throws {
    let text = oneSource + "store: { url: 'postgres://relay:${SECRET}@/huggy?host=/run/postgresql' }"
    let found = try configuration(
      of: text, environment: exampleEnvironment.merging(["STATE_DIRECTORY": "/s"]) { $1 })
    let address = DatabaseAddress("postgres://relay:hunter2@/huggy?host=/run/postgresql")
    #expect(found.store.location == .postgres(address, ownFiles: "/s/data/relay"))
  }

  @Test(arguments: [
    (
      "postgres://r@db/h?sslmode=verify-full&sslrootcert=ca.pem",
      "postgres://r@db/h?sslmode=verify-full&sslrootcert=/etc/relay/ca.pem"
    ),
    (
      "postgres://r:a?b@db/h?sslcert=c%20d.pem&sslkey=x/k",
      "postgres://r:a?b@db/h?sslcert=/etc/relay/c%20d.pem&sslkey=/etc/relay/x/k"
    ),
    ("postgres://r@db/h?sslrootcert=system&passfile=/a", "postgres://r@db/h?sslrootcert=system&passfile=/a"),
    ("postgres://r@db/h?sslkey=%2Fa&dbname=ca.pem", "postgres://r@db/h?sslkey=%2Fa&dbname=ca.pem"),
    ("postgres://r@db/h", "postgres://r@db/h"),
  ])
  func filesOfItsOptionsAreRelativeToTheConfiguration(url: String, expected: String) throws {
    let found = try configuration(of: oneSource + "store: { url: '\(url)' }")
    guard case .postgres(let address, _) = found.store.location else {
      Issue.record("it is \(found.store.location)")
      return
    }
    #expect(address.url.reveal == expected)
  }

  @Test func aPasswordThatIsADefaultInTheFileIsWarnedOf() {
    func secrets(_ url: String) -> [String] {
      problems(of: oneSource + "store: { url: '\(url)' }").filter { $0.contains("secret") }
    }
    let found = secrets("postgres://relay:${NOBODY:-hunter2}@db/huggy")
    #expect(found.count == 1)
    #expect(found.first?.contains("warning: store.url: this secret is the default of ${NOBODY}") == true)
    // A store that is a file holds no secret.
    #expect(secrets("${NOBODY:-sqlite:a.db}").isEmpty)
  }

  /// Only the store knows what it can make of an address.
  @Test func whatTheStoreItselfSaysOfTheAddressIsAnErrorAtItsPlace() {
    let loader = ConfigurationLoader(environment: [:]) { location in
      guard case .postgres(let address, ownFiles: _) = location else { return nil }
      return address.url.reveal.hasSuffix("@@") ? "it has an @ too many" : nil
    } now: {
      exampleNow
    } hash: { _ in
      ""
    }
    func told(_ url: String) -> [String] {
      let read = loader.read(text: oneSource + "store: { url: '\(url)' }", file: "f", directory: "/")
      return read.errors.map(\.description)
    }
    #expect(told("postgres://a@@") == ["f:2:15: store.url: it has an @ too many"])
    #expect(told("postgres://a@b").isEmpty)
    let handed = loader.read(handed: oneSource + "store: { url: 'postgres://a@@' }", inPlaceOf: "/f")
    #expect(handed.errors.count == 1)
  }

  @Test func filesThatEventsPointToAreRefusedWithIt() {
    func text(_ url: String) -> String {
      """
      server: { attachments: "127.0.0.1:8082", attachments_url: "http://r:8082" }
      store: { url: '\(url)', dead_retention: 9d }
      sources: { huggy: { token: t, attachments: { hosts: ["*.example.com"] } } }
      destinations: { crm: { url: "http://crm/", attachments: rewrite } }
      routes: [{ name: all, to: crm }]
      """
    }
    let refusal =
      "files are kept beside a store that is a file itself, and this one is in PostgreSQL: remove attachments, or let "
      + "store.url be sqlite:PATH"
    #expect(
      problems(of: text("postgres://db/huggy")) == [
        "1:24: server.attachments: \(refusal)", "3:44: sources.huggy.attachments: \(refusal)",
        "4:57: destinations.crm.attachments: \(refusal)",
      ])
    #expect(problems(of: text("sqlite:a.db")).isEmpty)
  }
}
