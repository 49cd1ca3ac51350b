import RelayConfig
import RelayCore
import Testing

/// `server.admin_tls` is read as `server.tls` is.
@Suite struct AdminTLSConfigTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("-----BEGIN CERTIFICATE-----\n", to: "server.pem")
    try directory.write("-----BEGIN PRIVATE KEY-----\n", to: "server.key")
  }

  private func load(_ server: String, problem: String? = nil) throws -> (Configuration, [String]) {
    let text = "server: { \(server) }\nsources: { huggy: { token: t } }\n"
    let loader = ConfigurationLoader(
      environment: [:], listenerProblem: { _ in problem }, now: { exampleNow }
    ) { _ in "" }
    let loaded = try loader.checked(text: text, directory: directory.path)
    return (
      loaded.configuration, loaded.warnings.map(\.description).filter { $0.contains("server.admin_tls") }
    )
  }

  @Test func itIsTheAdminListenersAlone() throws {
    let (configuration, warnings) = try load(
      "admin_tls: { certificate: server.pem, key: server.key, client_ca: server.pem }")
    let file = "\(directory.path)/server"
    #expect(
      configuration.server.adminTLS
        == ListenerTLS(certificate: "\(file).pem", key: "\(file).key", clientAuthority: "\(file).pem"))
    #expect(configuration.server.tls == nil && warnings == [])
    let shown = configuration.tree.yaml()
    #expect(shown.contains("admin_tls:") && shown.contains("\(file).key"), "\(shown)")
  }

  @Test func whatDoesNotFitIsSaidWhereItStands() throws {
    let tls = "admin_tls: { certificate: server.pem, key: server.key }"
    let error = #expect(throws: ConfigurationErrors.self) { try load(tls, problem: "they do not fit") }
    #expect(
      error?.problems.map(\.description) == ["routes.yaml:1:22: server.admin_tls: they do not fit"])
    let (_, warnings) = try load("admin: off, \(tls)")
    #expect(warnings.count == 1 && warnings[0].contains("server.admin_tls: server.admin is off"))
  }
}
