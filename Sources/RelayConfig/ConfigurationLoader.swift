import RelayCore

/// A valid configuration, and what is doubtful about it.
package struct LoadedConfiguration: Sendable {
  package var configuration: Configuration
  /// In the order of the file.
  package var warnings: [ConfigurationProblem]
  /// The variables of the environment that it refers to, also those for which a default stood in, by name. A
  /// process sees them as they were when it began.
  package var variables: [String]
}

/// Reads routes.yaml.
///
/// Everything wrong is told at once, except that a file which is not (safe) YAML can't be read any further.
package struct ConfigurationLoader: Sendable {
  /// No sensible configuration is larger; parsing is not made for it.
  package static let largestFile = 1 << 20

  private let environment: [String: String]
  private let resolvesReferences: Bool
  private let hash: @Sendable ([UInt8]) -> String

  /// - Parameters:
  ///   - environment: for `${NAME}`, and `STATE_DIRECTORY` for the store's place.
  ///   - resolvesReferences: false: what holds a `${…}` counts as present and valid, and nothing is read but
  ///     the configuration itself (`check --no-env`). Such a configuration is not fit to be run.
  ///   - hash: SHA-256 in hexadecimal digits.
  package init(
    environment: [String: String], resolvesReferences: Bool = true,
    hash: @escaping @Sendable ([UInt8]) -> String
  ) {
    self.environment = environment
    self.resolvesReferences = resolvesReferences
    self.hash = hash
  }

  /// Reads a file. One that can't be read is an error at its first line.
  package func load(path: String) throws(ConfigurationErrors) -> LoadedConfiguration {
    let text: String
    do {
      text = try ConfigurationFile.text(at: path, atMost: Self.largestFile)
    } catch {
      let problem = ConfigurationProblem(
        file: path, line: error.line, column: 1, keyPath: "", message: error.message)
      throw ConfigurationErrors(problems: [problem])
    }
    return try load(text: text, file: path, directory: ConfigurationFile.directory(of: path))
  }

  /// Reads a text.
  ///
  /// - Parameters:
  ///   - file: what problems call it.
  ///   - directory: what relative paths are relative to.
  package func load(
    text: String, file: String, directory: String
  ) throws(ConfigurationErrors) -> LoadedConfiguration {
    let references = References(
      environment: environment, directory: directory, resolves: resolvesReferences)
    let reading = Reading(file: file, directory: directory, references: references)
    var configuration = Configuration()
    if let root = reading.root(of: text) {
      configuration = root.configuration()
    }
    configuration.hash = String(hash(Array(text.utf8)).prefix(12))
    let (errors, warnings) = reading.problemsInFileOrder()
    guard errors.isEmpty else { throw ConfigurationErrors(problems: errors) }
    return LoadedConfiguration(
      configuration: configuration, warnings: warnings,
      variables: reading.variables.sorted())
  }
}
