import ArgumentParser
import Glibc
import RelayAdmin
import RelayConfig
import RelayCore

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Look at configurations: what is in effect, what would change, what may stand there.",
    discussion: discussion(examples: "huggy-relay config show", "huggy-relay config diff new.yaml"),
    subcommands: [Show.self, Difference.self, Schema.self])
}

extension ConfigCommand {
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Print a configuration with its defaults and what came from the environment; secrets are masked.",
      discussion: discussion(
        """
        Comments say what is a default, and what came by a reference. Of a file with errors it prints what could be read, \
        then the errors, and exits 78. The output can be used as a configuration, but for secrets that the file holds itself.
        """, examples: "huggy-relay config show --config routes.yaml"))

    @Option(name: .long, help: "The configuration. Default: routes.yaml.", completion: .configurations)
    var config: String?

    @Flag(name: .long, help: "Show what the running relay goes by, instead of a file.")
    var running = false

    @Flag(name: .long, help: "Count references to the environment and to files as present.")
    var noEnv = false

    @OptionGroup var options: AdminOptions

    func validate() throws {
      guard !running || (config == nil && !noEnv) else {
        throw ValidationError("--running excludes --config and --no-env")
      }
    }

    func run() throws {
      if running { return try showRunning() }
      let loader = ConfigurationOptions().loader(resolvesReferences: !noEnv)
      // Absolute: what is printed means the same wherever it is read.
      let path = config ?? ConfigurationOptions.standardFile
      let folder = FilePath.parent(of: FilePath.absolute(path, in: Self.workingFolder))
      let read = loader.read(path: path, directory: folder)
      if let configuration = read.configuration {
        let tree = configuration.tree.naming(read.references, areResolved: !noEnv)
        try options.show(tree.json) { _ in String(tree.yaml(saysOrigins: true).dropLast()) }
      }
      for warning in read.warnings where !options.json { printError("\(warning)") }
      if !read.errors.isEmpty {
        Failure(
          code: "invalid_configuration", message: "\(path) is wrong", errors: read.errors.map(\.description)
        ).tell(json: options.json)
        throw ExitCode.wrongConfiguration
      }
    }

    private static var workingFolder: String {
      guard let text = getcwd(nil, 0) else { return "/" }
      defer { free(text) }
      return String(cString: text)
    }

    private func showRunning() throws {
      let client = options.client()
      let json = try client.get("/api/v1/config")
      try options.show(json) { _ in
        let answer = try client.decode(ConfigAnswer.self, from: json)
        return "# configuration \(answer.hash), loaded at \(answer.loadedAt)\n\(answer.yaml.dropLast())"
      }
    }
  }

  struct Difference: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "diff",
      abstract: "Say what a reload would change in a running relay, key by key, and what needs a restart.",
      discussion: discussion(
        """
        Without a file the relay reads its own again, and compares everything. In a file that is handed in, references are not \
        replaced, and what holds one is not compared. Of secrets it says only that they have changed.
        """, examples: "huggy-relay config diff new.yaml"))

    @Argument(help: "The new configuration. Default: the relay's own file.", completion: .configurations)
    var file: String?

    @OptionGroup var options: AdminOptions

    func run() throws {
      let client = options.client()
      var input = ConfigDifferenceInput()
      input.configuration = try file.map { try HandedConfigurationFile.text(at: $0, json: options.json) }
      let json = try client.post("/api/v1/config/diff", input)
      let answer = try client.decode(ConfigDifferenceAnswer.self, from: json)
      if !options.json { for warning in answer.warnings { printError(warning) } }
      try options.show(json) { pen in ConfigDifferenceText.render(answer, pen: pen) }
    }
  }

  struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a JSON Schema of routes.yaml, for editors.",
      discussion: discussion(
        """
        It refuses only what is wrong; `check` tells more. For editors with yaml-language-server, write as the file's first line:

          # yaml-language-server: $schema=routes.schema.json
        """, examples: "huggy-relay config schema > routes.schema.json"))

    func run() throws { print(ConfigurationSchema.json()) }
  }
}
