import RelayCore

/// A configuration that was read again.
package struct ReadConfiguration: Sendable {
  package var configuration: Configuration
  package var warnings: [String]
  /// The variables of the environment that it refers to.
  package var variables: [String]

  package init(configuration: Configuration, warnings: [String], variables: [String]) {
    self.configuration = configuration
    self.warnings = warnings
    self.variables = variables
  }
}

/// A configuration that somebody handed in, as far as its text alone says.
package struct HandedConfiguration: Sendable {
  /// What a value that holds a reference says is not known: something valid stands in its place.
  package var configuration: Configuration
  package var references: ValueReferences
  package var warnings: [String]

  package init(configuration: Configuration, references: ValueReferences, warnings: [String]) {
    self.configuration = configuration
    self.references = references
    self.warnings = warnings
  }
}

/// Why a configuration is read again.
package enum ReloadCause: Sendable, Equatable {
  /// A person, or whoever runs the process, asks for it: the file counts as it is now.
  case asked
  /// These files that the configuration refers to have changed. The configuration's own file counts as it was when it was taken last:
  /// somebody may be at work on it.
  case files([String])
}

/// What a reload needs from the outside.
package protocol ReloadSource: Sendable {
  /// Reads the file as it is now, and validates it whole: to look at it.
  func load() async throws(OperationError) -> ReadConfiguration

  /// Reads the configuration again, to take it: `reloadEnded` says what has become of it.
  func load(because cause: ReloadCause) async throws(OperationError) -> ReadConfiguration

  /// Reads a text that somebody handed in. No reference in it is replaced, and no file is opened.
  ///
  /// - Throws: `invalidConfiguration` with all its errors.
  func read(_ text: String) async throws(OperationError) -> HandedConfiguration

  /// Makes the ingest listen and behave as the settings say, without closing a connection.
  ///
  /// - Throws: if it can't: then nothing has changed.
  func apply(_ settings: ServerSettings) async throws(OperationError)

  /// Around each reload, for who supervises the process.
  func reloadBegan()
  func reloadEnded(_ result: Result<ReloadReport, OperationError>)
}

extension ReloadSource {
  package func reloadBegan() {}
  package func reloadEnded(_ result: Result<ReloadReport, OperationError>) {}
}
