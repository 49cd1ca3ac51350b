import RelayCore

/// What a person, or a script, can ask about the rules: those that run, and others that are tried. Nothing of it changes
/// anything.
///
/// A configuration that is handed in is its text alone: no reference in it is replaced, and no file is opened. Where a route
/// holds one, nothing can be said, and that is an error that names the route.
package protocol ConfigurationOperations: AnyObject, Sendable {
  /// What the relay goes by.
  func configuration() -> RunningConfiguration

  /// What a reload would change.
  ///
  /// - Parameter text: The new configuration; nil: the relay's own file as it is now.
  /// - Throws: `invalidConfiguration` with its errors.
  func difference(to text: String?) async throws(OperationError) -> ConfigurationComparison

  /// Why an event of the store goes where it goes.
  ///
  /// - Parameter text: The rules to ask; nil: the running ones.
  /// - Returns: nil: the store does not have it (any more).
  func explain(_ event: EventID, by text: String?) async throws(OperationError) -> ExplainReport?

  /// The same for an envelope that is handed in.
  func explain(envelope: [UInt8], by text: String?) async throws(OperationError) -> ExplainReport

  /// What other rules would make of stored events. An answer looks at a part of them, and the next goes on from there.
  func backtest(_ request: BacktestRequest) async throws(OperationError) -> BacktestReport
}

/// What the relay goes by.
package struct RunningConfiguration: Sendable, Equatable {
  package var hash: String
  package var loadedAt: Timestamp
  /// Every value, with secrets masked where it is shown.
  package var tree: ConfigurationTree

  package init(
    hash: String, loadedAt: Timestamp, tree: ConfigurationTree
  ) {
    self.hash = hash
    self.loadedAt = loadedAt
    self.tree = tree
  }
}

/// One configuration beside the running one.
package struct ConfigurationComparison: Sendable, Equatable {
  package var hash: String
  package var runningHash: String
  package var differences: [ConfigurationDifference]
  /// Keys that hold references in a text that was handed in: they were not compared.
  package var notCompared: [String]
  /// Keys whose change takes effect only after a restart.
  package var needsRestart: [String]
  package var warnings: [String]

  package init(
    hash: String, runningHash: String, differences: [ConfigurationDifference], notCompared: [String],
    needsRestart: [String], warnings: [String]
  ) {
    self.hash = hash
    self.runningHash = runningHash
    self.differences = differences
    self.notCompared = notCompared
    self.needsRestart = needsRestart
    self.warnings = warnings
  }
}

/// Where events go by some rules, and why.
package struct ExplainReport: Sendable {
  /// The configuration whose rules were asked.
  package var hash: String
  /// The rules that were asked, in their order.
  package var routes: [Route]
  package var source: String
  /// Of an envelope: whether its source would believe it.
  package var isTokenValid = true
  /// It is no envelope but the platform's check of the URL.
  package var isHandshake = false
  package var events: [Explainer.ExplainedEvent]
  /// The configuration's destinations that take several events in one request, in its order.
  package var batches: [(destination: String, policy: BatchPolicy)] = []
  /// Items of an envelope that are no objects: their type and place.
  package var rejected: [(type: String, index: Int)] = []
  /// Of an event of the store: what was made of it when it came.
  package var stored: EventRecord?

  package init(
    hash: String, routes: [Route], source: String, isTokenValid: Bool = true, isHandshake: Bool = false,
    events: [Explainer.ExplainedEvent], batches: [(destination: String, policy: BatchPolicy)] = [],
    rejected: [(type: String, index: Int)] = [],
    stored: EventRecord? = nil
  ) {
    self.hash = hash
    self.routes = routes
    self.source = source
    self.isTokenValid = isTokenValid
    self.isHandshake = isHandshake
    self.events = events
    self.batches = batches
    self.rejected = rejected
    self.stored = stored
  }
}

extension ExplainReport {
  package init(_ explained: Explainer.ExplainedEnvelope, by configuration: Configuration) {
    self.init(
      hash: configuration.hash, routes: configuration.routes, source: explained.source,
      isTokenValid: explained.isTokenValid, isHandshake: explained.isHandshake, events: explained.events,
      batches: configuration.batches, rejected: explained.rejected)
  }
}

extension Configuration {
  /// The destinations that take several events in one request, in their order.
  var batches: [(destination: String, policy: BatchPolicy)] {
    destinations.compactMap { destination in destination.batch.map { (destination.name, $0) } }
  }
}
