import ArgumentParser
import Foundation
import RelayAdmin
import RelayCore
import RelayPipeline
import RelayText

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say where each event of an envelope would go, and why. Sends nothing.")

  @OptionGroup var options: ConfigurationOptions

  @Flag(name: .long, help: "Print JSON, for scripts.")
  var json = false

  @Flag(
    name: .long,
    help: "Count references to the environment and to files as present; tokens are not looked at.")
  var noEnv = false

  @Argument(
    help: "A file with an envelope, or - for standard input.", completion: .file(extensions: ["json"]))
  var envelope: String

  func run() throws {
    let loaded = try options.load(resolvesReferences: !noEnv, printsWarnings: false, json: json)
    let explainer = Explainer(loaded.configuration, readsTokens: !noEnv)
    let document = try readEnvelope()
    let explained: Explainer.ExplainedEnvelope
    do throws(ExplainError) {
      explained = try explainer.explain(document)
    } catch {
      Failure(code: "invalid_envelope", message: "\(envelope): \(error)").tell(json: json)
      throw ExitCode.failure
    }
    if json { print(report(explained, explainer.table)) } else { printText(explained, explainer.table) }
  }

  private func readEnvelope() throws -> [UInt8] {
    let data =
      envelope == "-"
      ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: envelope)
    guard let data else {
      Failure(code: "not_found", message: "\(envelope): no such file, or it can't be read").tell(json: json)
      throw ExitCode.failure
    }
    return Array(data)
  }

  // MARK: Text

  private func printText(_ explained: Explainer.ExplainedEnvelope, _ table: RoutingTable) {
    print("source: \(explained.source)\(noEnv ? " (tokens are not looked at)" : "")")
    if !explained.isTokenValid { print("its token is not the source's: serve would answer 401") }
    if explained.isHandshake {
      if explained.isTokenValid { print("the handshake: serve would answer 200, with the token as text") }
      return
    }
    for (number, event) in explained.events.enumerated() {
      print("\nevent \(number + 1): \(event.type.forTerminal())")
      let (company, channel, chat) = (event.company, event.channel, event.chat)
      print(
        "  company \(company?.forTerminal() ?? "-"), channel \(channel?.forTerminal() ?? "-"), "
          + "chat \(chat?.forTerminal() ?? "-")")
      let width = table.routes.map(\.route.name.count).max() ?? 0
      for (route, verdict) in zip(table.routes, event.explanation.verdicts) {
        let name = route.route.name.padding(toLength: width, withPad: " ", startingAt: 0)
        let words = verdict.words(of: route.route).forTerminal(maxCharacters: 1_000)
        print("  \(verdict == .matched ? "✓" : "·") \(name)  \(words)")
      }
      print("  → \(event.explanation.decision.summary)")
    }
    for item in explained.rejected {
      print("\nrejected: \(item.type.forTerminal())[\(item.index)] is not an object")
    }
  }

  // MARK: JSON

  private func report(_ explained: Explainer.ExplainedEnvelope, _ table: RoutingTable) -> String {
    let report = ExplainReport(
      source: explained.source, tokenValid: explained.isTokenValid, handshake: explained.isHandshake,
      events: explained.events.map { event in
        ExplainReport.Event(
          type: event.type, company: event.company, channel: event.channel, chat: event.chat,
          routes: zip(table.routes, event.explanation.verdicts).map { ExplainReport.Route($0.route, $1) },
          destinations: event.explanation.decision.targets.map(\.destination),
          dropped: event.explanation.decision.isDropped)
      },
      rejected: explained.rejected.map { ExplainReport.Rejected(event: $0.type, index: $0.index) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: (try? encoder.encode(report)) ?? Data(), as: UTF8.self)
  }
}

private struct ExplainReport: Encodable {
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

    init(_ route: RelayCore.Route, _ verdict: Explanation.Verdict) {
      name = route.name
      matched = verdict == .matched
      reason = matched ? nil : verdict.words(of: route)
      if case .failed(_, let value) = verdict { saw = value }
    }
  }

  struct Rejected: Encodable {
    var event: String
    var index: Int
  }

  var source: String
  var tokenValid: Bool
  var handshake: Bool
  var events: [Event]
  var rejected: [Rejected]
}

extension Explanation.Verdict {
  fileprivate func words(of route: Route) -> String {
    switch self {
    case .matched:
      switch route.action {
      case .drop: "matched: dropped"
      case .deliver(let destinations):
        "matched: to \(destinations.joined(separator: ", "))\(route.stop ? "; no later route" : "")"
      }
    case .failed(let condition, let saw): "no: wants \(condition); saw \(saw)"
    case .excluded(let condition): "no: excepted by \(condition)"
    case .notReached(let after): "not reached: \(after) ended the routing"
    }
  }
}

extension RoutingDecision {
  fileprivate var summary: String {
    if !targets.isEmpty { return targets.map(\.destination).joined(separator: ", ") }
    return isDropped ? "dropped" : matched.isEmpty ? "no route matched" : "no destination"
  }
}
