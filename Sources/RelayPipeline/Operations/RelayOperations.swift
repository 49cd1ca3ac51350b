import RelayCore

/// What a person, or a script, can ask of a running relay: everything behind the admin API.
public protocol RelayOperations: AnyObject, Sendable {
  /// The store takes writes and can be read, and the relay is not draining; else why not.
  var readiness: Readiness { get async }

  /// The Prometheus text format.
  func metrics() async -> [UInt8]
  func status() async throws(OperationError) -> RelayStatus
  /// nil: the store does not have it (any more).
  func event(_ id: EventID) async throws(OperationError) -> EventReport?
  func deliveries(
    _ filter: DeliveryFilter, after: DeliveryID?, limit: Int
  ) async throws(OperationError) -> DeliveryReportPage

  /// What `retry` (or `discard`) of these would change, as it is now. Changes nothing.
  func count(_ change: ChangeVerb, _ selection: DeliverySelection) async throws(OperationError)
    -> DeliveryCounts

  /// - Returns: How many deliveries were changed.
  /// - Throws: `notFound` for an id, a destination or a type that there is not: then nothing was changed.
  func retry(_ selection: DeliverySelection) async throws(OperationError) -> Int
  func discard(_ selection: DeliverySelection) async throws(OperationError) -> Int

  /// - Parameter until: nil: until somebody resumes it.
  func pause(_ destination: String, until: Timestamp?) async throws(OperationError)
  /// Ends a pause, and a hold (`Retry-After`); a probe is due at once, on a new connection.
  func resume(_ destination: String) async throws(OperationError) -> ResumeReport
  func reload() async throws(OperationError) -> ReloadReport
  /// A copy of the store as it is when the copy is done. It takes as much disk as the store until it is let go.
  func backup() async throws(OperationError) -> any StoreCopy
  /// The last refused requests, newest first.
  func rejections() -> [Rejection]
}

/// What a resumed destination had been kept from.
public struct ResumeReport: Sendable, Equatable {
  /// A person had paused it.
  public var wasPaused: Bool
  /// Until when it had asked to be left alone with `Retry-After`; nil: it had not.
  public var liftedHold: Timestamp?

  public init(wasPaused: Bool, liftedHold: Timestamp?) {
    self.wasPaused = wasPaused
    self.liftedHold = liftedHold
  }
}

public enum Readiness: Sendable, Equatable {
  case ready
  /// For people: why no envelopes are taken.
  case notReady(String)
}

/// What a person does to deliveries.
public enum ChangeVerb: Sendable, Hashable {
  case retry, discard

  /// What it can be done to.
  public var states: [DeliveryFilter.State] {
    switch self {
    case .retry: [.dead, .discarded, .overflowed]
    case .discard: [.pending, .dead]
    }
  }
}

/// Why it could not be done.
public struct OperationError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// There is no such destination, delivery or type.
    case notFound = "not_found"
    /// It contradicts the configuration.
    case conflict
    case invalidConfiguration = "invalid_configuration"
    case unavailable
  }

  public var code: Code
  /// For people: what is wrong, and what to do.
  public var message: String
  /// Of a wrong configuration: each error with its place.
  public var details: [String]

  public init(code: Code, message: String, details: [String] = []) {
    self.code = code
    self.message = message
    self.details = details
  }

  public var description: String { message }

  /// All that is wrong, one text each.
  public var problems: [String] { details.isEmpty ? [message] : details }
}

public struct ReloadReport: Sendable, Equatable {
  public var hash: String
  public var loadedAt: Timestamp
  /// The file is the active one already.
  public var isUnchanged: Bool
  /// What it says otherwise than the one before.
  public var changes: ConfigurationChanges
  /// The variables of the environment that it refers to: they are as they were at the process's start.
  public var variables: [String]
  public var warnings: [String]
  /// Keys whose change takes effect only after a restart.
  public var needsRestart: [String]

  public init(
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
public struct Rejection: Sendable, Equatable {
  /// When the last of them was refused. All that follows is the last one's, too.
  public var at: Timestamp
  public var firstAt: Timestamp
  public var count = 1
  public var path: String
  public var status: Int
  /// The `code` of the answer's error.
  public var code: String
  public var reason: String
  /// The place in the body that is to blame, in bytes.
  public var offset: Int?
  /// The address it came from, and what its headers say.
  public var peer: String?
  public var forwardedFor: String?
  public var userAgent: String?
  /// How large the body was, in bytes; nil: it never came whole.
  public var bodyBytes: Int?
  /// Its first 4 KiB, secrets masked.
  public var body: [UInt8]

  public init(
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
