import RelayCore

/// A valid configuration, and what is doubtful about it.
package struct LoadedConfiguration: Sendable {
  package var configuration: Configuration
  /// In the order of the file.
  package var warnings: [ConfigurationProblem]
  /// What its writer may want to decide, for `check`.
  package var suggestions: [ConfigurationProblem]
  /// The variables of the environment that it refers to, also those for which a default stood in, by name. A
  /// process sees them as they were when it began.
  package var variables: [String]
  /// Which values hold references.
  package var references: ValueReferences
  /// The configuration file's own text.
  package var text: String
  /// The other files that it was read from, in the order of their paths.
  package var files: [ReferencedFile]
}

/// What a text says, whether it is right or not.
package struct ReadConfigurationText: Sendable {
  /// What could be read; what is wrong is as it would be without its key. nil: it could not be read at all.
  package var configuration: Configuration?
  /// In the order of the file.
  package var errors: [ConfigurationProblem]
  package var warnings: [ConfigurationProblem]
  package var suggestions: [ConfigurationProblem] = []
  package var references: ValueReferences
  package var variables: [String]
  package var text = ""
  package var files: [ReferencedFile] = []
}

/// Reads routes.yaml.
///
/// Everything wrong is told at once, except that a file which is not (safe) YAML can't be read any further.
package struct ConfigurationLoader: Sendable {
  /// No sensible configuration is larger; parsing is not made for it.
  package static let largestFile = 1 << 20

  private let environment: [String: String]
  private let resolvesReferences: Bool
  private let storeProblem: @Sendable (StoreSettings.Location) -> String?
  private let listenerProblem: @Sendable (ListenerTLS) -> String?
  private let inspectClient: @Sendable (ClientCertificate) -> ClientCertificate.Inspection?
  private let hash: @Sendable ([UInt8]) -> String
  private let now: @Sendable () -> Timestamp

  /// - Parameters:
  ///   - environment: for `${NAME}`, and `STATE_DIRECTORY` for the store's place.
  ///   - resolvesReferences: false: what holds a `${…}` counts as present and valid, and nothing is read but
  ///     the configuration itself (`check --no-env`). Such a configuration is not fit to be run.
  ///   - storeProblem: What is wrong with where a store is to be, as far as only the store itself can tell: a sentence without secrets.
  ///   - listenerProblem: What is wrong with a listener's certificate and key, as far as only a TLS library can tell: likewise.
  ///   - inspectClient: What a TLS library has to say of a destination's client certificate; nil: nothing.
  ///   - now: The wall clock's time: what has ended, or will soon, is warned of.
  ///   - hash: SHA-256 in hexadecimal digits.
  package init(
    environment: [String: String], resolvesReferences: Bool = true,
    storeProblem: @escaping @Sendable (StoreSettings.Location) -> String? = { _ in nil },
    listenerProblem: @escaping @Sendable (ListenerTLS) -> String? = { _ in nil },
    inspectClient: @escaping @Sendable (ClientCertificate) -> ClientCertificate.Inspection? = { _ in nil },
    now: @escaping @Sendable () -> Timestamp, hash: @escaping @Sendable ([UInt8]) -> String
  ) {
    self.environment = environment
    self.resolvesReferences = resolvesReferences
    self.storeProblem = storeProblem
    self.listenerProblem = listenerProblem
    self.inspectClient = inspectClient
    self.now = now
    self.hash = hash
  }

  /// Reads a file. One that can't be read is an error at its first line.
  package func load(path: String) throws(ConfigurationErrors) -> LoadedConfiguration {
    try Self.loaded(read(path: path))
  }

  /// Reads a text.
  ///
  /// - Parameters:
  ///   - file: what problems call it.
  ///   - directory: what relative paths are relative to.
  package func load(
    text: String, file: String, directory: String
  ) throws(ConfigurationErrors) -> LoadedConfiguration {
    try Self.loaded(read(text: text, file: file, directory: directory))
  }

  /// Reads a text that a file held before, and what it refers to as that is now.
  package func load(again text: String, of path: String) throws(ConfigurationErrors) -> LoadedConfiguration {
    try load(text: text, file: path, directory: ConfigurationFile.directory(of: path))
  }

  private static func loaded(_ read: ReadConfigurationText) throws(ConfigurationErrors) -> LoadedConfiguration
  {
    guard read.errors.isEmpty, let configuration = read.configuration else {
      throw ConfigurationErrors(problems: read.errors)
    }
    return LoadedConfiguration(
      configuration: configuration, warnings: read.warnings, suggestions: read.suggestions,
      variables: read.variables, references: read.references, text: read.text, files: read.files)
  }

  /// Reads a file as far as it can be read.
  ///
  /// - Parameter directory: What relative paths are relative to; nil: the file's own.
  package func read(path: String, directory: String? = nil) -> ReadConfigurationText {
    do {
      let text = try ConfigurationFile.text(at: path, atMost: Self.largestFile)
      return read(text: text, file: path, directory: directory ?? ConfigurationFile.directory(of: path))
    } catch {
      let problem = ConfigurationProblem(
        file: path, line: error.line, column: 1, keyPath: "", message: error.message)
      return ReadConfigurationText(
        configuration: nil, errors: [problem], warnings: [], references: ValueReferences(), variables: [])
    }
  }

  /// Reads a text that somebody handed in, as if it stood where a file stands. Nothing but the text is looked at: no
  /// reference is replaced, and no file is opened.
  package func read(handed text: String, inPlaceOf path: String) -> ReadConfigurationText {
    // Where the store is, and through which proxies destinations are reached, depends on these; a reference can't get at them.
    let proxies = EnvironmentProxies.variables
    let names = ["STATE_DIRECTORY"] + proxies.http + proxies.https + proxies.exceptions
    let place = environment.filter { names.contains($0.key) }
    let plain = ConfigurationLoader(
      environment: place, resolvesReferences: false, storeProblem: storeProblem, now: now,
      hash: hash)
    return plain.read(
      text: text, file: "configuration", directory: ConfigurationFile.directory(of: path))
  }

  /// Reads a text as far as it can be read.
  package func read(text: String, file: String, directory: String) -> ReadConfigurationText {
    let references = References(
      environment: environment, directory: directory, resolves: resolvesReferences)
    let reading = Reading(
      file: file, directory: directory, references: references, storeProblem: storeProblem,
      listenerProblem: listenerProblem, inspectClient: inspectClient, now: now())
    var configuration = reading.root(of: text).map { $0.configuration() }
    configuration?.hash = String(hash(Array(text.utf8)).prefix(12))
    return ReadConfigurationText(
      configuration: configuration, errors: reading.problems(.error), warnings: reading.problems(.warning),
      suggestions: reading.problems(.suggestion),
      references: ValueReferences(reading.values), variables: reading.variables.sorted(), text: text,
      files: reading.files.values.sorted { $0.path < $1.path })
  }
}
