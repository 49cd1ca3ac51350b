import ArgumentParser
import RelayConfig

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Validate the configuration: all its errors at once.",
    discussion: """
      Each error is a line FILE:LINE:COLUMN: KEY.PATH: what is wrong, and what would be right. Exits 78 if there is \
      an error; warnings alone exit 0.
      """)

  @Argument(help: "The configuration: the same as --config FILE.", completion: .configurations)
  var file: String?

  @OptionGroup var options: ConfigurationOptions

  @Flag(name: .long, help: "Count references to the environment and to files as present.")
  var noEnv = false

  func validate() throws {
    guard file == nil || options.config == ConfigurationOptions.standardFile else {
      throw ValidationError("FILE and --config exclude each other")
    }
  }

  func run() throws {
    var options = options
    if let file { options.config = file }
    let loaded = try options.load(resolvesReferences: !noEnv)
    let configuration = loaded.configuration
    let counts = [
      (configuration.sources.count, "source"), (configuration.destinations.count, "destination"),
      (configuration.routes.count, "route"), (loaded.warnings.count, "warning"),
    ]
    let summary = counts.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: ", ")
    print("\(options.config): valid: \(summary); hash \(configuration.hash)")
  }
}
