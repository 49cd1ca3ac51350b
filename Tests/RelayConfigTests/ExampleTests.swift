import Foundation
import RelayConfig
import RelayCore
import Testing

@Suite struct ExampleTests {
  static let path = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../routes.yaml.example").standardizedFileURL.path

  /// The secrets that it asks for, and no more.
  static let secrets = [
    "HUGGY_TOKEN": "a", "HUGGY_NORTH_TOKEN": "b", "HUGGY_SOUTH_TOKEN": "c", "ANALYTICS_TOKEN": "d",
    "BILLING_PASSWORD": "e", "CRM_SIGNING_SECRET": "whsec_ZXhhbXBsZS1rZXktZm9yLXRoZS1zaW5rLW9ubHk=",
  ]

  @Test func eachSecretThatIsMissingIsToldAndNoneIsPublic() throws {
    #expect(throws: ConfigurationErrors.self) { try loader(environment: [:]).load(path: Self.path) }
    for name in Self.secrets.keys {
      var environment = Self.secrets
      environment[name] = nil
      let told = problems(
        of: try String(contentsOfFile: Self.path, encoding: .utf8), environment: environment)
      #expect(told.count == 1)
      #expect(told.first?.contains("the environment has no \(name); set it") == true)
    }
  }

  @Test func theExampleIsValidOnceItHasItsSecrets() throws {
    let loaded = try loader(environment: Self.secrets).load(path: Self.path)
    #expect(loaded.warnings == [])
    #expect(loaded.configuration.sources.map(\.name) == ["huggy", "huggy-branches"])
    #expect(loaded.configuration.destinations.map(\.name) == ["crm", "analytics", "billing"])
    #expect(loaded.configuration.routes.count == 6)
  }

  @Test func theExampleSaysTheDefaultsAsTheyAre() throws {
    let configuration = try loader(environment: Self.secrets).load(path: Self.path).configuration
    #expect(configuration.server == ServerSettings())
    var store = StoreSettings()
    store.location = .sqlite(path: Self.path.replacing("routes.yaml.example", with: "data/relay.db"))
    #expect(configuration.store == store)
    let crm = try #require(configuration.destinations.first)
    let plain = Destination(name: "crm", url: crm.url)
    #expect(crm.retry == plain.retry)
    #expect(crm.permanentStatuses == plain.permanentStatuses)
    #expect((crm.timeout, crm.connectTimeout) == (plain.timeout, plain.connectTimeout))
    #expect(crm.maxIdle == plain.maxIdle)
    #expect(crm.concurrency == plain.concurrency)
    #expect(crm.rate == plain.rate)
    #expect(crm.batch == plain.batch)
    #expect(crm.circuit == plain.circuit)
    #expect(crm.maxBacklog == plain.maxBacklog)
    #expect(crm.lateAfter == plain.lateAfter)
    #expect(crm.pausedAt == plain.pausedAt)
    #expect(crm.tls == plain.tls)
    let billing = try #require(configuration.destinations.last)
    #expect(billing.ordering == plain.ordering)
  }
}
