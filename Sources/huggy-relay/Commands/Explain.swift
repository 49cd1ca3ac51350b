import ArgumentParser
import FoundationEssentials
import RelayAdmin
import RelayCore
import RelayPipeline

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Say where each event of an envelope, or an event of a running relay, would go, and why. Sends nothing.",
    discussion: discussion(
      """
      An event (evt_…) is asked about at the running relay: by its rules, or with --config by others. An envelope's file is \
      looked at by the rules of --config (routes.yaml without it), and no relay need run.
      """,
      examples: "huggy-relay explain envelope.json",
      "huggy-relay explain evt_019e5ca1-2d30-7c22-b0cb-31f6e1a2b3c4",
      "huggy-relay explain evt_… --config new.yaml"))

  @Option(
    name: .long, help: "The rules. Default: for an envelope routes.yaml, for an event those that run.",
    completion: .configurations)
  var config: String?

  @Flag(
    name: .long,
    help: "Count references to the environment and to files as present; tokens are not looked at.")
  var noEnv = false

  @Argument(
    help: "A file with an envelope, - for standard input, or an event's id: evt_….",
    completion: .file(extensions: ["json"]))
  var envelope: String

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  private var event: EventID? { EventID(envelope) }

  func validate() throws {
    guard event == nil || !noEnv else {
      throw ValidationError(
        "--no-env is for envelopes: a relay replaces no reference in rules that are handed in")
    }
  }

  func run() throws {
    if let event { return try explainStored(event) }
    var configuration = ConfigurationOptions()
    configuration.config = config ?? ConfigurationOptions.standardFile
    let loaded = try configuration.load(
      resolvesReferences: !noEnv, printsWarnings: false, json: options.json)
    let answer = ExplainAnswer(try explain(try readEnvelope(), loaded.configuration))
    if options.json {
      print(LocalReport.json(of: answer))
    } else {
      print(ExplainText.render(answer, note: noEnv ? " (tokens are not looked at)" : ""))
    }
  }

  private func explainStored(_ event: EventID) throws {
    let client = options.client(why)
    var input = ExplainInput()
    input.event = event.description
    input.configuration = try config.map { try HandedConfigurationFile.text(at: $0, json: options.json) }
    let json = try client.post("/api/v1/explain", input)
    try options.show(json) { _ in ExplainText.render(try client.decode(ExplainAnswer.self, from: json)) }
  }

  private func explain(_ document: [UInt8], _ configuration: Configuration) throws -> ExplainReport {
    do throws(ExplainError) {
      return ExplainReport(
        try Explainer(configuration, readsTokens: !noEnv, at: SystemWallClock().now()).explain(document),
        by: configuration)
    } catch {
      Failure(code: "invalid_envelope", message: "\(envelope): \(error)").tell(json: options.json)
      throw ExitCode.failure
    }
  }

  private func readEnvelope() throws -> [UInt8] {
    guard let bytes = InputFile.bytes(envelope) else {
      Failure(code: "not_found", message: "\(envelope): no such file, or it can't be read").tell(
        json: options.json)
      throw ExitCode.failure
    }
    return bytes
  }
}

/// What `explain --json` has always printed of an envelope.
private struct LocalReport: Encodable {
  struct Event: Encodable {
    var type: String
    var company: String?
    var channel: String?
    var chat: String?
    var routes: [Route]
    var destinations: [String]
    var dropped: Bool

    private enum Key: String, CodingKey {
      case type, company, channel, chat, routes, destinations, dropped
    }

    /// What an event lacks is null, not left out.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(type, forKey: .type)
      try container.encode(company, forKey: .company)
      try container.encode(channel, forKey: .channel)
      try container.encode(chat, forKey: .chat)
      try container.encode(routes, forKey: .routes)
      try container.encode(destinations, forKey: .destinations)
      try container.encode(dropped, forKey: .dropped)
    }
  }

  struct Route: Encodable {
    var name: String
    var matched: Bool
    var reason: String?
    var saw: String?
  }

  struct Rejected: Encodable {
    var event: String
    var index: Int
  }

  struct Batch: Encodable {
    var destination: String
    var maxEvents: Int
    var maxBytes: Int
    var maxWaitMs: Int

    /// As the API names them.
    enum CodingKeys: String, CodingKey {
      case destination
      case maxEvents = "max_events"
      case maxBytes = "max_bytes"
      case maxWaitMs = "max_wait_ms"
    }
  }

  var source: String
  var tokenValid: Bool
  var handshake: Bool
  var events: [Event]
  var batches: [Batch]
  var rejected: [Rejected]

  static func json(of answer: ExplainAnswer) -> String {
    let report = LocalReport(
      source: answer.source, tokenValid: answer.tokenValid ?? true, handshake: answer.handshake ?? false,
      events: answer.events.map { event in
        Event(
          type: event.type, company: event.company, channel: event.channel, chat: event.chat,
          routes: event.routes.map {
            Route(name: $0.name, matched: $0.matched, reason: $0.reason, saw: $0.saw)
          }, destinations: event.destinations, dropped: event.dropped)
      },
      batches: answer.batches.map {
        Batch(
          destination: $0.destination, maxEvents: $0.batch.maxEvents, maxBytes: $0.batch.maxBytes,
          maxWaitMs: $0.batch.maxWaitMs)
      }, rejected: answer.rejected.map { Rejected(event: $0.event, index: $0.index) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: (try? encoder.encode(report)) ?? Data(), as: UTF8.self)
  }
}
