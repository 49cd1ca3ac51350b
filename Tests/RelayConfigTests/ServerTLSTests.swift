import RelayConfig
import RelayCore
import Testing

@Suite struct ServerTLSTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("-----BEGIN CERTIFICATE-----\n", to: "server.pem")
    try directory.write("-----BEGIN PRIVATE KEY-----\n", to: "server.key")
  }

  private func load(
    _ tls: String, problem: String? = nil, resolvesReferences: Bool = true
  ) throws -> Configuration {
    let text = "server: { tls: \(tls) }\nsources: { huggy: { token: t } }\n"
    let loader = ConfigurationLoader(
      environment: ["PEM": "server.pem"], resolvesReferences: resolvesReferences,
      listenerProblem: { _ in problem }, now: { exampleNow }
    ) { _ in "" }
    return try loader.checked(text: text, directory: directory.path).configuration
  }

  private func problems(_ tls: String, problem: String? = nil) -> [String] {
    do {
      _ = try load(tls, problem: problem)
      return []
    } catch {
      return (error as? ConfigurationErrors)?.problems.map(\.description) ?? ["\(error)"]
    }
  }

  @Test func itsFilesAreRelativeToTheConfiguration() throws {
    let configuration = try load("{ certificate: \"${PEM}\", key: server.key, client_ca: server.pem }")
    let expected = ListenerTLS(
      certificate: "\(directory.path)/server.pem", key: "\(directory.path)/server.key",
      clientAuthority: "\(directory.path)/server.pem")
    #expect(configuration.server.tls == expected)
    let shown = configuration.tree.yaml()
    for line in [
      "certificate: \"\(expected.certificate)\"", "key: \"\(expected.key)\"",
      "client_ca: \"\(expected.certificate)\"",
    ] {
      #expect(shown.replacing("\"", with: "").contains(line.replacing("\"", with: "")), "\(shown)")
    }
  }

  @Test func withoutReferencesNoFileIsLookedAt() throws {
    let configuration = try load(
      "{ certificate: no.pem, key: \"${KEY}\" }", problem: "never asked", resolvesReferences: false)
    #expect(configuration.server.tls != nil)
  }

  @Test func whatDoesNotFitIsSaidWhereItStands() {
    #expect(
      problems("{ certificate: server.pem }") == [
        "routes.yaml:1:16: server.tls: key is missing; write { certificate: server.pem, key: server.key }"
      ])
    #expect(
      problems("{ certificate: server.key, key: server.key }") == [
        "routes.yaml:1:31: server.tls.certificate: 'server.key' holds no certificate; it has no line -----BEGIN CERTIFICATE-----"
      ])
    #expect(
      problems("{ certificate: server.pem, key: server.pem }") == [
        "routes.yaml:1:48: server.tls.key: 'server.pem' holds no private key; it has no line -----BEGIN PRIVATE KEY-----"
      ])
    #expect(
      problems("{ certificate: server.pem, key: server.key }", problem: "they do not fit") == [
        "routes.yaml:1:16: server.tls: they do not fit"
      ])
  }
}
