import ArgumentParser
import Glibc
import RelayConfig
import RelayCore
import RelayTools

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a first routes.yaml by asking a few questions, and say what to do next.",
    discussion: discussion(
      """
      One source with a path that is hard to guess, one destination, a route that gives it everything. The file is readable \
      by its owner alone: it holds secrets. What an option answers is not asked.
      """,
      examples: "huggy-relay init", "huggy-relay init --yes --destination-url https://crm.example/hooks"))

  @OptionGroup var options: ConfigurationOptions

  @Flag(name: .shortAndLong, help: "Ask nothing: what no option says is the default.")
  var yes = false

  @Flag(name: .long, help: "Replace the file if there is one.")
  var force = false

  @Option(
    name: .long,
    help: "Where the service is that gets the events. Default: http://127.0.0.1:9000/crm, where `sink` is.")
  var destinationURL: String?

  @Option(name: .long, help: "What it is called. Default: crm.")
  var destinationName: String?

  @Option(
    name: .long,
    help: "What it wants: huggy (what Huggy would have sent), event or cloudevents. Default: huggy.")
  var format: Destination.Format?

  @Option(
    name: .long, help: "The token that Huggy shows beside its webhook's URL; learn; or none. Default: learn.")
  var token: String?

  @Option(name: .long, help: "The company of events that name none.")
  var company: String?

  @Option(name: .long, help: "The path of the URL that Huggy is given. Default: a random one.")
  var path: String?

  @Option(name: .long, help: "Where the relay listens.")
  var listen = "127.0.0.1:8080"

  @Option(name: .long, help: "Where its admin API does.")
  var admin = "127.0.0.1:8081"

  @Option(name: .long, help: "How Huggy reaches it, through a proxy with TLS: https://relay.example.")
  var publicURL: String?

  @Flag(name: .long, help: "Don't sign requests.")
  var unsigned = false

  func run() throws {
    let file = options.config
    guard force || access(file, F_OK) != 0 else {
      throw Failure(
        code: "file_exists", message: "\(file) exists; name another with --config, or replace it with --force"
      )
    }
    let first = try answers()
    try check(first)
    try write(first.text, to: file)
    printNext(first, file: file)
  }

  // MARK: Answers

  private func answers() throws -> FirstConfiguration {
    var randomness = SystemRandomNumberGenerator()
    var first = FirstConfiguration(
      path: path ?? FirstConfiguration.randomPath(using: &randomness), destinationURL: "")
    first.token = tokenChoice(
      ask(token, "The token that Huggy shows beside the webhook's URL (learn: it is not known yet)", "learn"))
    first.company = ask(company, "The company's id, for events that name none (may be empty)", "")
    if first.company?.isEmpty ?? true { first.company = nil }
    first.destination = ask(destinationName, "What the service is called that gets the events", "crm")
    first.destinationURL = ask(destinationURL, "Its URL", "http://127.0.0.1:9000/crm")
    let formats = Destination.Format.allCases.map(\.rawValue).joined(separator: " or ")
    let format = ask(self.format?.rawValue, "What it wants: \(formats)", "huggy")
    guard let known = Destination.Format(rawValue: format) else {
      throw ValidationError("'\(format)' is no format; write \(formats)")
    }
    first.format = known
    if !unsigned { first.signingSecret = SecretGenerator.signingSecret() }
    first.listen = listen
    first.admin = admin
    return first
  }

  private func tokenChoice(_ text: String) -> FirstConfiguration.Token {
    switch text {
    case "learn": .learn
    case "none": .none
    default: .known(text)
    }
  }

  /// - Parameter given: What an option says: then it is not asked.
  private func ask(_ given: String?, _ question: String, _ fallback: String) -> String {
    if let given { return given }
    guard !yes else { return fallback }
    StandardStream.error.write("\(question)\(fallback.isEmpty ? "" : " [\(fallback)]"): ")
    let answer = (readLine() ?? "").trimmed
    return answer.isEmpty ? fallback : answer
  }

  // MARK: The file

  /// - Throws: `ExitCode` after saying what is wrong: nothing has been written.
  private func check(_ first: FirstConfiguration) throws {
    do throws(ConfigurationErrors) {
      _ = try options.loader().load(text: first.text, file: options.config, directory: ".")
    } catch {
      for problem in error.problems { printError("\(problem.keyPath): \(problem.message)") }
      printError("nothing was written")
      throw ExitCode.failure
    }
  }

  private func write(_ text: String, to file: String) throws {
    let replaces = force && access(file, F_OK) == 0
    let path = replaces ? "\(file).new" : file
    if replaces { unlink(path) }
    let target = try NewFile(path: path)
    if replaces { Self.hand(target.descriptor, toTheReadersOf: file) }
    guard Descriptor.write(Array(text.utf8), to: target.descriptor) else {
      throw Failure(code: "not_written", message: "can't write \(path): \(String(cString: strerror(errno)))")
    }
    _ = try target.finish()
    guard !replaces || rename(path, file) == 0 else {
      throw Failure(
        code: "not_written", message: "can't replace \(file): \(String(cString: strerror(errno)))")
    }
  }

  /// A file that not everybody may read keeps its owner, its group and its mode: a service's file stays one that the service
  /// can read.
  private static func hand(_ descriptor: Int32, toTheReadersOf file: String) {
    var status = stat()
    guard stat(file, &status) == 0, status.st_mode & 0o007 == 0 else { return }
    // Only root may give a file away; then it stays with whoever runs this, as a new one does.
    guard fchown(descriptor, status.st_uid, status.st_gid) == 0 else { return }
    fchmod(descriptor, status.st_mode & 0o660)
  }

  private static func readers(of file: String) -> String {
    var status = stat()
    let isForGroup = stat(file, &status) == 0 && status.st_mode & 0o040 != 0
    return " (it holds secrets: only \(isForGroup ? "its owner and group" : "you") can read it)"
  }

  // MARK: What is next

  private func printNext(_ first: FirstConfiguration, file: String) {
    let option = file == ConfigurationOptions.standardFile ? "" : " --config \(file)"
    let url =
      "\(publicURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 } ?? "https://YOUR-HOST")\(first.path)"
    var steps = [
      "Start it:\n     huggy-relay serve\(option)",
      "See that all is well, and try the service out:\n     huggy-relay doctor\(option)\n     huggy-relay test \(first.destination)",
    ]
    switch first.token {
    case .learn:
      steps += [
        "Open a time in which Huggy's token may be learned:\n     huggy-relay token learn \(first.source) --for 15m",
        "Paste this URL into Huggy's webhook page, and save it:\n     \(url)",
        "Look who has come, and confirm it:\n     huggy-relay token list",
      ]
    case .known, .none: steps.append("Paste this URL into Huggy's webhook page, and save it:\n     \(url)")
    }
    print("wrote \(file)\(first.holdsSecrets ? Self.readers(of: file) : "")\n\nNext:")
    for (place, step) in steps.enumerated() { print("  \(place + 1). \(step)") }
    if publicURL == nil {
      print("\nThe relay listens on \(first.listen): a proxy with TLS leads to it (docs/proxies.md).")
    }
  }
}

extension Destination.Format: ExpressibleByArgument {}
