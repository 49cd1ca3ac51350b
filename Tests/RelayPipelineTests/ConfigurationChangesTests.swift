import RelayCore
import Testing

@testable import RelayPipeline

@Suite struct ConfigurationChangesTests {
  private static func destination(_ name: String, _ change: (inout Destination) -> Void = { _ in })
    -> Destination
  {
    var destination = Destination(name: name, url: Secret("http://\(name).example"))
    change(&destination)
    return destination
  }

  private static let base = Configuration(
    sources: [Source(name: "huggy", tokens: [Source.Token(value: Secret("t"))])],
    destinations: [destination("crm"), destination("bi")],
    routes: [Route(name: "a", action: .drop), Route(name: "b", action: .deliver(to: ["crm"]))])

  private func changes(_ change: (inout Configuration) -> Void) -> ConfigurationChanges {
    var new = Self.base
    change(&new)
    return ConfigurationChanges(from: Self.base, to: new)
  }

  @Test func nothingIsToldOfTheSameConfiguration() {
    let same = changes { $0.hash = "other" }
    #expect(same.isEmpty)
    #expect(same.texts.isEmpty)
  }

  @Test func whatWasAddedRemovedOrChangedIsToldByName() {
    let told = changes {
      $0.destinations = [Self.destination("audit"), Self.destination("crm") { $0.concurrency = 3 }]
      $0.sources[0].path = "/other"
      $0.routes[1].action = .deliver(to: ["audit"])
      $0.routes.append(Route(name: "c", action: .drop))
    }
    #expect(told.destinations == .init(added: ["audit"], removed: ["bi"], changed: ["crm"]))
    #expect(told.sources == .init(changed: ["huggy"]))
    #expect(told.routes == .init(added: ["c"], changed: ["b"]))
    #expect(!told.isRouteOrderChanged && !told.areSecretsChanged && told.limits.isEmpty)
    #expect(
      told.texts.map { "\($0.name): \($0.text)" } == [
        "destinations: +audit -bi ~crm", "sources: ~huggy", "routes: +c ~b",
      ])
  }

  @Test func anotherLineOfTheFileIsNoChange() {
    var before = Self.base
    before.destinations[0].pausedAt = "routes.yaml:3"
    var after = before
    after.destinations[0].pausedAt = "routes.yaml:4"
    #expect(ConfigurationChanges(from: before, to: after).isEmpty)
    after.destinations[0].pausedAt = nil
    #expect(ConfigurationChanges(from: before, to: after).destinations.changed == ["crm"])
  }

  @Test func anotherOrderOfTheRoutesIsAChange() {
    #expect(changes { $0.routes.reverse() }.isRouteOrderChanged)
    #expect(!changes { $0.routes.insert(Route(name: "new", action: .drop), at: 0) }.isRouteOrderChanged)
  }

  @Test func receiversOfNoticesAreToldByName() {
    var old = Self.base
    old.notify = [
      NoticeReceiver(name: "ops", url: Secret("https://a.example")),
      NoticeReceiver(name: "boss", url: Secret("https://b.example")),
    ]
    var new = old
    new.notify[0].patience = .seconds(1)
    new.notify[1].name = "night"
    let told = ConfigurationChanges(from: old, to: new)
    #expect(told.notify == .init(added: ["night"], removed: ["boss"], changed: ["ops"]))
    #expect(told.texts.map { "\($0.name): \($0.text)" } == ["notify: +night -boss ~ops"])
    #expect(!told.areSecretsChanged)
    new.notify[0].url = Secret("https://other.example")
    #expect(ConfigurationChanges(from: old, to: new).areSecretsChanged)
  }

  @Test func limitsAreToldByTheirKeys() {
    let told = changes {
      $0.server.maxBodyBytes = 7
      $0.server.adminHosts = ["relay.example"]
      $0.server.drain = .seconds(1)
      $0.store.retention = .seconds(1)
      $0.store.keep = .routed
      $0.store.deadRetention = .seconds(1)
      $0.store.unroutedRetention = nil
    }
    #expect(
      told.limits == [
        "server.admin_hosts", "server.max_body", "server.drain", "store.keep", "store.retention",
        "store.dead_retention", "store.unrouted_retention",
      ])
  }

  @Test(
    arguments: [
      { $0.sources[0].tokens[0].value = Secret("u") },
      { $0.destinations[0].authorization = .bearer(Secret("x")) },
      { $0.destinations[0].signingSecrets = [SigningSecret(key: [0xFF])] },
      { $0.destinations[1].headers = [Destination.Header(name: "X-Key", value: Secret("x"))] },
      { $0.server.adminToken = Secret("x") },
    ] as [@Sendable (inout Configuration) -> Void])
  func thatASecretIsAnotherIsToldAndNotWhatItIs(change: @Sendable (inout Configuration) -> Void) {
    let told = changes(change)
    #expect(told.areSecretsChanged)
    #expect(told.texts.contains { $0.name == "secrets" && $0.text == "changed" })
  }

  @Test func ofManyNamesSomeAreShown() {
    let told = changes { new in
      new.routes += (0..<25).map { Route(name: "r\($0)", action: .drop) }
    }
    #expect(told.texts.first?.text.hasSuffix("+r19 +5 more") == true)
  }
}
