import Foundation
import RelayCore
import RelayHarness
import RelayThreads
import RelayTools
import Testing

/// What people see live of a running relay.
@Suite struct StreamTests {
  private func yaml(_ sink: ListenAddress, admin: String = "127.0.0.1:0") -> String {
    """
    server: { listen: "127.0.0.1:0", admin: "\(admin)" }
    sources: { huggy: {} }
    destinations: { crm: { url: "http://\(sink)/" } }
    routes:
      - { name: noise, match: { event: noise }, drop: true }
      - { name: all, match: { event: "*Message" }, to: crm }
    """
  }

  /// Broken by a reader that begins anew where it was not told of what came while it was away.
  @Test(arguments: [SIGTERM, SIGKILL]) func tailGoesOnOverARestartAndShowsWhatCameMeanwhile(signal: Int32)
    async throws
  {
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { _ in }
    let address = try await sink.start()
    let setting = try Setting(yaml(address))
    var relay = try setting.start()
    let admin = try #require(relay.adminURL())
    let tail = try RunningCommand(["tail", "--json", "--kinds", "received", "--admin", admin])
    try await untilRead(by: tail, relay)

    relay.send(signal: signal)
    _ = relay.waitForExit()
    try setting.rewrite(yaml(address, admin: String(admin.dropFirst(7))))
    relay = try setting.start()
    let ingest = try #require(relay.ingestURL())
    let id = try #require(
      try eventIDs(post(envelope(("sentMessage", #""id":"while away""#)), to: ingest + "/huggy")).first)
    #expect(tail.waitForLine(containing: id), "\(tail.errors)")
    let later = try #require(
      try eventIDs(post(envelope(("other", #""id":"later""#)), to: ingest + "/huggy")).first)
    #expect(tail.waitForLine(containing: later))
    #expect(tail.lines.filter { $0.contains(id) }.count == 1, "once")
    tail.end()
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  @Test func tailShowsWhatComesInAndWhatBecomesOfIt() async throws {
    let sink = Sink(settings: SinkSettings(listen: anyPort(), status: 422)) { _ in }
    let setting = try Setting(yaml(try await sink.start()))
    let relay = try setting.start()
    let admin = try #require(relay.adminURL())
    let tail = try RunningCommand(["tail", "--admin", admin])
    try await untilRead(by: tail, relay)
    let ingest = try #require(relay.ingestURL())
    _ = try post(
      envelope(("sentMessage", #""id":1,"chat":{"id":77}"#), ("noise", #""id":2"#), ("other", #""id":3"#)),
      to: ingest + "/huggy")
    #expect(tail.waitForLine(containing: "received   sentMessage", "chat 77", "to crm"))
    #expect(tail.waitForLine(containing: "dropped    noise", "by the route noise"))
    #expect(tail.waitForLine(containing: "unrouted   other", "no route matched it"))
    #expect(tail.waitForLine(containing: "dead       crm", "status 422", "permanent"))
    tail.end()
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  /// The relay has no destination that it could reach: a person's own machine gets copies, and the queue stays as it is.
  @Test func listenCopiesWhatWasMissedAndThenWhatComesAndTouchesNoQueue() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://127.0.0.1:9/", paused: true } }
      routes: [{ name: all, to: crm }]
      """)
    let relay = try setting.start()
    let ingest = try #require(relay.ingestURL())
    let body = "{\"time\":1.50,\n\"messages\":{\"a\":[{\"id\" : 1}]}}"
    _ = try post(Array(body.utf8), to: ingest + "/huggy")
    let listen = try RunningCommand([
      "listen", "--forward-to", "http://\(try await sink.start())/hooks", "--since", "1h", "--admin",
      try #require(relay.adminURL()),
    ])
    #expect(received.wait { $0.count == 1 })
    _ = try post(envelope(("b", #""id":2"#)), to: ingest + "/huggy")
    #expect(received.wait { $0.count == 2 })
    #expect(received.all.map(\.eventType) == ["a", "b"])
    #expect(received.all.map(\.path) == ["/hooks", "/hooks"])
    #expect(listen.waitForLine(containing: "200", "  b  evt_"))
    let person = try #require(Operator(relay))
    #expect(try person.destination("crm")?.pending == 2)
    listen.end()
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  @Test func statusIsShownAgainAndAgain() throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://127.0.0.1:9/" } }
      routes: [{ name: all, to: crm }]
      """)
    let relay = try setting.start()
    let watch = try RunningCommand(["status", "--watch", "--admin", try #require(relay.adminURL())])
    #expect(watch.wait { lines in lines.filter { $0.hasPrefix("huggy-relay ") }.count == 2 })
    #expect(!watch.lines.contains { $0.contains("\u{1B}") }, "no terminal")
    watch.end()
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func whoCanNotReachTheRelayAtAllIsToldSo() throws {
    let tail = try Setting.run(["tail", "--admin", "http://127.0.0.1:9"])
    #expect(tail.status == 69)
    #expect(tail.errors.contains("can't reach"))
  }

  /// Events are posted until the command shows one: from then on it misses none.
  private func untilRead(by command: RunningCommand, _ relay: RelayProcess) async throws {
    let ingest = try #require(relay.ingestURL())
    var number = 0
    _ = try await eventually {
      number += 1
      _ = try post(envelope(("probe", #""id":"probe \#(number)""#)), to: ingest + "/huggy")
      return !command.lines.isEmpty
    } until: {
      $0
    }
  }
}

/// A command that goes on, and what it has written so far.
final class RunningCommand: Sendable {
  private let state = Monitor<(output: [String], errors: String)>(([], ""))
  private let processID: Int32

  init(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Setting.binary)
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    processID = process.processIdentifier
    let state = state
    for (pipe, isOutput) in [(output, true), (errors, false)] {
      _ = WorkerThread.start(name: "command") {
        var pending = ""
        while case let data = pipe.fileHandleForReading.availableData, !data.isEmpty {
          pending += String(decoding: data, as: UTF8.self)
          let lines = pending.components(separatedBy: "\n")
          pending = lines.last ?? ""
          state.update { state in
            if isOutput {
              state.output += lines.dropLast()
            } else {
              state.errors += lines.dropLast().joined(separator: "\n")
            }
          }
        }
        withExtendedLifetime(process) {}
      }
    }
  }

  var lines: [String] { state.update { $0.output } }
  var errors: String { state.update { $0.errors } }

  func wait(within limit: Duration = .seconds(60), until isEnough: ([String]) -> Bool) -> Bool {
    state.wait(timeout: limit) { isEnough($0.output) ? true : nil } ?? false
  }

  func waitForLine(containing texts: String...) -> Bool {
    wait { lines in lines.contains { line in texts.allSatisfy { line.contains($0) } } }
  }

  func end() { kill(processID, SIGTERM) }
}
