import Foundation
import RelayCurl
import RelayHarness
import RelayThreads
import RelayTools
import Testing

/// From nothing to a relay that is connected, by the commands alone.
@Suite(.timeLimit(.minutes(15))) struct FirstStepsTests {
  private static let token = "8187ce0c2e5d0aefd626fa4999f62974"

  private func handshake(_ token: String = token) -> [UInt8] {
    Array(#"{"token":"\#(token)","validToken":true}"#.utf8)
  }

  private func envelope(_ token: String = token, id: Int = 1) -> [UInt8] {
    Array(#"{"messages":{"createdChat":[{"id":\#(id)}]},"token":"\#(token)"}"#.utf8)
  }

  /// A relay that was set up by `init`, whose destination is a sink.
  private func withInitialized(
    _ arguments: String...,
    body: (Operator, RelayProcess, _ source: String, Received, TemporaryFolder) async throws -> Void
  ) async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/routes.yaml"
    let made = try Setting.run(
      [
        "init", "--yes", "--config", file, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
        "--destination-url",
        "http://\(address)/crm",
      ] + arguments)
    #expect(made.status == 0, "\(made.errors)")
    let path = try #require(made.output.firstMatch(of: /\/huggy-[A-Za-z0-9]{22}/)).output
    let relay = try RelayProcess(
      executable: Setting.binary, arguments: ["serve", "--config", file, "--log-format", "json"])
    let person = try #require(Operator(relay), "\(relay.log)")
    let ingest = try #require(relay.ingestURL())
    try await body(person, relay, ingest + path, received, folder)
    relay.send(signal: SIGTERM)
    // A test may have killed it.
    #expect([0, 128 + SIGKILL].contains(relay.waitForExit()))
    await sink.stop()
  }

  // MARK: init

  @Test func aFileThatItReplacesStaysItsReadersFile() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("sources: {}\n", to: "routes.yaml")
    for (mode, kept) in [(0o640, 0o640), (0o660, 0o660), (0o644, 0o600)] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
      let made = try Setting.run(["init", "--yes", "--force", "--config", file])
      #expect(made.status == 0, "\(made.errors)")
      let found = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
      #expect(found == kept)
      let readers = kept == 0o600 ? "you" : "its owner and group"
      #expect(made.output.contains("only \(readers) can read it"))
    }
  }

  @Test func whatInitWritesIsValidAndItsOwnersAlone() throws {
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/routes.yaml"
    let made = try Setting.run([
      "init", "--yes", "--config", file, "--token", "hunter2-token", "--public-url", "https://relay.example/",
    ])
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.output.contains("https://relay.example/huggy-"))
    #expect(!made.output.contains("hunter2") && !made.output.contains("whsec_"))
    let attributes = try FileManager.default.attributesOfItem(atPath: file)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let checked = try Setting.run(["check", "--config", file])
    #expect(checked.status == 0 && checked.output.contains("0 warnings"), "\(checked.errors)")
    let before = try Data(contentsOf: URL(filePath: file))
    let refused = try Setting.run(["init", "--yes", "--config", file])
    #expect(refused.status == 1 && refused.errors.contains("--force"))
    #expect(try Data(contentsOf: URL(filePath: file)) == before)
    #expect(try Setting.run(["init", "--yes", "--force", "--config", file]).status == 0)
    let after = try String(contentsOf: URL(filePath: file), encoding: .utf8)
    #expect(after.contains("token: learn") && !after.contains("hunter2"))
    #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
  }

  @Test func initAsksWhatNoOptionSays() throws {
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/routes.yaml"
    let made = try Setting.run(
      ["init", "--config", file, "--destination-name", "bi"],
      input: Array("t0ken-of-huggy\n15691\nhttps://bi.example/hooks\nevent\n".utf8))
    #expect(made.status == 0, "\(made.errors)")
    let text = try String(contentsOf: URL(filePath: file), encoding: .utf8)
    for part in [
      #"token: "t0ken-of-huggy""#, #"company: "15691""#, "  bi:", #"url: "https://bi.example/hooks""#,
      "format: event",
    ] { #expect(text.contains(part), "\(text)") }
  }

  @Test func whatInitIsToldWrongIsNotWritten() throws {
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/routes.yaml"
    let refused = try Setting.run(["init", "--yes", "--config", file, "--destination-url", "ftp://x/"])
    #expect(refused.status == 1 && refused.errors.contains("destinations.crm.url"))
    #expect(!FileManager.default.fileExists(atPath: file))
  }

  // MARK: Tokens

  @Test func aTokenIsLearnedByTheCommandsAndOutlivesKill9() async throws {
    try await withInitialized { person, relay, source, received, folder in
      #expect(try post(handshake(), to: source).status == 401)
      #expect(try person.run("token", "learn", "huggy", "--for", "10m").status == 0)
      let answer = try post(handshake(), to: source)
      #expect(answer.status == 200 && answer.body == Array(Self.token.utf8))
      #expect(try post(envelope(), to: source).status == 401)
      let listed = try person.run("token", "list").output
      let id = try #require(listed.firstMatch(of: /--confirm ([0-9a-f]{8})/)).output.1
      #expect(!listed.contains(Self.token))
      #expect(try person.run("token", "learn", "huggy", "--confirm", String(id)).status == 0)
      relay.send(signal: SIGKILL)
      _ = relay.waitForExit()
      let again = try RelayProcess(
        executable: Setting.binary,
        arguments: ["serve", "--config", "\(folder.path)/routes.yaml", "--log-format", "json"])
      let url = try #require(again.ingestURL()) + source.suffix("/huggy-".count + 22)
      #expect(try post(envelope(), to: url).status == 200)
      #expect(received.wait { $0.count == 1 })
      #expect(try post(envelope("another", id: 2), to: url).status == 401)
      let forgotten = try #require(Operator(again)).run("token", "forget", "huggy")
      #expect(forgotten.status == 0)
      #expect(try post(envelope(id: 3), to: url).status == 401)
      again.send(signal: SIGTERM)
      #expect(again.waitForExit() == 0)
      #expect(!(relay.log + again.log).contains { $0.contains(Self.token) })
    }
  }

  @Test func aTimeToLearnInThatIsNoneIsAskedOfNoRelay() throws {
    for (arguments, words) in [
      (["--for", "25h"], "from 1s to 24h"), (["--for", "10m", "--confirm", "5f2a91c0"], "give one of them"),
      (["--wait", "--confirm", "5f2a91c0"], "--wait"),
    ] {
      let refused = try Setting.run(
        ["token", "learn", "huggy", "--admin", "http://127.0.0.1:9"] + arguments)
      #expect(refused.status == 64 && refused.errors.contains(words), "\(refused)")
    }
  }

  @Test func aPersonAtATerminalIsShownWhoHasComeAndAsked() async throws {
    try await withInitialized { person, _, source, _, _ in
      let admin = person.admin
      let terminal = Task {
        await onThread {
          try? Terminal.run(["token", "learn", "huggy", "--wait", "--admin", admin], typed: "y\n")
        }
      }
      _ = try await eventually({ try post(handshake(), to: source).status }, until: { $0 == 200 })
      let ended = await terminal.value
      #expect(ended?.status == 0 && ended?.shown.contains("learned its token") == true, "\(ended as Any)")
      #expect(try post(envelope(), to: source).status == 200)
    }
  }

  // MARK: test and publish

  @Test func aTestShowsTheRequestAndTheAnswerAndIsInNoBooks() async throws {
    try await withInitialized { person, _, _, received, _ in
      let tested = try person.run("test", "crm")
      #expect(tested.status == 0, "\(tested.errors)")
      #expect(tested.output.contains("huggy-relay-test: true") && tested.output.contains("status 200"))
      let request = try #require(received.all.first)
      #expect(request.header("huggy-relay-test") == "true" && request.header("webhook-signature") != nil)
      #expect(try person.destination("crm")?.delivered == 0)
      #expect(try person.run("test", "crmm").status == 1)
    }
  }

  @Test func aTestOfWhoDoesNotAnswerExits1() async throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://127.0.0.1:9/" } }
      routes: [{ name: all, to: crm }]
      """)
    let relay = try setting.start()
    let person = try #require(Operator(relay))
    let tested = try person.run("test", "crm")
    #expect(tested.status == 1 && tested.output.contains("connection refused"), "\(tested)")
    #expect(try person.destination("crm")?.circuit == "closed")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func whatIsPublishedIsDelivered() async throws {
    try await withInitialized { person, _, _, received, folder in
      let file = try folder.write(#"{"messages":{"createdChat":[{"id": 1.50}]}}"#, to: "envelope.json")
      let published = try person.run("publish", "huggy", file)
      #expect(published.status == 0 && published.output.hasPrefix("1 accepted"), "\(published.errors)")
      #expect(received.wait { $0.count == 1 })
      #expect(
        received.all[0].body == Array(#"{"messages":{"createdChat":[{"id": 1.50}]}}"#.utf8), "byte for byte")
      #expect(try person.run("publish", "huggy", file).output.hasPrefix("known already"))
      #expect(try person.run("publish", "huggy", "--again", file).output.hasPrefix("1 accepted"))
      #expect(received.wait { $0.count == 2 })
      let wrong = try folder.write("[]", to: "wrong.json")
      #expect(try person.run("publish", "huggy", wrong).status == 1)
    }
  }

  // MARK: doctor

  @Test func theDoctorFindsWhatIsWrongAndExits1() async throws {
    try await withInitialized { person, _, _, _, folder in
      let file = "\(folder.path)/routes.yaml"
      let well = try Setting.run(["doctor", "--config", file, "--admin", person.admin])
      #expect(well.status == 0, "\(well.output)")
      #expect(well.output.contains("ready") && well.output.contains("token learn huggy"))
    }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:1", admin: "127.0.0.1:9" }
      sources: { huggy: { token: t } }
      destinations: { crm: { url: "http://127.0.0.1:9/" } }
      routes: [{ name: all, to: crm }]
      """)
    let ill = try Setting.run(["doctor", "--config", setting.configuration, "--json"])
    #expect(ill.status == 1)
    #expect(ill.output.hasPrefix(#"{"ok":false,"findings":["#))
    #expect(ill.output.contains(#""level":"fail","subject":"destination crm""#))
    try setting.rewrite("sources: { huggy: { tokn: t } }")
    let wrong = try Setting.run(["doctor", "--config", setting.configuration])
    #expect(wrong.status == 1 && wrong.output.contains("did you mean 'token'"))
  }
}
