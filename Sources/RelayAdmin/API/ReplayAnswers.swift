import RelayCore
import RelayPipeline

/// `POST /api/v1/events/replay`.
package struct ReplayBegunAnswer: Answer {
  @Field("Its number: see `/api/v1/replays/{replay}`.") package var replay: Int
  @Field("How many deliveries it is likely to be; null: there was no time to count them.") package var count:
    Int?

  var resultCount: Int? { count }
}

extension ReplayBegunAnswer {
  init(_ report: ReplayReport) {
    self.init()
    replay = report.replay.id
    count = report.replay.new.expected
  }
}

/// The same with `"dry_run":true`: what it would come to, as it is now.
package struct ReplayCountAnswer: Answer {
  package struct DestinationCount: Record {
    @Field("A destination's name.") package var destination: String
    @Field("How many deliveries it would get.") package var count: Int
  }

  @Field("Always true.") package var dryRun: Bool
  @Field("How many events fit.") package var events: Int
  @Field(
    "How many of them would go nowhere: they have a delivery there already, no route sends them, or their bodies are gone."
  )
  package var skipped: Int
  @Field(
    "How many of these have no body any more: it was erased (a person's right), or removed after `store.unrouted_retention`."
  )
  package var withoutBody: Int
  @Field("How many deliveries it would be.") package var count: Int
  @Field("Whether all were counted; if not, there are at least so many.") package var complete: Bool
  @Field("The same by destination.") package var counts: [DestinationCount]
}

extension ReplayCountAnswer {
  init(_ count: ReplayCount) {
    self.init()
    dryRun = true
    events = count.matched
    skipped = count.skipped
    withoutBody = count.bodiless
    self.count = count.total
    complete = !count.isPartial
    counts = count.deliveries.sorted { $0.key < $1.key }.map { name, number in
      var count = DestinationCount()
      count.destination = name
      count.count = number
      return count
    }
  }
}

/// `GET /api/v1/replays/{replay}`, and of a list.
package struct ReplayAnswer: Answer {
  @Field("Its number.") package var id: Int
  @Field(
    "`running` until all that it has queued has come to an end.",
    .words { Replay.State.allCases.map(\.rawValue) })
  package var state: String
  @Field("Why it failed; null: it has not.") package var failure: String?
  @Field("Which events, as `/api/v1/events` takes it: `type=*Message since=…`.") package var events: String
  @Field("To which destinations; empty: where the routes send each.") package var to: [String]
  @Field(
    "Whom of these an event is sent to: where it has no delivery (`new`), where it never arrived (`missing`), or all "
      + "(`again`).", .words { ReplayPlan.Choice.allCases.map(\.rawValue) })
  package var choice: String
  @Field("At most so many deliveries in a second; null: as fast as they go.") package var ratePerSecond:
    Double?
  @Field("Who began it; null: it is not known.") package var who: String?
  @Field("Why; null: nobody has said.") package var reason: String?
  @Field("When it began.") package var startedAt: Timestamp
  @Field("When it had queued all, was cancelled or failed; null: it has not.") package var endedAt: Timestamp?
  @Field("How many deliveries it is likely to be; null: nobody has counted.") package var expected: Int?
  @Field("Events that it has come to.") package var matched: Int
  @Field("Those of them that it had nowhere to send.") package var skipped: Int
  @Field("Deliveries that it has queued so far.") package var queued: Int
  @Field("Those of them that are pending.") package var pending: Int
  @Field("Those of them that were delivered.") package var delivered: Int
  @Field("Those of them that are dead.") package var dead: Int
  @Field("Those of them that were discarded.") package var discarded: Int
  @Field("It goes on once some of what it has queued for these destinations is settled.")
  package var waitsFor: [String]
}

extension ReplayAnswer {
  /// - Parameter caller: Who is not to see contents of events is not told what was looked for in them.
  init(_ report: ReplayReport, for caller: Caller) {
    self.init()
    let replay = report.replay
    id = replay.id
    state = replay.state.rawValue
    failure = replay.failure
    events = report.plan?.words(showsText: caller.seesContents) ?? ""
    to = report.plan?.named ?? []
    choice = (report.plan?.choice ?? .new).rawValue
    ratePerSecond = report.plan?.rate.map { Double($0.count) / $0.interval.inSeconds }
    who = replay.new.who
    reason = replay.new.reason
    startedAt = replay.new.startedAt
    endedAt = replay.endedAt
    expected = replay.new.expected
    matched = replay.matched
    skipped = replay.skipped
    queued = replay.queued
    pending = replay.pending
    delivered = replay.delivered
    dead = replay.dead
    discarded = replay.discarded
    waitsFor = report.waitsFor
  }
}

extension ReplayPlan {
  /// Which events: condition by condition.
  fileprivate func words(showsText: Bool) -> String {
    events.conditions { "\($0)" }
      .map { "\($0.name)=\($0.name != "text" ? TextList.item($0.value) : showsText ? $0.value : "…")" }
      .joined(separator: " ")
  }

  fileprivate var named: [String] {
    switch target {
    case .named(let names): names
    case .asRouted: []
    }
  }
}

/// `GET /api/v1/replays`.
package struct ReplaysAnswer: Answer {
  @Field("Newest first.") package var replays: [ReplayAnswer]
  @Field("What `after` takes for the next page; null: there is none.") package var next: String?

  var resultCount: Int? { replays.count }
}

extension ReplaysAnswer {
  init(_ reports: [ReplayReport], limit: Int, for caller: Caller) {
    self.init()
    replays = reports.map { ReplayAnswer($0, for: caller) }
    next = reports.count < limit ? nil : reports.last.map { "\($0.replay.id)" }
  }
}
