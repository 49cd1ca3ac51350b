import ArgumentParser
import RelayAdmin
import RelayCurl
import RelaySystem

/// Where the relay is that a command operates, and how its answer is shown.
struct AdminOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The relay's admin API. Default: $HUGGY_RELAY_ADMIN, else http://127.0.0.1:8081.", valueName: "url"))
  var admin: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Its server.admin_token. Default: $HUGGY_RELAY_ADMIN_TOKEN, which the list of processes does not show.",
      valueName: "token"))
  var adminToken: String?

  @OptionGroup var security: AdminTLSOptions

  @Flag(name: .long, help: "Print the API's JSON, for scripts.")
  var json = false

  func validate() throws {
    let url = url.lowercased()
    guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
      throw ValidationError("--admin (or HUGGY_RELAY_ADMIN) is a URL that begins with http:// or https://")
    }
    guard token?.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) ?? true else {
      throw ValidationError("the admin token holds a space, a line end or a character that is not ASCII")
    }
  }

  func client(_ why: ReasonOptions? = nil) -> AdminClient { client(reason: why?.reason) }

  /// - Parameter reason: Why it is done, for the relay's audit.
  func client(reason: String?) -> AdminClient {
    AdminClient(connection, json: json, reason: reason)
  }

  /// Results go to standard output: JSON as it came, or text.
  ///
  /// - Parameter showsContents: The text has a place for them: whoever misses them there is told.
  func show(_ json: [UInt8], showsContents: Bool = true, text: (Pen) throws -> String) throws {
    let line = self.json ? json + Array("\n".utf8) : Array("\(try text(Self.pen))\n".utf8)
    StandardStream.output.write(line)
    if !self.json, showsContents { _ = tellsMasked(json) }
  }

  /// - Returns: Whether contents are left out, which it says.
  func tellsMasked(_ json: [UInt8]) -> Bool {
    guard AnswerDecoder.isMasked(json) else { return false }
    printError(
      "contents of events are left out: they need the role reader, and a store that can record who looks at them"
    )
    return true
  }

  var connection: AdminConnection { AdminConnection(url: url, token: token, tls: security.tls()) }

  private var url: String {
    var url = admin ?? Self.environment("HUGGY_RELAY_ADMIN") ?? "http://127.0.0.1:8081"
    while url.hasSuffix("/") { url.removeLast() }
    return url
  }

  private var token: String? { adminToken ?? Self.environment("HUGGY_RELAY_ADMIN_TOKEN") }

  static var pen: Pen {
    let isTerminal = StandardStream.output.isTerminal && environment("TERM") != "dumb"
    return Pen(usesColours: isTerminal && environment("NO_COLOR") == nil)
  }

  /// nil also for an empty one.
  static func environment(_ name: String) -> String? {
    processEnvironment()[name].flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// Why something is done that the relay's audit remembers.
struct ReasonOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("Why: it stands in the relay's audit, beside who did what.", valueName: "text"))
  var reason: String?
}

extension CompletionKind {
  /// The destinations of the relay that runs here, or where the environment says; none if it does not answer at once.
  static let destinations = CompletionKind.custom { _, _, prefix in
    let environment = processEnvironment()
    let url = environment["HUGGY_RELAY_ADMIN"] ?? "http://127.0.0.1:8081"
    let connection = AdminConnection(
      url: url, token: environment["HUGGY_RELAY_ADMIN_TOKEN"], tls: AdminTLSOptions.tls())
    let answer = try? connection.makeHTTP().send(
      method: "GET", url: url + "/api/v1/status", headers: connection.authorization, body: nil,
      timeout: .seconds(2),
      connectTimeout: .seconds(1))
    guard let answer, answer.status == 200,
      let status = try? AnswerDecoder.decode(StatusAnswer.self, from: answer.body)
    else { return [] }
    return status.destinations.map(\.name).filter { prefix.isEmpty || $0.hasPrefix(prefix) }
  }

  static let configurations = CompletionKind.file(extensions: ["yaml", "yml", "json"])
}
