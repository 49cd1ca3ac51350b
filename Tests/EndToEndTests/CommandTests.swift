import Foundation
import RelayCurl
import RelayHarness
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

  @Test(
    .enabled(
      if: geteuid() == 0 && access("/usr/sbin/ip", X_OK) == 0,
      "needs root and iproute2, for a network namespace"))
  func localhostIsListenedOnWhereThereIsNoIPv6() throws {
    let setting = try Setting(
      """
      server: { listen: "localhost:0", admin: "localhost:0" }
      sources: { huggy: {} }
      """)
    let script = """
      set -e
      none=/proc/sys/net/ipv6/conf/all/disable_ipv6
      [ ! -e $none ] || echo 1 > $none
      ip link set lo up
      exec \(Setting.binary) serve --config \(setting.configuration) --log-format json
      """
    let relay = try RelayProcess(executable: "/usr/bin/unshare", arguments: ["-n", "sh", "-c", script])
    #expect(relay.adminURL() != nil, "\(relay.log)")
    #expect(relay.ingestURL() != nil, "\(relay.log)")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  /// It would be a file of that name.
  @Test func aBackupToStandardOutputIsRefused() throws {
    let refused = try Setting.run(["store", "backup", "-", "--admin", "http://127.0.0.1:9"])
    #expect(refused.status == 64)
    #expect(refused.output == "" && refused.errors.contains("to a file, not to standard output"))
  }

  @Test(arguments: [
    ("retry", ["dead", "discarded", "overflowed"], "delivered"),
    ("discard", ["dead", "pending"], "discarded"),
  ])
  func aStateThatAVerbDoesNotTakeIsRefusedAndNotListed(verb: String, states: [String], other: String) throws {
    let refused = try Setting.run([verb, "--state", other, "--admin", "http://127.0.0.1:9"])
    #expect(refused.status == 64)
    #expect(states.allSatisfy(refused.errors.contains), "\(refused.errors)")
    let help = try Setting.run([verb, "--help"]).output
    #expect(states.allSatisfy(help.contains) && !help.contains("(values:"), "\(help)")
  }

  @Test func serveWithAWrongConfigurationExits78() throws {
    let setting = try Setting("sources: []")
    let relay = try setting.start()
    #expect(relay.waitForExit() == 78)
  }

  /// U+009B begins an escape sequence as ESC [ does, U+202E turns text around, U+2028 ends a line.
  @Test func whatASenderWroteMovesNoTerminal() throws {
    let forged = "\u{9B}31m\u{202E}\u{2028}"
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://127.0.0.1:9/" } }
      routes: [{ name: all, match: { where: { x: 1 } }, to: crm }]
      """)
    let explained = try Setting.run(
      ["explain", "--config", setting.configuration, "-"],
      input: Array(
        #"{"messages":{"\#(forged)":[{"x":"\#(forged)","company":{"id":"\#(forged)"}}],"b\#(forged)":[1]}}"#
          .utf8))
    #expect(explained.status == 0)
    for format in ["json", "text"] {
      let relay = try RelayProcess(
        executable: Setting.binary,
        arguments: ["serve", "--config", setting.configuration, "--log-format", format])
      let line = try #require(relay.waitForLine(containing: "listening"))
      let address = try #require(line.firstMatch(of: /127\.0\.0\.1:\d+/)).output
      _ = try BlockingClient().send(
        method: "POST", url: "http://\(address)/huggy", headers: ["x-forwarded-for: \(forged)"],
        body: Array("no".utf8), timeout: .seconds(30))
      let refused = try #require(relay.waitForLine(containing: "request refused"))
      #expect(refused.contains(#"\u009b31m\u202e\u2028"#), "\(refused)")
      for scalar in forged.unicodeScalars where !scalar.isASCII {
        #expect(!refused.unicodeScalars.contains(scalar))
        #expect(!explained.output.unicodeScalars.contains(scalar))
      }
      relay.send(signal: SIGTERM)
      #expect(relay.waitForExit() == 0)
    }
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
