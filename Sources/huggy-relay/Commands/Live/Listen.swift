import ArgumentParser
import RelayAdmin
import RelayCore
import RelayCurl
import RelayPipeline

struct Listen: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copy a running relay's events, as they come in, to a URL that this machine can reach.",
    discussion: discussion(
      """
      For a laptop's localhost: nothing need reach it from outside. Each event is posted there as a destination would get it, with \
      huggy-relay-listen: true; what answers is printed. It touches no queue: no delivery is made or settled, and a copy that \
      fails is not tried again. Needs an admin token of the role reader.
      """,
      examples: "huggy-relay listen --forward-to http://localhost:3000/hooks",
      "huggy-relay listen --forward-to http://localhost:3000/hooks --since 1h"))

  @Option(name: .long, help: ArgumentHelp("Where each event is posted.", valueName: "url"))
  var forwardTo: String

  @Option(
    name: .long,
    help:
      "huggy: each event in an envelope of its own, as Huggy posts it; event: the event alone; cloudevents: in one of CloudEvents 1.0.",
    completion: .list(Destination.Format.allCases.map(\.rawValue)))
  var format = Destination.Format.huggy

  @Option(name: .long, help: "How long to wait for each answer.")
  var timeout = DurationArgument(argument: "30s")!

  @OptionGroup(title: "Which events (--since: those that have come in already, first)") var filter:
    EventFilterOptions

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    let target = forwardTo.lowercased()
    guard target.hasPrefix("http://") || target.hasPrefix("https://") else {
      throw ValidationError("--forward-to is a URL that begins with http:// or https://")
    }
    guard filter.until == nil else {
      throw ValidationError("--until says nothing here: this goes on until you end it")
    }
  }

  func run() throws {
    var input = StreamInput()
    input.filter = filter.input()
    input.kinds = ["received"]
    input.bodies = true
    let forwarder = Forwarder(to: forwardTo, timeout: timeout.duration)
    var lines = ListenLines(pen: AdminOptions.pen, zone: .current)
    try options.follower(input, why).follow { message in
      let now = SystemWallClock().now()
      let line: [UInt8]?
      if let copy = ForwardedCopy(message.data, format: format, now: now), message.name == "received" {
        let result = forwarder.send(copy)
        line = options.json ? result.json(of: copy) : Array(lines.line(of: copy, result, now: now).utf8)
      } else {
        line = options.json ? message.line : lines.line(message, now: now).map { Array($0.utf8) }
      }
      if let line { StandardStream.output.write(line + [0x0A]) }
    }
  }
}

/// Posts copies, one after another.
private final class Forwarder {
  private let url: String
  private let timeout: Duration
  private let http = BlockingClient()

  init(to url: String, timeout: Duration) {
    self.url = url
    self.timeout = timeout
  }

  func send(_ copy: ForwardedCopy) -> ForwardedCopy.Result {
    do throws(TransportFailure) {
      let answer = try http.send(
        method: "POST", url: url, headers: copy.headers, body: copy.body, timeout: timeout,
        connectTimeout: .seconds(10))
      return ForwardedCopy.Result(status: answer.status, duration: answer.duration)
    } catch {
      return ForwardedCopy.Result(error: "\(error)")
    }
  }
}
