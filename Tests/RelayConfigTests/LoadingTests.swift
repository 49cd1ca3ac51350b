import RelayConfig
import RelayCore
import Testing

@Suite struct LoadingTests {
  @Test func everyKeyOfTheServerIsRead() throws {
    let server = try configuration(
      of: oneSource + """
        server:
          listen: "[::]:9080"
          admin: "0.0.0.0:9081"
          admin_token: "${SECRET}"
          admin_hosts: [Relay.Example, 10.0.0.7, "[fd00::7]"]
          max_body: 1MiB
          max_inflight: 2GiB
          max_connections: 100
          request_timeout: 250ms
          idle_timeout: 10m
          drain: 0s
        """
    ).server
    var expected = ServerSettings()
    expected.listen = ListenAddress(host: "::", port: 9080)
    expected.admin = ListenAddress(host: "0.0.0.0", port: 9081)
    expected.adminToken = Secret("hunter2")
    expected.adminHosts = ["relay.example", "10.0.0.7", "fd00::7"]
    expected.maxBodyBytes = 1 << 20
    expected.maxInflightBytes = 2 << 30
    expected.maxConnections = 100
    expected.maxConnectionsPerPeer = 25
    expected.requestTimeout = .milliseconds(250)
    expected.idleTimeout = .seconds(600)
    expected.drain = .zero
    #expect(server == expected)
  }

  @Test func everyKeyOfTheStoreIsRead() throws {
    let store = try configuration(
      of: oneSource + "store: { url: 'sqlite:relay.db', keep: routed, retention: 90m, max_size: 16MiB, "
        + "dead_retention: 90d, unrouted_retention: 1h }"
    ).store
    var expected = StoreSettings()
    expected.location = .sqlite(path: "/etc/relay/relay.db")
    expected.keep = .routed
    expected.retention = .seconds(90 * 60)
    expected.maxBytes = 16 << 20
    expected.deadRetention = .seconds(90 * 86_400)
    expected.unroutedRetention = .seconds(3_600)
    #expect(store == expected)
  }

  @Test func deadLettersAndBodiesMayStayWithoutAnEnd() throws {
    #expect(try configuration(of: oneSource).store.deadRetention == nil)
    #expect(try configuration(of: oneSource).store.unroutedRetention == .seconds(86_400))
    let store = try configuration(
      of: oneSource + "store: { dead_retention: unlimited, unrouted_retention: unlimited }"
    ).store
    #expect(store.deadRetention == nil && store.unroutedRetention == nil)
  }

  /// Whoever has decided it is not told again.
  @Test func anEndOfDeadLettersIsSuggestedWhereNothingIsSaidOfIt() throws {
    func suggestions(_ text: String) throws -> [String] {
      let loaded = try loader().checked(text: oneSource + text, file: "routes.yaml", directory: "/etc/relay")
      #expect(!loaded.warnings.map(\.description).contains { $0.contains("dead") })
      return loaded.suggestions.map(\.description)
    }
    for text in ["", "store: { retention: 1d }"] {
      let told = try suggestions(text)
      #expect(told.count == 1)
      #expect(
        told.first?.contains("suggestion: ") == true && told.first?.contains("store.dead_retention") == true)
    }
    for value in ["90d", "unlimited"] {
      #expect(try suggestions("store: { dead_retention: \(value) }") == [])
    }
  }

  /// The one who sends is to close first: Caddy's proxies do after 2 minutes, Google's load balancers after 10.
  @Test func idleConnectionsStayLongerThanTheUsualProxiesKeepThem() throws {
    #expect(try configuration(of: oneSource).server.idleTimeout == .seconds(660))
  }

  @Test(arguments: ["/huggy/", "//huggy", "/hugg%79", "/huggy"])
  func aSourcesPathIsSpelledInOneWay(path: String) throws {
    let sources = try configuration(of: "sources: { a: { path: '\(path)', token: t } }").sources
    #expect(sources.map(\.path) == ["/huggy"])
  }

  @Test(arguments: [
    "", "server:\nstore:\ndefaults:\ndestinations:\nroutes:\n", "destinations: {}\nroutes: []\n",
  ])
  func whatIsNotSaidIsAsDocumented(text: String) throws {
    let configuration = try configuration(of: oneSource + text)
    #expect(configuration.server == ServerSettings())
    #expect(configuration.server.admin == ListenAddress(host: "127.0.0.1", port: 8081))
    var store = StoreSettings()
    store.location = .sqlite(path: "/etc/relay/data/relay.db")
    #expect(configuration.store == store)
    #expect(configuration.sources == [Source(name: "huggy", tokens: [.init(value: Secret("t"))])])
    #expect(configuration.sources.first?.path == "/huggy")
    #expect(configuration.destinations.isEmpty)
    #expect(configuration.routes.isEmpty)
  }

  @Test func theHashIsTheFirst12DigitsOfTheTextsOwn() throws {
    #expect(
      try configuration(of: oneSource).hash == "hash-of-\(oneSource.utf8.count)-by".prefix(12).description)
  }

  @Test(arguments: [
    ("sqlite:relay.db", nil, "/etc/relay/relay.db"),
    ("sqlite:/var/relay.db", "/var/lib/relay", "/var/relay.db"),
    ("sqlite:relay.db", "/var/lib/relay", "/var/lib/relay/relay.db"),
    ("sqlite:relay.db", "/var/lib/a:/var/lib/b", "/var/lib/a/relay.db"),
    ("sqlite:relay.db", "", "/etc/relay/relay.db"),
  ])
  func theStoreIsInTheStateDirectoryOrBesideTheConfiguration(url: String, state: String?, path: String) throws
  {
    let environment = state.map { ["STATE_DIRECTORY": $0] } ?? [:]
    let store = try configuration(
      of: oneSource + "store: { url: '\(url)', keep: routed }", environment: environment
    )
    .store
    #expect(store.location == .sqlite(path: path))
    #expect(store.keep == .routed)
  }

  @Test func everyKeyOfASourceIsRead() throws {
    let sources = try configuration(
      of: """
        sources:
          huggy:
            path: /hooks/huggy
            token:
              - first
              - { value: "${SECRET}", company: "6618" }
              - value: third
            company: 0015691
            dedupe: 7d
          other: { token: one, dedupe: off }
        """
    ).sources
    let tokens = [
      Source.Token(value: Secret("first")), Source.Token(value: Secret("hunter2"), company: "6618"),
      Source.Token(value: Secret("third")),
    ]
    #expect(
      sources == [
        Source(
          name: "huggy", path: "/hooks/huggy", tokens: tokens, company: "0015691",
          dedupe: .seconds(7 * 86_400)),
        Source(name: "other", tokens: [.init(value: Secret("one"))], dedupe: nil),
      ])
  }

  @Test func aFileWithAByteOrderMarkAndWindowsLinesIsReadAlike() throws {
    let text = oneSource + "server:\n  drain: 1s\nroutes: []\n"
    let windows = "\u{FEFF}" + text.split(separator: "\n").joined(separator: "\r\n") + "\r\n"
    var (plain, other) = (try configuration(of: text), try configuration(of: windows))
    (plain.hash, other.hash) = ("", "")
    #expect(plain == other)
    #expect(
      problems(of: windows + "server2: {}\r\n") == [
        "5:1: server2: unknown key 'server2'; did you mean 'server'?"
      ])
  }

  @Test func everyErrorIsToldAtOnceInTheOrderOfTheFile() {
    let text = """
      server:
        listen: 8080
        admin: 0.0.0.0:8081
      sources:
        huggy:
          token: "${HUGGY_TOKEN}"
          dedupe: 24
      destinations:
        crm:
          url: ftp://user:hunter2@crm.example/hooks
          conncurrency: 16
          http2: yes
          signing_secret: whsec_hunter2
      routes:
        - name: to-crm
          match: { event: [], where: { chat.situation: no } }
          to: crn
      """
    #expect(
      problems(of: text).map { $0.split(separator: ": ")[..<2].joined(separator: " ") } == [
        "2:11 server.listen", "3:10 server.admin", "6:12 sources.huggy.token", "7:13 sources.huggy.dedupe",
        "10:10 destinations.crm.url", "11:5 destinations.crm.conncurrency", "12:12 destinations.crm.http2",
        "13:21 destinations.crm.signing_secret", "16:21 routes.to-crm.match.event",
        "16:50 routes.to-crm.match.where.chat.situation", "17:9 routes.to-crm.to",
      ])
  }

  @Test func aProblemSaysItsFileAndItsSeverity() throws {
    let loader = loader()
    #expect {
      try loader.checked(text: "sources: 1\nx: 1", file: "/etc/relay/routes.yaml", directory: "/etc/relay")
    } throws: { error in
      "\(error)" == """
        /etc/relay/routes.yaml:1:10: sources: expected a mapping of names to sources, found a single value
        /etc/relay/routes.yaml:2:1: x: unknown key 'x'; known here: server, store, sources, defaults, \
        destinations, notify, egress, routes
        """
    }
    let loaded = try loader.checked(text: oneSource, file: "a.yaml", directory: ".")
    #expect(loaded.warnings.map(\.severity) == [.warning])
    #expect(
      loaded.warnings.map(\.description) == [
        "a.yaml:1:1: warning: there are no routes: no event goes anywhere"
      ])
  }
}
