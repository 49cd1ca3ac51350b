import Foundation
import RelayBrowser
import RelayHarness
import RelayTools
import Testing

/// A relay with people, a source and three destinations: one that takes what it gets, one that refuses some of it for good, and one that
/// can be paused; and a browser in front of it.
final class DashboardHome {
  let relay: RelayProcess
  let admin: String
  let ingest: String
  /// What was sent to each destination.
  let received = Received()
  private let setting: Setting
  private let sinks: [Sink]
  private let yaml: @Sendable (_ people: [String], _ rate: String) -> String

  private static let people = [
    "vera": (token: "viewers-token", role: "viewer"), "otto": (token: "operators-token", role: "operator"),
    "ada": (token: "admins-token", role: "admin"),
  ]

  init() async throws {
    let received = received
    let taking = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let refusing = Sink(settings: SinkSettings(listen: anyPort(), status: 422)) { _ in }
    let (there, nowhere) = (try await taking.start(), try await refusing.start())
    sinks = [taking, refusing]
    let yaml: @Sendable ([String], String) -> String = { people, rate in
      let tokens = people.map {
        "{ name: \($0), value: \(Self.people[$0]!.token), role: \(Self.people[$0]!.role) }"
      }
      return """
        server:
          listen: 127.0.0.1:0
          admin: 127.0.0.1:0
          admin_tokens: [\(tokens.joined(separator: ", "))]
        sources: { huggy: {}, app: { token: a-token } }
        destinations:
          crm: { url: "http://\(there)/crm", rate: \(rate) }
          billing: { url: "http://\(nowhere)/" }
          archive: { url: "http://\(there)/archive" }
        routes:
          - { name: tests, match: { where: { is_internal: true } }, drop: true }
          - { name: closings, match: { event: closedChat }, to: billing }
          - { name: messages, match: { event: "*Message", company: "15691" }, to: [crm, archive] }
        """
    }
    self.yaml = yaml
    setting = try Setting(yaml(Self.people.keys.sorted(), "1000/s"))
    relay = try setting.start()
    admin = try #require(relay.adminURL())
    ingest = try #require(relay.ingestURL())
  }

  /// Another `rate` of the destination `crm`, in the file alone.
  func rewrite(rate: String) throws { try setting.rewrite(yaml(Self.people.keys.sorted(), rate)) }

  /// Out of the configuration, which is loaded.
  func takeTokenAway(from name: String) throws {
    try setting.rewrite(yaml(Self.people.keys.filter { $0 != name }.sorted(), "1000/s"))
    relay.send(signal: SIGHUP)
  }

  /// - Returns: The events' ids.
  @discardableResult
  func send(_ events: (type: String, fields: String)...) throws -> [String] {
    let messages = events.map { #""\#($0.type)":[{\#($0.fields)}]"# }.joined(separator: ",")
    return try eventIDs(post(Array(#"{"messages":{\#(messages)}}"#.utf8), to: ingest + "/huggy"))
  }

  /// An envelope with a wrong token.
  func sendWrongly(_ type: String, _ fields: String) throws {
    let body = #"{"messages":{"\#(type)":[{\#(fields)}]},"token":"another"}"#
    #expect(try post(Array(body.utf8), to: ingest + "/app").status == 401)
  }

  /// Huggy's own traffic, until the test ends it.
  func play(perSecond rate: Int) throws -> RunningCommand {
    try RunningCommand([
      "simulate", "--to", ingest + "/huggy", "--rate", "\(rate)", "--count", "100000", "--seed", "7",
    ])
  }

  /// What a command of an admin prints.
  func run(_ arguments: String...) throws -> String {
    let run = try Setting.run(arguments + ["--admin", admin, "--admin-token", Self.people["ada"]!.token])
    return run.output + run.errors
  }

  /// A browser in which somebody has logged in; it shows the page at `place`.
  func browser(as name: String, at place: String = "", _ look: Browser.Look = .init()) throws -> Browser {
    let browser = try Browser(look)
    try browser.open("\(admin)/\(place)")
    let isPortuguese = look.languages.hasPrefix("pt")
    try browser.type(Self.people[name]!.token, into: "Token")
    try browser.click(.button, isPortuguese ? "Entrar" : "Sign in")
    try browser.wait("the page") { try !browser.has(.field, "Token") }
    return browser
  }

  /// That nothing was complained of, and nobody asked but the relay.
  func check(_ browser: Browser, expecting expected: [String] = [DashboardHome.firstQuestion]) throws {
    let complaints = try browser.complaints(besides: admin, expecting: expected)
    #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }

  /// Who is not logged in asks whether they are: Chromium notes each 401.
  static let firstQuestion =
    "/api/v1/session - Failed to load resource: the server responded with a status of 401"

  func end() async {
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    for sink in sinks { await sink.stop() }
  }
}
