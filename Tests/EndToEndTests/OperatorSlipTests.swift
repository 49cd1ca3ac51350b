import Foundation
import RelayCore
import RelayCurl
import RelayHarness
import RelayTools
import Testing

/// What happens when an operator slips, or asks before they act.
@Suite struct OperatorSlipTests {
  private static func yaml(_ address: String, admin: ListenAddress = anyPort(), more: String = "") -> String {
    """
    server: { listen: "127.0.0.1:0", admin: "\(admin)" }
    sources: { huggy: {} }
    destinations:
      crm: { url: "http://\(address)/" }
    \(more)
    routes: [{ name: all, to: crm }]
    """
  }

  private func post(_ count: Int, to url: String) throws -> [String] {
    let events = (0..<count).map { #"{"id":\#($0)}"# }.joined(separator: ",")
    return try eventIDs(
      EndToEndTests.post(Array(#"{"messages":{"a":[\#(events)]}}"#.utf8), to: url + "/huggy"))
  }

  @Test func whatIsDiscardedIsCountedAskedForAndTakenBack() async throws {
    let setting = try Setting(Self.yaml("127.0.0.1:9"))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    #expect(try person.run("pause", "crm").status == 0)
    _ = try post(120, to: url)
    #expect(try person.run("discard", "--all").output.hasPrefix("0 deliveries discarded: none"))
    let dry = try person.run("discard", "--destination", "crm", "--state", "pending", "--dry-run")
    #expect(dry.output == "120 deliveries would be discarded: 120 pending of crm\n")
    let empty = try BlockingClient().send(
      method: "POST", url: person.admin + "/api/v1/deliveries/discard",
      headers: ["content-type: application/json"], body: Array("{}".utf8), timeout: .seconds(30))
    #expect(empty.status == 400)
    #expect(try person.destination("crm")?.pending == 120)

    let arguments = ["discard", "--destination", "crm", "--state", "pending", "--admin", person.admin]
    let refused = try Terminal.run(arguments, typed: "n\n")
    #expect(refused.status == 1)
    #expect(refused.shown.contains("discard 120 deliveries (120 pending of crm)? [y/N]"), "\(refused.shown)")
    #expect(try person.destination("crm")?.pending == 120)
    let agreed = try Terminal.run(arguments, typed: "y\n")
    #expect(agreed.status == 0 && agreed.shown.contains("120 deliveries discarded"), "\(agreed.shown)")
    #expect(try person.destination("crm")?.pending == 0)

    #expect(
      try person.run("retry", "--destination", "crm").output.hasPrefix("0 deliveries are pending again ("))
    let unasked = try Terminal.run(
      ["retry", "--destination", "crm", "--state", "discarded", "--yes", "--admin", person.admin], typed: "")
    #expect(unasked.shown.contains("120 deliveries are pending again") && !unasked.shown.contains("[y/N]"))
    #expect(try person.destination("crm")?.pending == 120)
    // A script is not asked.
    #expect(try person.run("discard", "--all", "--state", "pending").output == "120 deliveries discarded\n")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func theLogNamesTheEventWhoseDeadLettersAreThenRetried() async throws {
    let sink = Sink(settings: SinkSettings(listen: anyPort(), status: 410)) { _ in }
    let setting = try Setting(Self.yaml("\(try await sink.start())"))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    let id = try #require(try post(1, to: url).first)
    let line = try #require(relay.waitForLine(containing: "dead letter", id))
    #expect(line.contains(#""event":"\#(id)""#) && line.contains(#""attempt":1,"#), "\(line)")
    #expect(line.wholeMatch(of: /.*"delivery":[0-9]+,.*/) != nil, "\(line)")
    _ = try await eventually {
      try person.destination("crm")?.dead
    } until: {
      $0 == 1
    }
    #expect(try person.run("retry", id).output == "1 delivery is pending again\n")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  @Test func whatThereIsNotIsAnErrorAndWithJSONIsJSON() async throws {
    let setting = try Setting(Self.yaml("127.0.0.1:9", admin: anyPortOfOwnHost()))
    let relay = try setting.start()
    let person = try #require(Operator(relay))
    let unknown = "evt_0190a0b0-c0d0-7e0f-8a0b-0c0d0e0f0a0b"
    let slips: [(arguments: [String], says: String)] = [
      (["retry", "4711"], "no delivery 4711"), (["discard", "4711", "--dry-run"], "no delivery 4711"),
      (["retry", unknown], "no event \(unknown)"), (["event", unknown], "no event \(unknown)"),
      (["deliveries", "--destination", "crmm"], "did you mean 'crm'?"),
      (["retry", "--destination", "crmm"], "did you mean 'crm'?"), (["pause", "cmr"], "did you mean 'crm'?"),
      (["deliveries", "--type", "creatdChat"], "did you mean 'createdChat'?"),
      (["retry", "--type", "creatdChat"], "did you mean 'createdChat'?"),
      (["discard", "--type", "creatdChat", "--dry-run"], "did you mean 'createdChat'?"),
    ]
    for slip in slips {
      let said = try Setting.run(slip.arguments + ["--admin", person.admin])
      #expect(said.status == 1, "\(slip)")
      #expect(said.errors.contains(slip.says) && said.output.isEmpty, "\(said)")
      let json = try Setting.run(slip.arguments + ["--admin", person.admin, "--json"])
      #expect(json.status == 1 && json.output.isEmpty, "\(json)")
      #expect(try Self.error(json.errors).code == "not_found")
    }
    #expect(try person.run("deliveries", "--type", "closedChat").status == 0)
    let wrong = try person.run("retry", "--json", "x")
    #expect(wrong.status == 64)
    #expect(try Self.error(wrong.errors).code == "usage")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    let gone = try person.run("status")
    #expect(gone.status == 69)
    #expect(gone.errors.contains("(connection refused: 127.83.0."), "\(gone.errors)")
    #expect(try Self.error(try person.run("status", "--json").errors).code == "unreachable")
  }

  private struct Failed: Decodable {
    struct Problem: Decodable {
      var code: String
      var message: String
    }

    var error: Problem
  }

  private static func error(_ output: String) throws -> Failed.Problem {
    try JSONDecoder().decode(Failed.self, from: Data(output.utf8)).error
  }

  @Test func aReloadSaysWhatItChangedAndWhatARemovedDestinationIsOwed() async throws {
    let setting = try Setting(
      Self.yaml("127.0.0.1:9", more: "  bi: { url: \"http://127.0.0.1:9/\", headers: { X-A: \"${PATH}\" } }"))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    _ = try post(3, to: url)
    try setting.rewrite(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", max_connections: 77 }
      sources: { huggy: {} }
      destinations: { bi: { url: "http://127.0.0.1:9/", headers: { X-A: "${PATH}", X-B: b } } }
      routes: [{ name: rest, to: bi }]
      """)
    let said = try person.run("reload")
    #expect(said.status == 0, "\(said.errors)")
    for line in [
      "  destinations: -crm ~bi", "  routes: +rest -all", "  limits: server.max_connections",
      "  secrets: changed",
      "only a restart sees others: PATH",
    ] { #expect(said.output.contains(line), "\(said.output)") }
    let line = try #require(relay.waitForLine(containing: "orphaned", "crm"))
    #expect(line.contains(#""pending":3"#), "\(line)")
    #expect(relay.waitForLine(containing: #""message":"reloaded""#, #""destinations":"-crm ~bi""#) != nil)
    #expect(try person.metric(#"huggy_relay_deliveries_orphaned{destination="crm"}"#) == 3)
    #expect(try person.metric(#"huggy_relay_deliveries_orphaned{destination="bi"}"#) == 0)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    let again = try setting.start()
    #expect(again.waitForLine(containing: "orphaned", "crm") != nil)
    _ = try #require(again.ingestURL())
    again.send(signal: SIGTERM)
    #expect(again.waitForExit() == 0)
  }

  private struct DrainStatus: Decodable {
    struct Destination: Decodable {
      enum CodingKeys: String, CodingKey {
        case drainSeconds = "drain_seconds"
        case delivered
      }

      var drainSeconds: Double?
      var delivered: Int
    }

    var destinations: [Destination]
  }

  @Test func aDestinationThatIsPausedOrDownHasNoTimeToDrain() async throws {
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { _ in }
    let setting = try Setting(Self.yaml("\(try await sink.start())"))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    _ = try post(5, to: url)
    func destination() throws -> DrainStatus.Destination? {
      let json = Data(try person.get("/api/v1/status").utf8)
      return try JSONDecoder().decode(DrainStatus.self, from: json).destinations.first
    }
    _ = try await eventually {
      try destination()?.delivered
    } until: {
      $0 == 5
    }
    // The pace is that of the last half minute.
    _ = try await eventually {
      _ = try post(1, to: url)
      return try destination()?.drainSeconds
    } until: {
      $0 == 0
    }
    #expect(try person.run("pause", "crm").status == 0)
    _ = try post(1, to: url)
    #expect(try destination()?.drainSeconds == nil)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  @Test func slipsOfTheCommandLineAreAnsweredWithWhatWouldBeRight() throws {
    let unknown = try Setting.run(["statsu"])
    #expect(unknown.status == 64)
    #expect(unknown.errors.contains("there is no command 'statsu'; did you mean 'status'?"))
    let strange = try Setting.run(["xyzzy"])
    #expect(strange.status == 64 && strange.errors.contains("the commands are: init, serve,"))
    #expect(
      try Setting.run(["search"]).errors.contains("there is no command 'search'; see huggy-relay events"))
    // What is asked in other words than the commands' own is answered in those of the command line, not in the API's.
    for (arguments, hint) in [
      (["events", "424921135"], "huggy-relay events --text '424921135'"),
      (["event", "424921135"], "huggy-relay events --chat 424921135"),
      (["retry", "crm"], "--destination crm"), (["deliveries", "--reason", "422"], "--status 422"),
      (["deliveries", "--state", "dead", "--why", "a call"], "add --json or --jsonl"),
      (["events", "--since", "yesterday"], "03:04 in this machine's time zone"),
      (["replay", "--since", "1h"], "--as-routed"), (["replay", "--to", "crm"], "--since 1h"),
      (["erase", "--reason", "x"], "--where PATH=VALUE"),
      (["replay", "--all", "--to", "crm", "--again", "--missing"], "--again and --missing"),
    ] {
      let slip = try Setting.run(arguments)
      #expect(slip.status == 64 && slip.errors.contains(hint) && !slip.errors.contains("{"), "\(slip)")
    }
    #expect(try Setting.run(["help", "retry"]).status == 0)

    let setting = try Setting("sources: { huggy: {} }")
    let checked = try Setting.run(["check", setting.configuration])
    #expect(checked.status == 0 && checked.output.contains("valid"), "\(checked)")
    #expect(try Setting.run(["check", setting.configuration, "--config", "x.yaml"]).status == 64)

    let sink = try Setting.run(["sink", "--help"]).output
    #expect(sink.contains("(default: 127.0.0.1:9000)") && sink.contains("(default: 0s)"), "\(sink)")
    let completion = try Setting.run(["--generate-completion-script", "bash"]).output
    #expect(completion.contains("yaml") && completion.contains("---completion"), "\(completion.count)")
    #expect(try Setting.run(["deliveries", "--since", "2026-02-30"]).status == 64)
  }

  @Test func explainAnswersTheHandshakeAndNeedsNoSecrets() throws {
    let setting = try Setting(
      """
      sources: { huggy: { token: "${NO_SUCH_TOKEN}" } }
      destinations: { crm: { url: "${NO_SUCH_URL}" } }
      routes: [{ name: all, to: crm }]
      """)
    let explain = ["explain", "--config", setting.configuration, "--no-env", "-"]
    let event = try Setting.run(explain, input: envelope(("createdChat", #""id":1"#)))
    #expect(event.status == 0 && event.output.contains("→ crm"), "\(event)")
    try setting.rewrite("sources: { huggy: { token: tok } }\n")
    func handshake(_ token: String) throws -> (status: Int32, output: String, errors: String) {
      try Setting.run(
        ["explain", "--config", setting.configuration, "-"],
        input: Array(#"{"token":"\#(token)","validToken":true}"#.utf8))
    }
    let right = try handshake("tok")
    #expect(right.status == 0 && right.output.contains("the handshake: serve would answer 200"), "\(right)")
    let wrong = try handshake("other")
    #expect(wrong.output.contains("serve would answer 401") && !wrong.output.contains("200"), "\(wrong)")
    let json = try Setting.run(
      ["explain", "--config", setting.configuration, "--json", "-"], input: Array("{".utf8))
    #expect(json.status == 1)
    #expect(try Self.error(json.errors).code == "invalid_envelope")
  }
}
