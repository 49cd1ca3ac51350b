import Foundation
import RelayCurl
import RelayHarness
import RelayTestSupport
import Testing

/// A relay with a secret of every kind, and what is done with it. What it prints and answers is kept.
final class SecretAudit {
  private(set) var haul = Haul()
  private(set) var secrets = PlantedSecrets()
  let receiver: EchoingReceiver
  private let setting: Setting
  private let authority: TestAuthority
  private let yaml: String
  private let environment: [String: String]
  private let admin: String
  private let (token, later, ended, learned): (String, String, String, String)
  private let spare: [String]
  private var relay: RelayProcess?
  private var events: [String] = []
  private let http: BlockingClient

  init() throws {
    authority = try TestAuthority()
    let pair = try authority.issue("relay")
    try secrets.privateKey("TLS key", file: pair.key)
    receiver = try EchoingReceiver()
    admin = secrets.text("server.admin_token")
    let viewer = secrets.text("server.admin_tokens[0]")
    let scraper = secrets.text("server.admin_tokens[1]")
    token = secrets.text("source token")
    later = secrets.text("source token with an end")
    ended = secrets.text("source token that has ended")
    learned = secrets.text("learned token")
    let bearer = secrets.text("bearer")
    let hook = secrets.text("notify URL", plain: true)
    spare = [secrets.text("spare"), secrets.signingSecret("spare key", prefix: "whsec_")]
    yaml = """
      server:
        listen: 127.0.0.1:0
        admin: 127.0.0.1:0
        tls: { certificate: \(pair.certificate), key: \(pair.key) }
        admin_tls: { certificate: \(pair.certificate), key: \(pair.key) }
        admin_token: "${file:admin-token}"
        admin_tokens:
          - { name: viewer, value: "${VIEWER_TOKEN}", role: viewer }
          - { name: scraper, value: "\(scraper)", role: metrics }
      sources:
        huggy:
          token:
            - "\(token)"
            - { value: "\(later)", until: 2099-01-01T00:00:00Z }
            - { value: "${ENDED_TOKEN}", until: 2020-01-01T00:00:00Z }
        learned: { token: learn }
      defaults: { retry: { initial: 10ms, max_delay: 10ms, max_attempts: 4 }, circuit: { failures: 1000 }, forward_token: true }
      destinations:
        address:
          url: "http://user:\(secrets.text("URL password", plain: true))@\(receiver.address)/hooks/\(secrets.text("URL path", plain: true))?key=\(secrets.text("URL query", plain: true))"
        bearer:
          url: "http://\(receiver.address)/b"
          auth: { bearer: "${file:bearer}" }
          headers: { X-Api-Key: "\(secrets.text("header"))" }
          signing_secret: ["\(secrets.signingSecret("v1", prefix: "whsec_"))", "\(secrets.signingSecret("v1a", prefix: "whsk_"))"]
        basic:
          url: "http://\(receiver.address)/c"
          auth: { basic: { username: relay, password: "\(secrets.text("basic password"))" } }
      notify: { ops: { url: "http://\(receiver.address)/services/\(hook)", for: 1s } }
      routes: [{ name: all, to: [address, bearer, basic] }]
      """
    setting = try Setting(yaml)
    _ = try setting.folder.write(admin, to: "admin-token")
    _ = try setting.folder.write(bearer + "\n", to: "bearer")
    environment = [
      "VIEWER_TOKEN": viewer, "ENDED_TOKEN": ended, "HUGGY_RELAY_ADMIN_TOKEN": admin,
      "HUGGY_RELAY_ADMIN_CA": authority.own.certificate,
      // Swift's own handler of crashes is for developers, and may go on without end.
      "SWIFT_BACKTRACE": "enable=no",
    ]
    http = BlockingClient(
      tls: ClientTLS(.authorities(file: authority.own.certificate, option: "the test's authority")))
  }

  // MARK: Its life

  func start(_ arguments: String...) throws {
    let form = arguments.isEmpty ? ["--log-format", "json"] : arguments
    relay = try RelayProcess(
      executable: Setting.binary, arguments: ["serve", "--config", setting.configuration] + form,
      environment: environment)
    _ = try place(of: "admin listens", "url=")
  }

  /// Ends it, and takes what it has logged.
  func crash(by signal: Int32) throws {
    let relay = try #require(relay)
    relay.send(signal: signal)
    #expect(relay.waitForExit() == 128 + signal)
    haul.add("the log until signal \(signal)", relay.log.joined(separator: "\n"))
    #expect(relay.log.count > 5)
  }

  /// What stands behind a key in the line of this message, in either form of the log.
  private func place(of message: String, _ key: String) throws -> String {
    let relay = try #require(relay)
    let line = try #require(relay.waitForLine(containing: message))
    let name = key.dropLast()
    let start = try #require(
      line.firstRange(of: "\"\(name)\":\"")?.upperBound ?? line.firstRange(of: key)?.upperBound)
    return String(line[start...].prefix { $0 != "\"" && $0 != " " })
  }

  private func adminURL() throws -> String { String(try place(of: "admin listens", "url=").dropLast()) }
  private func ingestURL() throws -> String {
    "https://\(try place(of: #"listening"#, "address="))"
  }

  // MARK: What is done

  @discardableResult
  private func run(_ arguments: [String], input: String = "", in file: Bool = false) throws -> String {
    var environment = environment
    if relay != nil { environment["HUGGY_RELAY_ADMIN"] = try adminURL() }
    let done = try Setting.run(
      arguments + (file ? ["--config", setting.configuration] : []), input: Array(input.utf8),
      environment: environment)
    haul.add(arguments.prefix(2).joined(separator: " "), done.output + done.errors)
    return done.output
  }

  @discardableResult
  private func ask(
    _ method: String, _ url: String, _ body: String? = nil, headers: [String] = [], as token: String? = nil
  ) throws -> BlockingResponse {
    let answer = try http.send(
      method: method, url: url,
      headers: headers + (token.map { ["authorization: Bearer \($0)"] } ?? []),
      body: body.map { Array($0.utf8) }, timeout: .seconds(30))
    let path = url.split(separator: "/", maxSplits: 2).last.map(String.init) ?? ""
    haul.add("\(method) \(path.prefix(60)): \(answer.status)", answer.body)
    return answer
  }

  /// Before there is a relay to ask.
  func lookAtTheFile() throws {
    for command in [
      ["check"], ["check", "--public-keys"], ["config", "show"], ["doctor"], ["doctor", "--json"],
    ] {
      try run(command, in: true)
    }
    try run(["explain", "-"], input: envelope(token, 1), in: true)
  }

  private func envelope(_ token: String, _ id: Int) -> String {
    #"{"messages":{"createdChat":[{"id":\#(id)}],"sentMessage":[{"id":2,"text":"hello"}]},"token":"\#(token)"}"#
  }

  func sendEnvelopes() throws {
    let url = try ingestURL()
    for (number, good) in [token, later].enumerated() {
      let answer = try ask("POST", "\(url)/huggy", envelope(good, number + 10))
      #expect(answer.status == 200)
      events += (try? eventIDs(answer)) ?? []
    }
    let wrong = "\(token)x"
    for body in [
      envelope(ended, 3), envelope(wrong, 4), String(envelope(token, 5).dropLast(3)),
      "\(envelope(token, 6)) x",
      #"{"token":"\#(token)"}"#, #"{"token":"\#(token)","messages":[7]"#,
      #"{"messages":{"token":"\#(wrong)"}}"#,
      #"{"token":["\#(token)"],"messages":{}}"#, "token=\(token.replacing("/", with: "%2F"))&a=1", token,
      "--x\r\n\r\n\(token)\r\n--x--",
    ] {
      let answer = try ask("POST", "\(url)/huggy", body)
      #expect(answer.status >= 400)
    }
    for (path, headers) in [
      ("/huggy?token=\(token)", []), ("/\(token)", []), ("/huggy/\(token)", []),
      ("/huggy", ["user-agent: \(token)"]), ("/huggy", ["x-forwarded-for: \(token)"]),
      ("/huggy", ["content-encoding: \(token)"]), ("/huggy", ["expect: \(token)"]),
      ("/huggy", ["traceparent: \(token)"]), ("/huggy", ["authorization: Bearer \(token)"]),
    ] {
      try ask("POST", url + path, #"{"messages":{"a":[{}]},"token":"wrong"}"#, headers: headers)
    }
    try ask("BREW", "\(url)/\(token)")
  }

  /// The handshake's own answer is the token, as Huggy wants it: that one is not searched.
  func learnAToken() throws {
    try run(["token", "learn", "learned", "--for", "5m"])
    let answer = try http.send(
      method: "POST", url: "\(try ingestURL())/learned", headers: [],
      body: Array(#"{"token":"\#(learned)","validToken":true}"#.utf8), timeout: .seconds(30))
    #expect(answer.status == 200 && answer.body == Array(learned.utf8))
    try run(["token", "list"])
    let status = try run(["status", "--json"])
    let id = try #require(status.firstRange(of: #""candidates":[{"id":""#)?.upperBound)
    try run(["token", "learn", "learned", "--confirm", String(status[id...].prefix { $0 != "\"" })])
    #expect(try ask("POST", "\(try ingestURL())/learned", envelope(learned, 20)).status == 200)
    #expect(try ask("POST", "\(try ingestURL())/learned", envelope("\(learned)x", 21)).status == 401)
  }

  /// Each destination has said in many ways what it was sent.
  func waitForDeadLetters() async throws {
    _ = try await eventually {
      String(
        decoding: try http.send(
          method: "GET", url: "\(try adminURL())/api/v1/deliveries?state=dead&limit=500",
          headers: ["authorization: Bearer \(admin)"], body: nil, timeout: .seconds(30)
        ).body, as: UTF8.self)
    } until: { text in
      ["address", "bearer", "basic"].allSatisfy {
        text.components(separatedBy: #""destination":"\#($0)""#).count > 6
      }
    }
    #expect(
      receiver.all.contains { $0.contains("/services/") }
        || receiver.wait { $0.contains { $0.contains("/services/") } })
  }

  func runCommands() throws {
    for command in [
      ["status"], ["events"], ["events", "--json"], ["events", "--text", "hello"], ["deliveries"],
      ["deliveries", "--json"],
      ["rejections"], ["rejections", "--json"], ["audit"], ["audit", "--json"], ["gaps"], ["replays"],
      ["token", "list"],
      ["config", "show", "--running"], ["config", "show", "--running", "--json"], ["config", "diff"],
      ["test", "address"], ["test", "bearer"], ["test", "basic", "--json"], ["notify", "test", "ops"],
      ["doctor"],
      ["pause", "basic"], ["resume", "basic"], ["retry", "--destination", "basic", "--yes"],
      ["store", "export"],
      ["token", "learn", spare[0]], ["test", spare[0]], ["pause", "basic", "--reason", "because"],
    ] {
      let takesFile = command[0] == "doctor"
      try run(command, in: takesFile)
    }
    for id in events.prefix(3) {
      for more in [[], ["--json"], ["--raw"], ["--attempts"]] { try run(["event", id] + more) }
    }
  }

  /// Each address of the API's own description that needs no name, and the dashboard's files.
  func askEverything() throws {
    let url = try adminURL()
    let description = try ask("GET", "\(url)/openapi.json", as: admin)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(description.body)) as? [String: Any])
    let paths = try #require(object["paths"] as? [String: [String: Any]])
    var asked = 0
    for (path, methods) in paths where methods["get"] != nil && !path.contains("stream") {
      let whole = path.replacing("{id}", with: events.first ?? "").replacing("{name}", with: "bearer")
      guard try ask("GET", url + whole, as: admin).status == 200 else { continue }
      asked += 1
      try ask("GET", url + whole, as: environment["VIEWER_TOKEN"])
    }
    #expect(asked > 12)
    let page = String(decoding: try ask("GET", "\(url)/").body, as: UTF8.self)
    for file in page.split(separator: "\"").filter({ $0.hasPrefix("dashboard/") }) {
      try ask("GET", "\(url)/\(file)")
    }
    // What was handed in may hold secrets of its own.
    let handed = yaml.replacing(token, with: spare[0])
    let text = String(
      decoding: try JSONEncoder().encode(["config": handed, "configuration": handed]), as: UTF8.self)
    for path in ["/api/v1/config/diff", "/api/v1/backtest"] {
      try ask("POST", url + path, text, headers: ["content-type: application/json"], as: admin)
    }
    _ = try setting.folder.write(handed.replacing("whsec_", with: "\(spare[1])whsec_"), to: "other.yaml")
    try run(["config", "diff", "\(setting.folder.path)/other.yaml"])
    _ = try setting.folder.write(handed, to: "other.yaml")
    try run(["config", "diff", "\(setting.folder.path)/other.yaml"])
  }

  func askWithWrongTokens() throws {
    let url = try adminURL()
    for wrong in ["\(admin)x", String(admin.dropLast()), "\(environment["VIEWER_TOKEN"] ?? "")x"] {
      try ask("GET", "\(url)/api/v1/status", as: wrong)
      try ask("POST", "\(url)/login", #"{"token":"\#(wrong)"}"#, headers: ["content-type: application/json"])
      try ask("POST", "\(url)/login", #"{"token":"\#(wrong)""#, headers: ["content-type: application/json"])
      try ask("POST", "\(url)/login", #"{"\#(wrong)":1}"#, headers: ["content-type: application/json"])
    }
    for headers in [
      ["authorization: Basic \(admin)"], ["cookie: huggy_relay_session=\(admin)"],
      ["authorization: \(admin)"],
    ] {
      try ask("GET", "\(url)/api/v1/status?token=\(admin)", headers: headers)
    }
    try ask("POST", "\(url)/login", #"{"token":"\#(admin)"}"#, headers: ["content-type: application/json"])
    for command in [["status"], ["status", "--json"], ["tail"]] {
      try run(command + ["--admin-token", "\(admin)x"])
      try run(
        command
          + ["--admin", "http://127.0.0.1:9/\(spare[0])", "--admin-token", admin].filter {
            !$0.contains("/s/")
          })
    }
  }

  /// Secrets in places where they do not belong.
  func reloadFaultyFiles() throws {
    let relay = try #require(relay)
    for (right, wrong) in [
      ("admin_token: \"${file:admin-token}\"", "admin_token: [\"\(admin)\"]"),
      ("admin_token: \"${file:admin-token}\"", "admin_token: \"\(admin)\\n\""),
      ("listen: 127.0.0.1:0", "listen: \"${VIEWER_TOKEN}\""),
      ("learned: { token: learn }", "learned: { token: \"\(token)\\t\", \(spare[0].filter(\.isLetter)): 1 }"),
      ("bearer: \"${file:bearer}\"", "bearer: \"${file:bearer} \(spare[0])\\n\""),
      ("auth: { bearer: \"${file:bearer}\" }", "auth: \"${file:bearer}\""),
      ("name: all, to:", "name: all, stop: \"${ENDED_TOKEN}\", to:"),
      ("for: 1s", "for: \"${VIEWER_TOKEN}\""), ("whsec_", "whsec_\(spare[1])"),
    ] {
      let text = yaml.replacing(right, with: wrong)
      #expect(text != yaml)
      try setting.rewrite(text)
      try run(["check"], in: true)
      try run(["check", "--no-env"], in: true)
      try run(["reload"])
      try run(["status", "--json"])
      try run(["doctor"], in: true)
    }
    try setting.rewrite(yaml)
    relay.send(signal: SIGHUP)
    #expect(relay.waitForLine(containing: "reloaded") != nil)
  }

  func misuseCommands() throws {
    for arguments in [
      ["status", "--admin-token", "\(admin) "], ["status", "--admin-token", "\(admin)ä", "--json"],
      ["status", "--admin-token=\(admin)", "--nope"], ["check", "--admin-token=\(admin)"],
      ["check", "--admin-token", admin], ["status", "--admin-tokn", admin],
      ["status", "--admin-tokn=\(admin)"],
      ["statu", "--admin-token=\(admin)"], ["status", "--admin-token", "--json", admin],
      ["sink", "--secret", "\(spare[1])!"], ["simulate", "--to", "nowhere", "--token", spare[0]],
      ["simulate", "--to", "http://127.0.0.1:9/", "--token", spare[0], "--count", "1"],
    ] {
      try run(arguments)
    }
  }
}
