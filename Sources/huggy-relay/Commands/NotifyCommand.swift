import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline
import RelayText

struct NotifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notify",
    abstract: "Try out whom `notify` in routes.yaml names.",
    discussion: discussion(examples: "huggy-relay notify test ops"),
    subcommands: [Test.self])

  struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send a sample notice to a receiver, or a heartbeat, and show the answer.",
      discussion: discussion(
        """
        The running relay sends it at once, to the receiver's present URL and in its format. Nothing of what is to be told \
        notices it. Exits 1 if the answer was not a 2xx.
        """,
        examples: "huggy-relay notify test ops"))

    @Argument(help: "The receiver: its name under `notify`.")
    var name: String

    @OptionGroup var why: ReasonOptions
    @OptionGroup var options: AdminOptions

    func run() throws {
      let client = options.client(why)
      let json = try client.post("/api/v1/notify/\(name.percentEncoded)/test", NoticeTestInput())
      let answer = try client.decode(NoticeTestAnswer.self, from: json)
      try options.show(json) { pen in NoticeTestText.render(answer, pen: pen) }
      if !answer.sent { throw ExitCode.failure }
    }
  }
}
