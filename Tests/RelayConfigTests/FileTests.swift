import Foundation
import RelayConfig
import RelayCore
import Testing

@Suite struct FileTests {
  private func problems(path: String) -> [String] {
    do {
      return try loader().load(path: path).warnings.map(\.description)
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test func aMissingFileIsOneErrorThatSaysWhatToDo() {
    let expected = "/no/such.yaml:1:1: there is no such file; name the configuration file with --config"
    #expect(problems(path: "/no/such.yaml") == [expected])
  }

  @Test func aDirectoryIsNoConfiguration() {
    let expected = "/:1:1: the file can't be read (Is a directory); name the configuration file with --config"
    #expect(problems(path: "/") == [expected])
  }

  @Test func aFileThatIsNotUTF8NamesItsLine() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/routes.yaml"
    try Data(Array("server: {}\n# caf".utf8) + [0xE9, 0x0A]).write(to: URL(filePath: path))
    #expect(problems(path: path) == ["\(path):2:1: this line is not UTF-8; save the file as UTF-8"])
  }

  @Test func aFileLargerThan1MiBIsRefused() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/routes.yaml"
    let padding = { (size: Int) in oneSource + String(repeating: "#", count: size - oneSource.utf8.count) }
    try directory.write(padding(1 << 20), to: "routes.yaml")
    #expect(problems(path: path) == ["\(path):1:1: warning: there are no routes: no event goes anywhere"])
    try directory.write(padding((1 << 20) + 1), to: "routes.yaml")
    let expected = "\(path):1:1: the file is larger than 1024 KiB; name the configuration file with --config"
    #expect(problems(path: path) == [expected])
    #expect(
      RelayConfigTests.problems(of: padding((1 << 20) + 1)) == ["1:1: the file is larger than 1024 KiB"])
  }

  @Test func relativePathsAreRelativeToTheConfiguration() throws {
    let directory = try TemporaryDirectory()
    try directory.write("-----BEGIN CERTIFICATE-----\n", to: "ca.pem")
    try directory.write("secret\n", to: "token")
    let text = """
      sources: { huggy: { token: "${file:token}" } }
      destinations: { crm: { url: "https://crm.example", tls: { ca: ca.pem } } }
      """
    try directory.write(text, to: "routes.yaml")
    let configuration = try loader().load(path: "\(directory.path)/routes.yaml").configuration
    #expect(configuration.store.location == .sqlite(path: "\(directory.path)/data/relay.db"))
    #expect(configuration.destinations.first?.tls.authorityFile == "\(directory.path)/ca.pem")
    #expect(configuration.sources.first?.tokens == [.init(value: Secret("secret"))])
  }

  @Test func otherContentsOfAnAuthorityFileAreAnotherConfiguration() throws {
    let directory = try TemporaryDirectory()
    let text = """
      sources: { huggy: { token: "${HUGGY_TOKEN:-t}" } }
      destinations: { crm: { url: "https://crm.example", tls: { ca: ca.pem } } }
      """
    try directory.write(text, to: "routes.yaml")
    func load() throws -> Configuration {
      try loader().load(path: "\(directory.path)/routes.yaml").configuration
    }
    try directory.write("-----BEGIN CERTIFICATE-----\none\n", to: "ca.pem")
    let one = try load()
    #expect(try load() == one)
    try directory.write("-----BEGIN CERTIFICATE-----\ntwo\n", to: "ca.pem")
    let two = try load()
    #expect(two != one)
    #expect(two.hash == one.hash)
    #expect(!two.destinations[0].differsAtMostInPause(from: one.destinations[0]))
  }

  @Test func aKeyInAnAuthoritysPlaceIsAnError() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/routes.yaml"
    try directory.write("-----BEGIN PRIVATE KEY-----\n", to: "ca.pem")
    try directory.write(
      #"destinations: { crm: { url: "https://crm.example", tls: { ca: ca.pem } } }"#, to: "routes.yaml")
    let expected =
      "\(path):1:63: destinations.crm.tls.ca: 'ca.pem' holds no certificate; it has no line "
      + "-----BEGIN CERTIFICATE-----"
    #expect(problems(path: path).contains(expected))
  }

  @Test func beforeABareFileNamePathsStayRelative() throws {
    let configuration = try loader().checked(text: oneSource, file: "routes.yaml", directory: ".")
      .configuration
    #expect(configuration.store.location == .sqlite(path: "data/relay.db"))
  }
}
