import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline
import RelayText

struct Pause: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Stop attempts to a destination; its deliveries go on queueing. Stays over restarts.",
    discussion: discussion(examples: "huggy-relay pause crm --for 2h", "huggy-relay pause crm --until 18:00"))

  @Argument(help: "The destination.", completion: .destinations)
  var destination: String

  @Option(
    name: .long,
    help: "When it ends by itself: \"2026-01-02 03:04\" or 03:04 (local time). Default: `resume` ends it.")
  var until: String?

  @Option(name: .customLong("for"), help: "How long: 30m, 2h, 1d.")
  var duration: String?

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard until == nil || duration == nil else {
      throw ValidationError("--until and --for exclude each other")
    }
    _ = try end(now: SystemWallClock().now())
  }

  func run() throws {
    let client = options.client(why)
    var input = PauseInput()
    input.until = try end(now: SystemWallClock().now())
    let json = try client.post("/api/v1/destinations/\(destination.percentEncoded)/pause", input)
    try options.show(json) { _ in ChangeText.paused(try client.decode(PauseAnswer.self, from: json)) }
  }

  private func end(now: Timestamp) throws -> Timestamp? {
    if let duration {
      guard let time = TimeInput.duration(duration), time > .zero else {
        throw ValidationError("--for is a whole number and its unit: 90s, 30m, 2h or 1d")
      }
      return now.advanced(by: time)
    }
    guard let until else { return nil }
    guard let time = Timestamp(rfc3339: until) ?? TimeInput.wallTime(until, now: now, zone: .current) else {
      throw ValidationError(
        "--until is a time such as \"2026-01-02 03:04\" (local) or 2026-01-02T03:04:05Z; --for takes a duration"
      )
    }
    guard time > now else { throw ValidationError("--until (\(time)) is past") }
    return time
  }
}

struct Resume: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "End a destination's pause, or its hold (Retry-After); begin anew with fresh connections.",
    discussion: discussion(examples: "huggy-relay resume crm"))

  @Argument(help: "The destination.", completion: .destinations)
  var destination: String

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func run() throws {
    let client = options.client(why)
    let json = try client.post("/api/v1/destinations/\(destination.percentEncoded)/resume")
    try options.show(json) { _ in ChangeText.resumed(try client.decode(ResumeAnswer.self, from: json)) }
  }
}
