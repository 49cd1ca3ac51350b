import ArgumentParser
import Glibc
import RelayAdmin
import RelayCore
import RelayPipeline
import RelayText

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Have a source's token learned from Huggy's handshake, where `token: learn` says so.",
    discussion: discussion(
      """
      Such a source is closed until a person opens a time in which handshakes are answered. Save its URL in Huggy then, look \
      who has come, and confirm it. Two different ones in that time: neither can be confirmed.
      """,
      examples: "huggy-relay token learn huggy --for 15m", "huggy-relay token list",
      "huggy-relay token learn huggy --confirm 5f2a91c0"),
    subcommands: [Learn.self, List.self, Forget.self])

  struct Learn: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Answer handshakes for a while, or confirm the one that has come.",
      discussion: discussion(
        examples: "huggy-relay token learn huggy --for 15m", "huggy-relay token learn huggy --wait"))

    @Argument(help: "The source: its name in routes.yaml.")
    var source: String

    @Option(name: .customLong("for"), help: "For how long: 15m, 1h.")
    var duration: DurationArgument?

    @Option(name: .long, help: "Believe this candidate from now on: its id, as `token list` shows it.")
    var confirm: String?

    @Flag(
      name: .long,
      help: "Wait until somebody has come, show who, and ask a person at the terminal whether to confirm it.")
    var wait = false

    @OptionGroup var why: ReasonOptions
    @OptionGroup var options: AdminOptions

    func validate() throws {
      guard duration == nil || confirm == nil else {
        throw ValidationError("--for opens a time, and --confirm ends it: give one of them")
      }
      guard !wait || (confirm == nil && !options.json) else {
        throw ValidationError(
          "--wait is for a person who has just opened a time: it takes neither --confirm nor --json")
      }
      if let duration = duration?.duration {
        guard duration >= .seconds(1), duration <= TokenInput.longestWindow else {
          throw ValidationError("--for is from 1s to 24h")
        }
      }
    }

    func run() throws {
      var input = TokenInput()
      if let confirm {
        input.confirm = confirm
      } else {
        input.learnFor = duration?.defaultValueDescription ?? "15m"
      }
      try TokenCommand.post(input, to: source, options, why)
      if wait { try awaitCandidate(options.client()) }
    }

    /// - Throws: `ExitCode`: nobody has come, or nobody was confirmed.
    private func awaitCandidate(_ client: AdminClient) throws {
      guard let found = try candidate(client) else {
        printError("nobody has come")
        throw ExitCode.failure
      }
      print(SourcesText.source(found, now: SystemWallClock().now(), pen: AdminOptions.pen))
      guard !found.ambiguous, let id = found.candidates.first?.id, isatty(STDIN_FILENO) == 1 else { return }
      try Person.mustAgree(to: "believe it from now on? [y/N] ", otherwise: "nothing was confirmed")
      var input = TokenInput()
      input.confirm = id
      try TokenCommand.post(input, to: source, options, why)
    }

    /// The source, once somebody has come; nil: its time is over.
    private func candidate(_ client: AdminClient) throws -> SourceAnswer? {
      while true {
        let status = try client.decode(StatusAnswer.self, from: try client.get("/api/v1/status"))
        guard let found = status.sources.first(where: { $0.name == source }) else { return nil }
        if !found.candidates.isEmpty { return found }
        guard found.learningUntil != nil else { return nil }
        pause(for: .seconds(1))
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show how it stands with each source's token, and who has come.",
      discussion: discussion(
        "With --json as GET /api/v1/status has it.", examples: "huggy-relay token list"))

    @OptionGroup var options: AdminOptions

    func run() throws {
      let client = options.client()
      let json = try client.get("/api/v1/status")
      try options.show(json) { pen in
        SourcesText.render(
          try client.decode(StatusAnswer.self, from: json).sources, now: SystemWallClock().now(), pen: pen)
      }
    }
  }

  struct Forget: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Forget what was learned: nobody is believed then, until a person begins anew.",
      discussion: discussion(examples: "huggy-relay token forget huggy"))

    @Argument(help: "The source: its name in routes.yaml.")
    var source: String

    @OptionGroup var why: ReasonOptions
    @OptionGroup var options: AdminOptions

    func run() throws {
      var input = TokenInput()
      input.forget = true
      try TokenCommand.post(input, to: source, options, why)
    }
  }

  private static func post(
    _ input: TokenInput, to source: String, _ options: AdminOptions, _ why: ReasonOptions
  ) throws {
    let client = options.client(why)
    let json = try client.post("/api/v1/sources/\(source.percentEncoded)/token", input)
    try options.show(json) { pen in
      let answer = try client.decode(SourceAnswer.self, from: json)
      let text = SourcesText.source(answer, now: SystemWallClock().now(), pen: pen)
      return text.isEmpty ? "\(answer.name): \(answer.token)" : text
    }
  }
}
