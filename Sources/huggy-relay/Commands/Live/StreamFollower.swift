import ArgumentParser
import RelayAdmin
import RelayCore
import RelayCurl

/// Reads the stream of a running relay, and begins anew wherever it breaks off: over a restart, behind any proxy.
final class StreamFollower {
  private let connection: AdminConnection
  private let json: Bool
  private let reason: String?
  private let input: StreamInput
  private let http: BlockingClient
  private var parser = EventStreamParser()
  private var rule = ReconnectRule()
  private var seen = SeenEvents()

  /// The relay says something at least every 15 s.
  private static let silence = Duration.seconds(45)

  /// - Parameters:
  ///   - json: What goes wrong is told as JSON.
  ///   - reason: Why it is read, for the relay's audit.
  init(_ connection: AdminConnection, json: Bool, reason: String? = nil, _ input: StreamInput) {
    self.connection = connection
    http = connection.makeHTTP()
    self.json = json
    self.reason = reason
    self.input = input
  }

  private var url: String { connection.url }

  /// Hands over each message, for ever. An event that comes again after a break is handed over once.
  ///
  /// - Throws: `ExitCode`, after saying why: where it is not let in, or never was.
  func follow(_ take: (EventStreamParser.Message) -> Void) throws -> Never {
    while true {
      parser.begin()
      let ending = try connect(take)
      let retry = parser.retryMilliseconds.map { Duration.milliseconds($0) }
      switch rule.decide(ending.ending, retry: retry, random: .random(in: 0..<1)) {
      case .giveUp: throw ending.failure()
      case .tryAgain(let wait):
        tell("\(ending.words); going on in \(wait.secondsText)")
        pause(for: wait)
      }
    }
  }

  /// How a try ended: for the rule, for people, and what to do where it was the last.
  private struct Ended {
    var ending: ReconnectRule.Ending
    var words: String
    var failure: () -> any Error
  }

  private func connect(_ take: (EventStreamParser.Message) -> Void) throws -> Ended {
    let query = try RequestText.query(nextInput, reason: reason)
    let target = "\(url)/api/v1/stream" + (query.isEmpty ? "" : "?\(query)")
    let headers = ["accept: text/event-stream"] + connection.authorization
    do throws(TransportFailure) {
      let response = try withoutActuallyEscaping(take) { take throws(TransportFailure) in
        try http.stream(
          url: target, headers: headers, silence: Self.silence, connectTimeout: .seconds(10),
          isWanted: { status, type in status == 200 && (type ?? "").hasPrefix("text/event-stream") },
          piece: { [self] piece in
            parser.read(piece) { message in
              if seen.isNew(message) { take(message) }
              return true
            }
          })
      }
      return ended(response)
    } catch {
      let words = "\(url): \(error)"
      return Ended(ending: parser.lastID == nil ? .unreachable : .ended, words: words) { [self] in
        Failure(code: "unreachable", message: connection.unreachable(error)).tell(json: json)
        return ExitCode.unreachable
      }
    }
  }

  private func ended(_ response: BlockingResponse) -> Ended {
    let isStream = response.status == 200 && (response.contentType ?? "").hasPrefix("text/event-stream")
    if isStream {
      return Ended(ending: .ended, words: "the stream has ended") { ExitCode.failure }
    }
    let outcome = AdminOutcome(
      status: response.status, contentType: response.contentType, body: response.body,
      hasToken: connection.token != nil)
    switch outcome {
    case .refused(let code, let message, let errors):
      return Ended(ending: .refused(status: response.status), words: message) { [self] in
        Failure(code: code, message: message, errors: errors).tell(json: json)
        return ExitCode.failure
      }
    case .notTheAPI(let message):
      return Ended(ending: .refused(status: response.status), words: message) { [self] in
        Failure(code: "unreachable", message: "\(url): \(message); is --admin right?").tell(json: json)
        return ExitCode.unreachable
      }
    case .done:
      return Ended(ending: .refused(status: 200), words: "what answers there is no stream") { [self] in
        Failure(
          code: "unreachable", message: "\(url): what answers there is no stream; is --admin right?"
        ).tell(json: json)
        return ExitCode.unreachable
      }
    }
  }

  /// With where to go on; what was asked for from the beginning has come by then.
  private var nextInput: StreamInput {
    guard let id = parser.lastID else { return input }
    var next = input
    next.filter.since = nil
    next.lastEventId = id
    return next
  }

  private func tell(_ words: String) {
    if json {
      Failure(code: "stream_broken", message: words).tell(json: true)
    } else {
      printError(words)
    }
  }
}

/// The events that have lately come in: after a break, a relay that was restarted may tell of some again.
private struct SeenEvents {
  private var ids: Set<[UInt8]> = []
  private var order: [[UInt8]] = []
  private var oldest = 0
  private static let count = 4_096
  private static let key = Array(#""event_id":""#.utf8)

  mutating func isNew(_ message: EventStreamParser.Message) -> Bool {
    guard message.name == "received" else { return true }
    let head = message.data.prefix(100)
    // The relay writes it near the beginning; another's message is taken as it is.
    guard let start = head.indices.first(where: { head[$0...].starts(with: Self.key) }) else { return true }
    let id = Array(head[(start + Self.key.count)...].prefix(40))
    guard ids.insert(id).inserted else { return false }
    if order.count < Self.count {
      order.append(id)
    } else {
      ids.remove(order[oldest])
      order[oldest] = id
      oldest = (oldest + 1) % Self.count
    }
    return true
  }
}

extension Duration {
  fileprivate var secondsText: String { "\((inSeconds * 10).rounded() / 10) s" }
}
