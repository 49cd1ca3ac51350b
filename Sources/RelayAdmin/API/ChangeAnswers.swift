import RelayCore
import RelayPipeline

/// `POST /api/v1/deliveries/retry` and `…/discard`.
public struct ChangedAnswer: Decodable, Sendable, Equatable {
  public var changed: Int
}

extension ChangedAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { $0.field("changed", changed) }
  }
}

/// `POST /api/v1/destinations/{name}/pause`.
public struct PauseAnswer: Decodable, Sendable, Equatable {
  public var name: String
  public var paused: Bool
  /// nil: until somebody resumes it.
  public var pausedUntil: Timestamp?
}

extension PauseAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("name", name)
      output.field("paused", paused)
      output.field("paused_until", pausedUntil)
    }
  }
}

/// `POST /api/v1/destinations/{name}/resume`.
public struct ResumeAnswer: Decodable, Sendable, Equatable {
  public var name: String
  public var paused: Bool
  public var pausedUntil: Timestamp?
  /// A person had paused it.
  public var wasPaused: Bool
  /// Until when it had asked to be left alone (`Retry-After`); nil: it had not.
  public var liftedHoldUntil: Timestamp?

  init(_ name: String, _ report: ResumeReport) {
    self.name = name
    paused = false
    wasPaused = report.wasPaused
    liftedHoldUntil = report.liftedHold
  }
}

extension ResumeAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("name", name)
      output.field("paused", paused)
      output.field("paused_until", pausedUntil)
      output.field("was_paused", wasPaused)
      output.field("lifted_hold_until", liftedHoldUntil)
    }
  }
}

/// `POST /api/v1/reload`.
public struct ReloadAnswer: Decodable, Sendable, Equatable {
  public var hash: String
  public var loadedAt: Timestamp
  /// It was the active configuration already.
  public var unchanged: Bool
  public var warnings: [String]
  /// Keys whose change takes effect only after a restart.
  public var needsRestart: [String]

  init(_ report: ReloadReport) {
    hash = report.hash
    loadedAt = report.loadedAt
    unchanged = report.isUnchanged
    warnings = report.warnings
    needsRestart = report.needsRestart
  }
}

extension ReloadAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("hash", hash)
      output.field("loaded_at", loadedAt)
      output.field("unchanged", unchanged)
      output.field("warnings", warnings)
      output.field("needs_restart", needsRestart)
    }
  }
}
