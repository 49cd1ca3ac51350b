import ArgumentParser
import Glibc
import Logging
import RelayAdmin
import RelayConfig
import RelayCore
import RelayIngest
import RelayListening
import RelayPipeline
import RelayThreads

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the relay until SIGTERM or SIGINT.",
    discussion: discussion(
      """
      On SIGTERM or SIGINT it stops accepting, finishes the requests and attempts in flight (at most server.drain), \
      and exits 0; the rest stays pending. SIGHUP reads the configuration again: a wrong one changes nothing.
      """,
      examples: "huggy-relay serve --config routes.yaml", "huggy-relay serve --paused --log-format json"))

  @OptionGroup var options: ConfigurationOptions

  @Option(name: .long, help: "The form of the log: text or json. Default: text on a terminal, else json.")
  var logFormat: LogFormat?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How long to wait for another relay to let go of the store, as in a rolling update, or for its database server to "
        + "be there: 60s. Default: not at all.",
      valueName: "time"))
  var waitForStore: DurationArgument?

  @Flag(
    name: .long,
    help: ArgumentHelp(
      "Begin with every destination paused, as `pause` does it: events are received and queue, and nothing is delivered "
        + "to a destination until `resume`."))
  var paused = false

  @Flag(
    name: .customLong("no-copy"),
    help: ArgumentHelp(
      "Change the schema of an older release's store without copying the store first: where its disk has no room for the "
        + "copy, and there is a backup elsewhere."))
  var omitsCopy = false

  func run() async throws {
    let format = logFormat ?? .forStandardError
    let log = LogWriter(format)
    let result: Result<Void, any Error>
    do {
      result = .success(try await run(log, Logger(label: "huggy-relay", format: format, writer: log)))
    } catch {
      result = .failure(error)
    }
    // What nobody reads does not keep the process from ending.
    _ = await onThread(named: "flush") { log.flush(within: Self.flushTime) }
    try result.get()
  }

  /// How long the last lines may take to be written.
  private static let flushTime = Duration.seconds(2)

  private func run(_ log: LogWriter, _ logger: Logger) async throws {
    let (terminations, hangups) = (Terminations(), Hangups())
    let loaded = try await load(log, logger, terminations)
    for warning in loaded.warnings { logger.warning("configuration", metadata: ["problem": "\(warning)"]) }
    do {
      try await Relay(
        loaded, path: options.config, loader: options.loader(), logger: logger,
        droppedLogLines: log.dropped, waitForStore: waitForStore?.duration ?? .zero, isPaused: paused,
        copiesStore: !omitsCopy, terminations: terminations, hangups: hangups
      ).run()
    } catch let error as StoreError {
      logger.critical("the store can't be used", metadata: ["reason": "\(error)"])
      throw ExitCode.failure
    } catch let error as ListenError {
      logger.critical("can't listen", metadata: ["reason": "\(error)"])
      throw ExitCode.failure
    } catch let error as AttachmentKeyError {
      logger.critical("no links to files can be made", metadata: ["reason": "\(error)"])
      throw ExitCode.failure
    }
  }

  private func load(
    _ log: LogWriter, _ logger: Logger, _ terminations: Terminations
  ) async throws -> LoadedConfiguration {
    var problem: String?
    do {
      return try options.load(printsWarnings: false) { line in
        problem = problem ?? line
        log.write(Array("\(line)\n".utf8))
      }
    } catch {
      await WrongStart(logger: logger).wait(.ofProcess(), problem: problem ?? "", unless: terminations)
      throw error
    }
  }
}
