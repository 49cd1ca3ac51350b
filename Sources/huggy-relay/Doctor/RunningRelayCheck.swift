import RelayAdmin
import RelayCore
import RelayCurl
import RelayPipeline
import RelayText
import RelayTools

/// The relay that runs with this configuration, as its admin API tells; or, where none runs, the ports that it would need.
struct RunningRelayCheck {
  /// nil: it can't be read.
  private let configuration: Configuration?
  /// nil: `server.admin` is off, or not known.
  private let connection: AdminConnection?

  private static let subject = "relay"
  private static let patience = Duration.seconds(5)

  /// - Parameters:
  ///   - admin: Where to ask instead of `server.admin`.
  ///   - token: What to show instead of `server.admin_token`.
  ///   - security: Whom to believe instead of who has the configuration's own certificate, and what else to show.
  init(_ configuration: Configuration?, admin: String?, token: String?, security: AdminTLSOptions) {
    self.configuration = configuration
    let server = configuration?.server
    // Whoever may look at the status.
    let token = token ?? server?.admins.first { $0.role >= .viewer }?.value.reveal
    if let admin {
      connection = AdminConnection(url: admin, token: token, tls: security.tls())
    } else if let server, let address = server.admin {
      let own = server.adminTLS.map { ClientTLS.Believed.certificate(file: $0.certificate) }
      connection = AdminConnection(
        url: "\(own == nil ? "http" : "https")://\(Self.reachable(address))", token: token,
        tls: security.tls(else: own ?? .system))
    } else {
      connection = nil
    }
  }

  /// An address of every interface is asked for on loopback.
  private static func reachable(_ address: ListenAddress) -> ListenAddress {
    switch address.host {
    case "0.0.0.0", "": ListenAddress(host: "127.0.0.1", port: address.port)
    case "::": ListenAddress(host: "::1", port: address.port)
    default: address
    }
  }

  func look() -> [Finding] {
    guard let connection else {
      guard configuration != nil else { return [] }
      return [.ok(Self.subject, "server.admin is off: nothing can be asked of a running relay")]
    }
    do throws(TransportFailure) {
      return try look(by: connection)
    } catch {
      switch error.kind {
      case .connectionRefused: return [notRunning(connection.url)] + ports
      case .nameResolution, .connectTimeout, .connection, .tls, .timeout, .reset, .other, .egress, .token:
        return [.fail(Self.subject, "\(connection.url): \(error)", connection.hint(error))]
      }
    }
  }

  private func notRunning(_ url: String) -> Finding {
    .warn(Self.subject, "none answers at \(url)", "start it: `huggy-relay serve`, or the service")
  }

  private var ports: [Finding] {
    guard let server = configuration?.server else { return [] }
    return MachineChecks.port(server.listen, key: "server.listen")
      + (server.admin.map { MachineChecks.port($0, key: "server.admin") } ?? [])
  }

  private func look(by connection: AdminConnection) throws(TransportFailure) -> [Finding] {
    let (url, http) = (connection.url, connection.makeHTTP())
    func ask(_ path: String) throws(TransportFailure) -> BlockingResponse {
      try http.send(
        method: "GET", url: url + path, headers: connection.authorization, body: nil, timeout: Self.patience,
        connectTimeout: Self.patience)
    }
    let readiness = try ask("/readyz")
    let answer = try ask("/api/v1/status")
    switch AdminOutcome(
      status: answer.status, contentType: answer.contentType, body: answer.body,
      hasToken: connection.token != nil)
    {
    case .notTheAPI(let message):
      return [
        .fail(Self.subject, "\(url): \(message)", "is --admin right, or server.admin taken by another?")
      ]
    case .refused(_, let message, _):
      return [.fail(Self.subject, "\(url): \(message)", nil)]
    case .done(let json):
      guard let status = try? AnswerDecoder.decode(StatusAnswer.self, from: json) else {
        return [
          .fail(
            Self.subject, "\(url): it answers otherwise than this version expects",
            "use the same version of huggy-relay on both sides")
        ]
      }
      return [ready(readiness, url)] + RelayHealth.findings(status, configuration: configuration)
    }
  }

  private func ready(_ answer: BlockingResponse, _ url: String) -> Finding {
    if answer.status == 200 { return .ok(Self.subject, "\(url): ready") }
    let error = try? AnswerDecoder.decode(ErrorAnswer.self, from: answer.body)
    return .fail(
      Self.subject, "\(url): not ready: \(error?.error.message ?? "status \(answer.status)")",
      "senders get 503 meanwhile; see docs/operations.md#turned-away")
  }
}

/// What a running relay says of itself.
enum RelayHealth {
  /// - Parameter configuration: What it should go by; nil: that can't be read.
  static func findings(_ status: StatusAnswer, configuration: Configuration?) -> [Finding] {
    [version(status), loaded(status, configuration)] + clock(status) + store(status)
      + attachments(status)
      + status.destinations.compactMap(destination) + status.sources.compactMap(source)
      + status.notify.compactMap(receiver)
  }

  private static func version(_ status: StatusAnswer) -> Finding {
    guard status.version != RelayVersion.number else { return .ok("version", status.version) }
    return .warn(
      "version", "the relay is \(status.version), this command \(RelayVersion.number)",
      "restart the relay, if it was upgraded; else use its own binary")
  }

  private static func loaded(_ status: StatusAnswer, _ configuration: Configuration?) -> Finding {
    if let error = status.config.reloadErrors.first {
      return .fail("reload", "the last one changed nothing: \(error)", "mend it, then `huggy-relay reload`")
    }
    guard let configuration else { return .ok("reload", "the relay goes by \(status.config.hash)") }
    guard status.config.hash != configuration.hash else {
      return .ok("reload", "the relay goes by this file (\(configuration.hash))")
    }
    return .warn(
      "reload", "the relay goes by another file, or this one as it was (\(status.config.hash))",
      "`huggy-relay reload`, or name the relay's own file with --config")
  }

  private static func clock(_ status: StatusAnswer) -> [Finding] {
    guard let offset = status.clockOffsetSeconds, abs(offset) > 30 else { return [] }
    return [
      .warn(
        "clock", "it is \(Int(abs(offset))) s \(offset > 0 ? "ahead of" : "behind") the destinations'",
        "set it: signed requests may be refused")
    ]
  }

  private static func attachments(_ status: StatusAnswer) -> [Finding] {
    guard let files = status.attachments else { return [] }
    let subject = "attachments"
    if let problem = files.problem {
      return [
        .fail(
          subject, "none are fetched or kept: \(problem)", "mend the disk; what can still be fetched then is")
      ]
    }
    guard files.lost > 0 else {
      return [.ok(subject, "\(files.fetched) fetched since the start, \(files.pending) to be fetched")]
    }
    let last = files.lastLoss.map { "; the last one, \($0)" } ?? ""
    return [
      .warn(
        subject, "\(files.lost) could not be fetched since the start, \(files.fetched) were\(last)",
        "see docs/attachments.md; `huggy-relay event ID` shows those of an event")
    ]
  }

  private static func store(_ status: StatusAnswer) -> [Finding] {
    var findings: [Finding] = []
    if let refusal = status.store.refusal {
      findings.append(
        .fail("store", "no envelopes are taken: \(refusal)", "see docs/operations.md#turned-away"))
    }
    if let held = status.store.attemptsHeld {
      findings.append(
        .fail("store", "no attempts start: \(held.reason)", "see docs/operations.md#attempts-held"))
    }
    if let nodes = status.nodes {
      let count = "\(nodes.nodes.count.counted("relay shares", "relays share")) the store"
      findings.append(
        nodes.configurationsDiffer
          ? .fail(
            "nodes", "\(count), and they have different configurations", "reload each with the same file")
          : nodes.unserved.isEmpty
            ? .ok("nodes", count)
            : .warn(
              "nodes", "\(count), and none serves \(nodes.unserved.joined(separator: ", "))",
              "see docs/operations.md#unserved"))
    }
    if let reader = status.store.reader {
      findings.append(
        .warn("store", "\(reader.name) has it open, and its log grows meanwhile", "end that process"))
    }
    return findings
  }

  private static func destination(_ destination: DestinationAnswer) -> Finding? {
    let subject = "queue of \(destination.name)"
    if destination.orphaned {
      return .warn(subject, "no longer configured, and still owed something", "put it back, or discard that")
    }
    if destination.circuit == "open" {
      return .warn(
        subject,
        "failing: \(destination.lastFailure ?? "no attempt succeeds"); \(destination.pending) pending",
        "`huggy-relay test \(destination.name)` shows what it answers")
    }
    if destination.dead > 0 {
      return .warn(
        subject, "\(destination.dead) dead",
        "`huggy-relay deliveries --destination \(destination.name) --state dead`")
    }
    if destination.paused {
      return .warn(
        subject, "paused; \(destination.pending) pending", "`huggy-relay resume \(destination.name)` ends it")
    }
    return nil
  }

  /// Whoever takes no notices tells nobody that it does not.
  private static func receiver(_ receiver: StatusAnswer.Receiver) -> Finding? {
    guard let since = receiver.failingSince else { return nil }
    let why = receiver.lastFailure.map { ": \($0)" } ?? ""
    return .warn(
      "notify \(receiver.name)", "it has taken nothing since \(since)\(why); \(receiver.waiting) waiting",
      "`huggy-relay notify test \(receiver.name)` shows what it answers; its URL may have been withdrawn")
  }

  private static func source(_ source: SourceAnswer) -> Finding? {
    let subject = "source \(source.name)"
    switch TokenState(rawValue: source.token) {
    case .closed:
      return .warn(
        subject, "it knows no token yet: everybody is refused",
        "`huggy-relay token learn \(source.name) --for 15m`")
    case .learning:
      return .warn(subject, "it waits for a handshake", "save the URL in Huggy now")
    case .candidates:
      return .warn(
        subject, "a candidate waits for a person", "`huggy-relay token list`")
    case .configured, .none?, .learned, nil: return nil
    }
  }
}
