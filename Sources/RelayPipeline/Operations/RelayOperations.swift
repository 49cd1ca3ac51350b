import RelayCore

/// What a person, or a script, can ask of a running relay: everything behind the admin API.
package protocol RelayOperations:
  AuditOperations,
  ConfigurationOperations,
  DestinationTests,
  ErasureOperations,
  ExportOperations,
  GapOperations,
  NoticeOperations,
  ReplayOperations,
  SearchOperations,
  SeriesOperations,
  SourceOperations,
  StreamOperations
{
  /// The store takes writes and can be read, and the relay is not draining; else why not.
  var readiness: Readiness { get async }

  /// The Prometheus text format.
  func metrics() async -> [UInt8]
  func status() async throws(OperationError) -> RelayStatus
  /// The relays that share the store; nil: it is this one's alone.
  func nodes() -> StoreNodes?
  /// nil: the store does not have it (any more).
  func event(_ id: EventID) async throws(OperationError) -> EventReport?

  /// What `retry` (or `discard`) of these would change, as it is now. Changes nothing.
  func count(_ change: ChangeVerb, _ selection: DeliverySelection) async throws(OperationError)
    -> DeliveryCounts

  /// - Throws: `notFound` for an id, a destination or a type that there is not: then nothing was changed.
  func retry(_ selection: DeliverySelection) async throws(OperationError) -> RetryOutcome
  /// - Returns: How many deliveries were changed.
  /// - Throws: `notFound`, as above.
  func discard(_ selection: DeliverySelection) async throws(OperationError) -> Int

  /// - Parameter until: nil: until somebody resumes it.
  func pause(_ destination: String, until: Timestamp?) async throws(OperationError)
  /// Ends a pause, and a hold (`Retry-After`); a probe is due at once, on a new connection.
  func resume(_ destination: String) async throws(OperationError) -> ResumeReport
  func reload() async throws(OperationError) -> ReloadReport
  /// A copy of the store as it is when the copy is done. It takes as much disk as the store until it is let go.
  func backup() async throws(OperationError) -> any StoreCopy
  /// The last refused requests, newest first.
  func refusedRequests() -> [RefusedRequest]
}

/// What a resumed destination had been kept from.
package struct ResumeReport: Sendable, Equatable {
  /// A person had paused it.
  package var wasPaused: Bool
  /// Until when it had asked to be left alone with `Retry-After`; nil: it had not.
  package var liftedHold: Timestamp?

  package init(wasPaused: Bool, liftedHold: Timestamp?) {
    self.wasPaused = wasPaused
    self.liftedHold = liftedHold
  }
}

package enum Readiness: Sendable, Equatable {
  case ready
  /// For people: why no envelopes are taken.
  case notReady(String)
}

/// What a person does to deliveries.
package enum ChangeVerb: Sendable, Hashable {
  case retry, discard

  /// What it can be done to.
  package var states: [DeliveryFilter.State] {
    switch self {
    case .retry: [.dead, .discarded, .overflowed]
    case .discard: [.pending, .dead]
    }
  }
}

/// What came of a retry.
package struct RetryOutcome: Sendable, Equatable {
  /// Deliveries that are pending again.
  package var changed: Int
  /// Those that would be, if what their events said had not been erased.
  package var erased: Int

  package init(changed: Int, erased: Int = 0) {
    self.changed = changed
    self.erased = erased
  }
}

/// Why it could not be done.
package struct OperationError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// There is no such destination, delivery or type.
    case notFound = "not_found"
    /// It contradicts the configuration.
    case conflict
    case invalidConfiguration = "invalid_configuration"
    /// What a destination was to be tried with holds no such event.
    case invalidSample = "invalid_sample"
    case unavailable
  }

  package var code: Code
  /// For people: what is wrong, and what to do.
  package var message: String
  /// Where a configuration is wrong: each error with its place.
  package var details: [String]

  package init(code: Code, message: String, details: [String] = []) {
    self.code = code
    self.message = message
    self.details = details
  }

  package var description: String { message }

  /// All that is wrong, one text each.
  package var problems: [String] { details.isEmpty ? [message] : details }
}

package struct ReloadReport: Sendable, Equatable {
  package var hash: String
  package var loadedAt: Timestamp
  /// The file is the active one already.
  package var isUnchanged: Bool
  /// What it says otherwise than the one before.
  package var changes: ConfigurationChanges
  /// The variables of the environment that it refers to: they are as they were at the process's start.
  package var variables: [String]
  package var warnings: [String]
  /// Keys whose change takes effect only after a restart.
  package var needsRestart: [String]

  package init(
    hash: String, loadedAt: Timestamp, isUnchanged: Bool,
    changes: ConfigurationChanges = ConfigurationChanges(),
    variables: [String] = [], warnings: [String], needsRestart: [String]
  ) {
    self.hash = hash
    self.loadedAt = loadedAt
    self.isUnchanged = isUnchanged
    self.changes = changes
    self.variables = variables
    self.warnings = warnings
    self.needsRestart = needsRestart
  }
}

/// A request that the ingest refused, and how many like it.
package struct RefusedRequest: Sendable, Equatable {
  /// When the last of them was refused. All that follows is the last one's, too.
  package var at: Timestamp
  package var firstAt: Timestamp
  package var count = 1
  package var path: String
  package var status: Int
  /// The `code` of the answer's error.
  package var code: String
  package var reason: String
  /// The place in the body that is to blame, in bytes.
  package var offset: Int?
  /// The address it came from, and what its headers say.
  package var peer: String?
  /// Whom it counts as, where the peer is a proxy that is trusted; nil: as the peer, or nobody is known.
  package var client: String?
  package var forwardedFor: String?
  package var userAgent: String?
  /// How large the body was, in bytes; nil: it never came whole.
  package var bodyBytes: Int?
  /// Its first 4 KiB, secrets masked.
  package var body: [UInt8]

  package init(
    at: Timestamp, path: String, status: Int, code: String, reason: String, bodyBytes: Int?, body: [UInt8]
  ) {
    self.at = at
    firstAt = at
    self.path = path
    self.status = status
    self.code = code
    self.reason = reason
    self.bodyBytes = bodyBytes
    self.body = body
  }
}
