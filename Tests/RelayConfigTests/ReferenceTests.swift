import Foundation
import RelayConfig
import RelayCore
import Testing

@Suite struct ReferenceTests {
  private func token(_ text: String, environment: [String: String] = exampleEnvironment) throws -> String? {
    let text = "sources: { huggy: { token: '\(text)' } }"
    return try configuration(of: text, environment: environment).sources.first?.tokens.first?.value.reveal
  }

  @Test(arguments: [
    ("${SECRET}", "hunter2"), ("a-${SECRET}-${PORT}-z", "a-hunter2-8080-z"),
    ("${NOPE:-some default}", "some default"),
    ("${EMPTY:-full}", "full"), ("x${EMPTY}", "x"), ("x${NOPE:-}", "x"), ("$${SECRET}", "${SECRET}"),
    ("$$${SECRET}", "$${SECRET}"), ("$SECRET", "$SECRET"), ("100$", "100$"), ("${SECRET:-a:-b}", "hunter2"),
    ("${NOPE:-a:-b}", "a:-b"), ("${file:-x}x", nil),
  ])
  func referencesAreReplacedInValues(text: String, value: String?) throws {
    guard let value else {
      #expect(throws: ConfigurationErrors.self) { try token(text) }
      return
    }
    #expect(try token(text) == value)
  }

  @Test(arguments: ["a: [1, 2]", "x\ny: z", "\"", "#", "${SECRET}", "*", "yes", "null"])
  func whatAReferenceBringsCannotBreakTheYAML(value: String) throws {
    let text = route("match:\n  company: ${X}\n  where: { a: \"${X}\" }")
    let match = try configuration(of: text, environment: ["X": value]).routes.first?.match
    #expect(match?.companies == [.text(WildcardPattern(value))])
    #expect(match?.fields.first?.test == .equalsAny([.text(WildcardPattern(value))]))
  }

  @Test func referencesAreReplacedInEveryKindOfValue() throws {
    let environment = [
      "LISTEN": "[::1]:1", "SIZE": "1MiB", "TIME": "3s", "COUNT": "7", "TRUE": "true", "OFF": "off",
      "NAME": "crm",
      "ALL": "unlimited", "STATUS": "410",
    ]
    let configuration = try configuration(
      of: """
        server: { listen: "${LISTEN}", max_body: "${SIZE}", drain: "${TIME}", max_connections: "${COUNT}" }
        sources: { huggy: { token: t, dedupe: "${OFF}" } }
        destinations:
          crm:
            url: http://${NAME}.example
            http2: ${TRUE}
            permanent: ["${STATUS}"]
            retry: { max_attempts: "${ALL}" }
        routes:
          - name: to-${NAME}
            to: ${NAME}
            stop: ${TRUE}
        """, environment: environment)
    #expect(configuration.server.listen == ListenAddress(host: "::1", port: 1))
    #expect(configuration.server.maxBodyBytes == 1 << 20)
    #expect(configuration.server.drain == .seconds(3))
    #expect(configuration.server.maxConnections == 7)
    #expect(configuration.sources.first?.dedupe == nil)
    #expect(configuration.destinations.first?.url == Secret("http://crm.example"))
    #expect(configuration.destinations.first?.usesHTTP2 == true)
    #expect(configuration.destinations.first?.permanentStatuses == [410])
    #expect(configuration.destinations.first?.retry.maxAttempts == nil)
    #expect(configuration.routes == [Route(name: "to-crm", action: .deliver(to: ["crm"]), stop: true)])
  }

  @Test(arguments: [
    ("secret\n", "secret"), ("secret\r\n", "secret"), ("a\n\n", nil), ("secret", "secret"), ("", nil),
  ])
  func aFileIsReadWithoutItsTrailingNewline(contents: String, token: String?) throws {
    let directory = try TemporaryDirectory()
    try directory.write(contents, to: "token")
    let text = "sources: { huggy: { token: \"${file:token}\" } }"
    let loaded = try? loader().checked(text: text, file: "routes.yaml", directory: directory.path)
    // Two newlines leave one, which no token can hold; and an empty token is none.
    #expect(loaded?.configuration.sources.first?.tokens.first?.value.reveal == token)
  }

  /// As systemd's LoadCredential= hands them over.
  @Test func aFilesPathMayHoldVariables() throws {
    let directory = try TemporaryDirectory()
    try directory.write("secret\n", to: "token")
    func loaded(_ path: String) throws -> LoadedConfiguration {
      try loader(environment: ["CREDENTIALS_DIRECTORY": directory.path, "NAME": "token"]).checked(
        text: "sources: { huggy: { token: \"${file:\(path)}!\" } }", file: "routes.yaml", directory: "/")
    }
    for path in [
      "${CREDENTIALS_DIRECTORY}/token", "${CREDENTIALS_DIRECTORY}/${NAME}",
      "${NOPE:-\(directory.path)}/token",
    ] {
      #expect(try loaded(path).configuration.sources.first?.tokens.first?.value.reveal == "secret!")
    }
    #expect(try loaded("${CREDENTIALS_DIRECTORY}/token").variables == ["CREDENTIALS_DIRECTORY"])
    #expect(throws: ConfigurationErrors.self) { try loaded("${file:token}") }
  }

  @Test func theVariablesThatItRefersToAreKnown() throws {
    let text = "sources: { huggy: { token: \"${SECRET}-${NOPE:-x}-$${PORT}\" } }"
    let loaded = try loader().checked(text: text, file: "routes.yaml", directory: "/")
    #expect(loaded.variables == ["NOPE", "SECRET"])
  }

  @Test func aFileThatIsTooLargeIsRefused() throws {
    let directory = try TemporaryDirectory()
    try directory.write(String(repeating: "x", count: 64 << 10), to: "fits")
    try directory.write(String(repeating: "x", count: (64 << 10) + 1), to: "large")
    func text(_ name: String) -> String {
      "sources: { huggy: { token: \"${file:\(directory.path)/\(name)}\" } }"
    }
    #expect(problems(of: text("fits")) == ["1:1: warning: there are no routes: no event goes anywhere"])
    #expect(problems(of: text("large")).first?.contains("the file is larger than 64 KiB") == true)
  }
}

/// A directory that goes with its value.
final class TemporaryDirectory {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "relay-config-\(UUID())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
