import Foundation
import RelayHarness
import RelayTestSupport
import Testing

/// A relay that holds a secret of every kind is driven through everything that it does, and all that it prints and answers is searched for
/// each of them, in every form.
@Suite(.timeLimit(.minutes(15))) struct SecretAuditTests {
  /// What somebody writes where a name belongs is a name, and is told back to them as one: a coding in a header, a key of a body, and
  /// (`spare`) a key of routes.yaml, a source and a destination in commands.
  private static let toldBack = [
    "spare in ", "source token in POST huggy: 415", "server.admin_token in POST login: 400",
    "server.admin_tokens[0] in POST login: 400",
  ]

  @Test func nothingThatIsPrintedOrAnsweredShowsASecret() async throws {
    let audit = try SecretAudit()
    try audit.lookAtTheFile()
    try audit.start()
    try audit.sendEnvelopes()
    try audit.learnAToken()
    try await audit.waitForDeadLetters()
    try audit.runCommands()
    try audit.askEverything()
    try audit.askWithWrongTokens()
    try audit.reloadFaultyFiles()
    try audit.misuseCommands()
    try audit.crash(by: SIGABRT)
    try audit.start("--log-format", "text")
    try audit.sendEnvelopes()
    try audit.crash(by: SIGSEGV)
    audit.receiver.stop()
    #expect(audit.haul.pieces.count > 150)
    let leaks = audit.haul.leaks(of: audit.secrets).filter { leak in
      !Self.toldBack.contains { leak.hasPrefix($0) }
    }
    #expect(leaks == [])
  }

  /// Broken by a search that finds nothing whatever there is.
  @Test func theSearchFindsEachForm() throws {
    var secrets = PlantedSecrets()
    let text = secrets.text("text")
    let key = secrets.signingSecret("key", prefix: "whsec_")
    let bytes = try #require(Data(base64Encoded: String(key.dropFirst(6))))
    let encoded = Data("user:\(text)".utf8).base64EncodedString()
    for seen in [
      text, "x\(text.prefix(16))", text.replacing("/", with: "%2F"), encoded,
      Data("ab\(text)".utf8).base64EncodedString(), Data("a\(text)".utf8).base64EncodedString(), key,
      String(key.suffix(24)), key.replacing("+", with: "-").replacing("/", with: "_"),
      bytes.map { String(format: "%02x", $0) }.joined(), bytes.map { String(format: "%02X", $0) }.joined(),
    ] {
      var haul = Haul()
      haul.add("somewhere", "before \(seen) after")
      #expect(!haul.leaks(of: secrets).isEmpty, "\(seen)")
    }
    var raw = Haul()
    raw.add("somewhere", Array("x".utf8) + Array(bytes))
    #expect(!raw.leaks(of: secrets).isEmpty)
    var clean = Haul()
    clean.add("somewhere", "[secret] \(UUID())")
    #expect(clean.leaks(of: secrets) == [])
  }

  /// The password of a database, with a server that does not answer and with one that does.
  @Test func aDatabasesPasswordIsShownNowhere() throws {
    var (secrets, haul) = (PlantedSecrets(), Haul())
    let password = secrets.text("database", plain: true)
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      store: { url: "postgres://relay:\(password)@127.0.0.1:9/relay?connect_timeout=5" }
      sources: { huggy: {} }
      """)
    for command in [
      ["check"], ["config", "show"], ["doctor"], ["serve"], ["serve", "--log-format", "text"],
      ["store", "verify"],
      ["store", "migrate", "--to", "postgres://relay:\(password)@127.0.0.1:9/relay"],
      ["store", "migrate", "--to", "postgres://relay:\(password)@[::/relay"],
      ["store", "migrate", "--to", "relay:\(password)@127.0.0.1"],
    ] {
      let done = try Setting.run(command + ["--config", setting.configuration])
      haul.add(command.prefix(3).joined(separator: " "), done.output + done.errors)
    }
    try setting.rewrite(
      "store: { url: \"postgres://relay:\(password)@127.0.0.1:x/relay\" }\nsources: { huggy: {} }")
    let faulty = try Setting.run(["check", "--config", setting.configuration])
    #expect(faulty.status == 78)
    haul.add("check of a wrong address", faulty.output + faulty.errors)
    #expect(haul.pieces.allSatisfy { !$0.bytes.isEmpty })
    #expect(haul.leaks(of: secrets) == [])
  }

  /// A crash writes no memory anywhere: the limit holds before anything is read.
  @Test func theProcessLeavesNoMemoryDump() throws {
    let setting = try Setting("server: { listen: \"127.0.0.1:0\", admin: off }\nsources: { huggy: {} }")
    let relay = try setting.start()
    _ = try #require(relay.ingestURL())
    let limits = try String(contentsOfFile: "/proc/\(relay.processID)/limits", encoding: .utf8)
    let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
    let values = line.dropFirst("Max core file size".count).split(separator: " ").prefix(2).map(String.init)
    #expect(values.allSatisfy { $0 == "1" || $0 == "0" } && values[0] == values[1], "\(line)")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }
}
