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

  /// - Returns: How many deliveries were changed.
  func retry(_ selection: DeliverySelection) async throws(OperationError) -> Int
  func discard(_ selection: DeliverySelection) async throws(OperationError) -> Int

  /// - Parameter until: nil: until somebody resumes it.
  func pause(_ destination: String, until: Timestamp?) async throws(OperationError)
  func resume(_ destination: String) async throws(OperationError)
  func reload() async throws(OperationError) -> ReloadReport
  /// The last refused requests, newest first.
  func rejections() -> [Rejection]
}

public enum Readiness: Sendable, Equatable {
  case ready
  /// For people: why no envelopes are taken.
  case notReady(String)
}

/// Why it could not be done.
public struct OperationError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// There is no such destination.
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
}

public struct ReloadReport: Sendable, Equatable {
  public var hash: String
  public var loadedAt: Timestamp
  /// The file is the active one already.
  public var isUnchanged: Bool
  public var warnings: [String]
  /// Keys whose change takes effect only after a restart.
  public var needsRestart: [String]

  public init(
    hash: String, loadedAt: Timestamp, isUnchanged: Bool, warnings: [String], needsRestart: [String]
  ) {
    self.hash = hash
    self.loadedAt = loadedAt
    self.isUnchanged = isUnchanged
    self.warnings = warnings
    self.needsRestart = needsRestart
  }
}

/// A request that the ingest refused.
public struct Rejection: Sendable, Equatable {
  public var at: Timestamp
  public var path: String
  public var status: Int
  /// The `code` of the answer's error.
  public var code: String
  public var reason: String
  /// How large the body was, in bytes; nil: it never came whole.
  public var bodyBytes: Int?
  /// Its first 4 KiB, secrets masked.
  public var body: [UInt8]

  public init(
    at: Timestamp, path: String, status: Int, code: String, reason: String, bodyBytes: Int?, body: [UInt8]
  ) {
    self.at = at
    self.path = path
    self.status = status
    self.code = code
    self.reason = reason
    self.bodyBytes = bodyBytes
    self.body = body
  }
}
