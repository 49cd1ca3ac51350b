import Foundation
import RelayTools
import Testing

@Suite struct CommandTests {
  @Test func checkPrintsEveryErrorAndExits78() throws {
    let setting = try Setting(
      """
      sources: { huggy: { tokn: x } }
      destinations: { crm: { url: ftp://x/, timeout: 5 } }
      routes: [{ name: all, to: crmm }]
      """)
    let checked = try Setting.run(["check", "--config", setting.configuration])
    #expect(checked.status == 78)
    let lines = checked.errors.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.allSatisfy { $0.hasPrefix(setting.configuration + ":") })
    #expect(checked.errors.contains("did you mean 'token'"))
  }

  @Test func checkOfAValidFileExits0() throws {
    let setting = try Setting("sources: { huggy: { token: \"${HUGGY_TOKEN}\" } }")
    let missing = try Setting.run(["check", "--config", setting.configuration])
    #expect(missing.status == 78)
    #expect(missing.errors.contains("HUGGY_TOKEN"))
    let checked = try Setting.run(["check", "--config", setting.configuration, "--no-env"])
    #expect(checked.status == 0, "\(checked.errors)")
  }

  @Test func serveWithAWrongConfigurationExits78() throws {
    let setting = try Setting("sources: []")
    let relay = try setting.start()
    #expect(relay.waitForExit() == 78)
  }

  @Test func aWrongOptionExits64() throws {
    #expect(try Setting.run(["serve", "--no-such-option"]).status == 64)
    #expect(try Setting.run(["sink", "--status", "7"]).status == 64)
  }

  @Test func explainReadsStandardInputAndGivesReasons() throws {
    let setting = try Setting(
      """
      sources: { huggy: {} }
      destinations: { crm: { url: "http://127.0.0.1:9/" } }
      routes:
        - { name: email-only, match: { channel: email }, to: crm }
        - { name: chats, match: { event: createdChat }, to: crm }
      """)
    let explained = try Setting.run(
      ["explain", "--config", setting.configuration, "-"],
      input: Fixtures.envelope("created-chat-token-inside-messages.json"))
    #expect(explained.status == 0)
    #expect(explained.output.contains("wants channel: email; saw widget"))
    #expect(explained.output.contains("→ crm"))
    let refused = try Setting.run(
      ["explain", "--config", setting.configuration, "-"], input: Array("{".utf8))
    #expect(refused.status == 1)
    #expect(refused.errors.contains("400"))
  }

  @Test func secretPrintsANewSigningSecretEachTime() throws {
    let (first, second) = (try Setting.run(["secret"]), try Setting.run(["secret"]))
    #expect(first.output.hasPrefix("whsec_"))
    #expect(first.output != second.output)
  }

  @Test func simulateShakesHandsAndHasAllAccepted() throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: { token: the-token } }
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let played = try Setting.run(
      ["simulate", "--to", url + "/huggy", "--token", "the-token", "--rate", "500", "--count", "60"])
    #expect(played.status == 0, "\(played.output)")
    let wrong = try Setting.run(["simulate", "--to", url + "/huggy", "--token", "other", "--count", "1"])
    #expect(wrong.status == 1)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func theVersionIsPrinted() throws {
    let version = try Setting.run(["--version"])
    #expect(version.status == 0)
    #expect(version.output.contains("."))
  }
}
