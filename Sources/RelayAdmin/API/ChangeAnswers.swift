import RelayCore
import RelayPipeline

/// `POST /api/v1/deliveries/retry` and `…/discard`.
package struct ChangedAnswer: Answer {
  @Field("How many deliveries were changed.") package var changed: Int
  @Field(
    "How many can't be retried, since what their events said was erased (a person's right): nothing is left to send. Not there: "
      + "none.", .leftOutIfNil)
  package var erased: Int?

  var resultCount: Int? { changed }
}

extension ChangedAnswer {
  init(changed: Int, erased: Int = 0) {
    self.init()
    self.changed = changed
    self.erased = erased > 0 ? erased : nil
  }
}

/// The same with `"dry_run":true`: what would be changed, as it is now.
package struct DryRunAnswer: Answer {
  package struct Count: Record {
    @Field("A destination's name.") package var destination: String
    @Field("What they are now.", .words { ["pending", "dead", "discarded", "overflowed"] }) package var state:
      String
    @Field("How many of them.") package var count: Int
  }

  @Field("Always true.") package var dryRun: Bool
  @Field("Always 0.") package var changed: Int
  @Field("How many would be changed.") package var count: Int
  @Field(
    "How many can't be retried, since what their events said was erased: they are not counted. Not there: none.",
    .leftOutIfNil)
  package var erased: Int?
  @Field("The same by destination and state.") package var counts: [Count]
}

extension DryRunAnswer {
  init(_ counts: DeliveryCounts) {
    self.init()
    dryRun = true
    changed = 0
    count = counts.total
    erased = counts.erased > 0 ? counts.erased : nil
    self.counts = counts.entries.map { entry in
      var count = Count()
      count.destination = entry.destination
      count.state = entry.state.rawValue
      count.count = entry.count
      return count
    }
  }
}

/// `POST /api/v1/destinations/{name}/pause`.
package struct PauseAnswer: Answer {
  @Field("The destination.") package var name: String
  @Field("Always true.") package var paused: Bool
  @Field("When it ends by itself; null: when somebody resumes it.") package var pausedUntil: Timestamp?
}

extension PauseAnswer {
  init(name: String, pausedUntil: Timestamp?) {
    self.init()
    self.name = name
    paused = true
    self.pausedUntil = pausedUntil
  }
}

/// `POST /api/v1/destinations/{name}/resume`.
package struct ResumeAnswer: Answer {
  @Field("The destination.") package var name: String
  @Field("Always false.") package var paused: Bool
  @Field("Always null.") package var pausedUntil: Timestamp?
  @Field("A person had paused it.") package var wasPaused: Bool
  @Field("Until when it had asked to be left alone (`Retry-After`); null: it had not.")
  package var liftedHoldUntil: Timestamp?
}

extension ResumeAnswer {
  init(_ name: String, _ report: ResumeReport) {
    self.init()
    self.name = name
    paused = false
    wasPaused = report.wasPaused
    liftedHoldUntil = report.liftedHold
  }
}

/// `POST /api/v1/reload`.
package struct ReloadAnswer: Answer {
  @Field("Which configuration is active.") package var hash: String
  @Field("Since when.") package var loadedAt: Timestamp
  @Field("It was the active configuration already.") package var unchanged: Bool
  @Field("What is likely a slip in it, each with its place.") package var warnings: [String]
  @Field("Keys whose change takes effect only after a restart.") package var needsRestart: [String]
  @Field("What it says otherwise than the one before.") package var changes: Changes
  @Field(
    "The variables of the environment that the file refers to: they are as they were when the relay started, and only a "
      + "restart sees others.")
  package var environment: [String]

  package struct Changes: Record {
    package struct Names: Record {
      @Field("Names that are new.") package var added: [String]
      @Field("Names that are gone.") package var removed: [String]
      @Field("Names that stayed, with something else below them.") package var changed: [String]
    }

    @Field("Destinations.") package var destinations: Names
    @Field("Sources.") package var sources: Names
    @Field("Routes.") package var routes: Names
    @Field("Receivers of notices.") package var notify: Names
    @Field("The routes that stayed are in another order.") package var routeOrder: Bool
    @Field("Keys of `server` and `store`.") package var limits: [String]
    @Field("A token, password, signing secret or header's value is another.") package var secrets: Bool
    @Field("The same for people, kind by kind: `destinations: +bi ~crm`.") package var summary: [String]
  }
}

extension ReloadAnswer {
  init(_ report: ReloadReport) {
    self.init()
    hash = report.hash
    loadedAt = report.loadedAt
    unchanged = report.isUnchanged
    warnings = report.warnings
    needsRestart = report.needsRestart
    changes = Changes(report.changes)
    environment = report.variables
  }
}

extension ReloadAnswer.Changes {
  init(_ changes: ConfigurationChanges) {
    self.init()
    destinations = Names(changes.destinations)
    sources = Names(changes.sources)
    routes = Names(changes.routes)
    notify = Names(changes.notify)
    routeOrder = changes.isRouteOrderChanged
    limits = changes.limits
    secrets = changes.areSecretsChanged
    summary = changes.texts.map { "\($0.name): \($0.text)" }
  }
}

extension ReloadAnswer.Changes.Names {
  init(_ names: ConfigurationChanges.Names) {
    self.init()
    added = names.added
    removed = names.removed
    changed = names.changed
  }
}
