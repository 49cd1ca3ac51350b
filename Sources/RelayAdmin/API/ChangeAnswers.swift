import RelayCore
import RelayPipeline

/// `POST /api/v1/deliveries/retry` and `…/discard`.
package struct ChangedAnswer: Decodable, Sendable, Equatable {
  package var changed: Int
}

extension ChangedAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { $0.field("changed", changed) }
  }
}

/// The same with `"dry_run":true`: what would be changed, as it is now.
package struct DryRunAnswer: Decodable, Sendable, Equatable {
  package struct Count: Decodable, Sendable, Equatable {
    package var destination: String
    /// `pending`, `dead`, `discarded` or `overflowed`.
    package var state: String
    package var count: Int
  }

  package var count: Int
  package var counts: [Count]

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
package struct PauseAnswer: Decodable, Sendable, Equatable {
  package var name: String
  package var paused: Bool
  /// nil: until somebody resumes it.
  package var pausedUntil: Timestamp?
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
package struct ResumeAnswer: Decodable, Sendable, Equatable {
  package var name: String
  package var paused: Bool
  package var pausedUntil: Timestamp?
  /// A person had paused it.
  package var wasPaused: Bool
  /// Until when it had asked to be left alone (`Retry-After`); nil: it had not.
  package var liftedHoldUntil: Timestamp?

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
package struct ReloadAnswer: Decodable, Sendable, Equatable {
  package var hash: String
  package var loadedAt: Timestamp
  /// It was the active configuration already.
  package var unchanged: Bool
  package var warnings: [String]
  /// Keys whose change takes effect only after a restart.
  package var needsRestart: [String]
  package var changes: Changes
  /// The variables of the environment that the file refers to: they are as they were when the relay started, and only a
  /// restart sees others.
  package var environment: [String]

  package struct Changes: Decodable, Sendable, Equatable {
    package struct Names: Decodable, Sendable, Equatable {
      package var added: [String]
      package var removed: [String]
      package var changed: [String]

      init(_ names: ConfigurationChanges.Names) {
        added = names.added
        removed = names.removed
        changed = names.changed
      }
    }

    package var destinations: Names
    package var sources: Names
    package var routes: Names
    /// The routes that stayed are in another order.
    package var routeOrder: Bool
    /// Keys of `server` and `store`.
    package var limits: [String]
    /// A token, password, signing secret or header's value is another.
    package var secrets: Bool
    /// The same for people, kind by kind: `destinations: +bi ~crm`.
    package var summary: [String]
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
