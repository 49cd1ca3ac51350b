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

/// What a reload needs from the outside.
package protocol ReloadSource: Sendable {
  /// Reads the file again, and validates it whole.
  func load() async throws(OperationError) -> ReadConfiguration

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
