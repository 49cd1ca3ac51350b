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

/// The same with `"dry_run":true`: what would be changed, as it is now.
public struct DryRunAnswer: Decodable, Sendable, Equatable {
  public struct Count: Decodable, Sendable, Equatable {
    public var destination: String
    /// `pending`, `dead`, `discarded` or `overflowed`.
    public var state: String
    public var count: Int
  }

  public var count: Int
  public var counts: [Count]

  init(_ counts: DeliveryCounts) {
    count = counts.total
    self.counts = counts.entries.map {
      Count(destination: $0.destination, state: $0.state.rawValue, count: $0.count)
    }
  }
}

extension DryRunAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("dry_run", true)
      output.field("changed", 0)
      output.field("count", count)
      output.field("counts", counts)
    }
  }
}

extension DryRunAnswer.Count: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("destination", destination)
      output.field("state", state)
      output.field("count", count)
    }
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
  public var changes: Changes
  /// The variables of the environment that the file refers to: they are as they were when the relay started, and only a
  /// restart sees others.
  public var environment: [String]

  public struct Changes: Decodable, Sendable, Equatable {
    public struct Names: Decodable, Sendable, Equatable {
      public var added: [String]
      public var removed: [String]
      public var changed: [String]

      init(_ names: ConfigurationChanges.Names) {
        added = names.added
        removed = names.removed
        changed = names.changed
      }
    }

    public var destinations: Names
    public var sources: Names
    public var routes: Names
    /// The routes that stayed are in another order.
    public var routeOrder: Bool
    /// Keys of `server` and `store`.
    public var limits: [String]
    /// A token, password, signing secret or header's value is another.
    public var secrets: Bool
    /// The same for people, kind by kind: `destinations: +bi ~crm`.
    public var summary: [String]
  }

  init(_ report: ReloadReport) {
    let changes = report.changes
    self.changes = Changes(
      destinations: Changes.Names(changes.destinations), sources: Changes.Names(changes.sources),
      routes: Changes.Names(changes.routes), routeOrder: changes.isRouteOrderChanged, limits: changes.limits,
      secrets: changes.areSecretsChanged, summary: changes.texts.map { "\($0.name): \($0.text)" })
    environment = report.variables
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
      output.field("changes", changes)
      output.field("environment", environment)
    }
  }
}

extension ReloadAnswer.Changes: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("destinations", destinations)
      output.field("sources", sources)
      output.field("routes", routes)
      output.field("route_order", routeOrder)
      output.field("limits", limits)
      output.field("secrets", secrets)
      output.field("summary", summary)
    }
  }
}

extension ReloadAnswer.Changes.Names: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("added", added)
      output.field("removed", removed)
      output.field("changed", changed)
    }
  }
}
