import RelayConfig
import RelayCore
import Testing

/// `destinations.NAME.tls.certificate` and `key`.
@Suite struct ClientCertificateTests {
  private static let key = "-----BEGIN PRIVATE KEY-----\nhunter2\n"
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("-----BEGIN CERTIFICATE-----\n", to: "client.pem")
    try directory.write(Self.key, to: "client.key")
    try directory.write("-----BEGIN CERTIFICATE-----\n" + Self.key, to: "both.pem")
  }

  private func load(
    _ tls: String, defaults: String = "{}", _ inspection: ClientCertificate.Inspection? = nil,
    resolvesReferences: Bool = true
  ) throws -> LoadedConfiguration {
    let text = """
      defaults: \(defaults)
      sources: { huggy: { token: "${TOKEN}" } }
      destinations: { crm: { url: "https://crm.example", tls: \(tls) } }
      routes: [{ name: all, to: crm }]
      """
    let loader = ConfigurationLoader(
      environment: ["PEM": "client.pem", "TOKEN": "t"], resolvesReferences: resolvesReferences,
      inspectClient: { _ in inspection }, now: { exampleNow }
    ) { _ in "" }
    return try loader.checked(text: text, directory: directory.path)
  }

  private func problems(_ tls: String, _ inspection: ClientCertificate.Inspection? = nil) -> [String] {
    do {
      return try load(tls, inspection).warnings.map(\.description)
    } catch {
      return (error as? ConfigurationErrors)?.problems.map(\.description) ?? ["\(error)"]
    }
  }

  private func client(_ tls: String, defaults: String = "{}") throws -> ClientCertificate? {
    try load(tls, defaults: defaults).configuration.destinations[0].tls.client
  }

  @Test func itsFilesAreRelativeToTheConfigurationAndReadWithIt() throws {
    let client = try #require(try client("{ certificate: \"${PEM}\", key: client.key }"))
    #expect(client.certificateFile == "\(directory.path)/client.pem")
    #expect(client.keyFile == "\(directory.path)/client.key")
    #expect(client.certificate == Array("-----BEGIN CERTIFICATE-----\n".utf8))
    #expect(client.key == Secret(Self.key))
  }

  @Test func oneFileMayHoldBoth() throws {
    let client = try #require(try client("{ certificate: both.pem, key: both.pem }"))
    #expect(client.certificateFile == client.keyFile)
  }

  @Test func theDefaultsOneIsEachDestinationsUnlessItHasAnother() throws {
    let defaults = "{ tls: { certificate: client.pem, key: client.key } }"
    #expect(
      try client("{ verify: true }", defaults: defaults)?.certificateFile.hasSuffix("/client.pem") == true)
    let other = try client("{ certificate: both.pem, key: both.pem }", defaults: defaults)
    #expect(other?.certificateFile.hasSuffix("/both.pem") == true)
  }

  @Test func itIsShownByItsFilesAlone() throws {
    let loaded = try load("{ certificate: client.pem, key: client.key }")
    let shown = loaded.configuration.tree.yaml()
    #expect(shown.contains("client.pem") && shown.contains("client.key"))
    #expect(!shown.contains("hunter2") && !"\(loaded.configuration)".contains("hunter2"))
  }

  @Test func otherContentsOfTheKeysFileAreAnotherDestination() throws {
    let before = try load("{ certificate: client.pem, key: client.key }").configuration
    try directory.write(Self.key + "other\n", to: "client.key")
    let after = try load("{ certificate: client.pem, key: client.key }").configuration
    #expect(before.hash == after.hash && before != after)
    #expect(!before.destinations[0].differsAtMostInPause(from: after.destinations[0]))
    let differences = "\(before.tree.differences(to: after.tree))"
    #expect(differences.contains("key") && !differences.contains("hunter2") && !differences.contains("other"))
  }

  @Test func withoutReferencesNoFileIsLookedAt() throws {
    let loaded = try load(
      "{ certificate: no.pem, key: \"${KEY}\" }", .unusable(.key, "never asked"), resolvesReferences: false)
    #expect(loaded.configuration.destinations[0].tls.client != nil)
  }

  @Test func whatIsWrongIsSaidWhereItStands() {
    let place = "routes.yaml:3:"
    #expect(
      problems("{ certificate: client.pem }") == [
        "\(place)72: destinations.crm.tls.certificate: key is missing beside it; write "
          + "{ certificate: client.pem, key: client.key }, or name the same file twice if it holds both"
      ])
    #expect(
      problems("{ key: client.key }").first?.contains("tls.key: certificate is missing beside it") == true)
    #expect(
      problems("{ certificate: client.pem, key: client.pem }") == [
        "\(place)89: destinations.crm.tls.key: 'client.pem' holds no private key; it has no line -----BEGIN PRIVATE KEY-----"
      ])
    #expect(
      problems("{ certificate: no.pem, key: client.key }").first?.contains("there is no such file") == true)
    for (file, words) in [
      (ClientCertificate.File.key, "89: destinations.crm.tls.key: '"),
      (.certificate, "72: destinations.crm.tls.certificate: '"),
    ] {
      let found = problems("{ certificate: client.pem, key: client.key }", .unusable(file, "they do not fit"))
      #expect(found.count == 1)
      #expect(found[0].hasPrefix("\(place)\(words)") && found[0].hasSuffix("' they do not fit"))
    }
  }

  @Test func oneThatHasEndedIsWarnedOf() {
    func problems(_ end: String) -> [String] {
      self.problems(
        "{ certificate: client.pem, key: client.key }",
        .usable(subject: "CN=relay", end: Timestamp(rfc3339: end)!))
    }
    #expect(problems("2026-12-01T00:00:01Z").isEmpty)
    #expect(
      problems("2026-12-01T00:00:00Z").first?.contains(
        "tls.certificate: CN=relay has ended on 2026-12-01T00:00:00") == true)
  }
}
