import RelayCore
import RelayPipeline

/// `GET /api/v1/status`.
package struct StatusAnswer: Answer {
  package struct Store: Record {
    @Field("Which kind of store it is.") package var kind: String
    @Field("How much of it is in use.") package var bytes: Int
    @Field("How much it may become: `store.max_size`.") package var limitBytes: Int
    @Field("Why no envelopes are taken.") package var refusal: String?
    @Field("Why no attempt starts, whatever the destinations are like; null: attempts start.")
    package var attemptsHeld: AttemptsHeld?
    @Field("How large the log beside it is.") package var logBytes: Int?
    @Field("Who keeps that log from being written over.") package var reader: Reader?
    @Field("The store can't be read: what is shown of it is as old as this.") package var unreadSeconds:
      Double?
  }

  /// No attempt starts.
  package struct AttemptsHeld: Record {
    @Field("Why, for programs.", .words { AttemptHold.Code.allCases.map(\.rawValue) }) package var code:
      String
    @Field("Why, and what to do.") package var reason: String
    @Field("Since when the store has confirmed nothing; null: that is not known.") package var since:
      Timestamp?
  }

  /// A reader from outside.
  package struct Reader: Record {
    @Field("What it is called, and its process.") package var name: String
    @Field("For how long it has been reading.") package var seconds: Double
  }

  package struct Route: Record {
    @Field("Its name.") package var name: String
    @Field("How many events met it since the relay started.") package var matched: Int
    @Field("How many events it dropped since then.") package var dropped: Int
  }

  package struct Config: Record {
    @Field("Which configuration is active.") package var hash: String
    @Field("Since when.") package var loadedAt: Timestamp
    @Field("What was wrong at the last reload, if it changed nothing.") package var reloadErrors: [String]
    @Field("When that last reload was, whatever came of it; null: there was none since the start.")
    package var lastReloadAt: Timestamp?
  }

  /// Whom `notify` names.
  package struct Receiver: Record {
    @Field("Its name.") package var name: String
    @Field("What it is sent.", .words { NoticeReceiver.Format.allCases.map(\.rawValue) }) package var format:
      String
    @Field("How many notices wait for it.") package var waiting: Int
    @Field("Since when every request to it has failed; null: the last one was taken, or there was none.")
    package var failingSince: Timestamp?
    @Field("What came of the last one, while they fail.") package var lastFailure: String?
  }

  /// The files that events point to.
  package struct Attachments: Record {
    @Field("How many wait for their fetch, or are being fetched.") package var pending: Int
    @Field("How much is kept.") package var bytes: Int
    @Field("How many were fetched since the relay started.") package var fetched: Int
    @Field("How many could not be, since then: somebody may be without them.") package var lost: Int
    @Field("What the last of these came to, and of which event it was.") package var lastLoss: String?
    @Field("Why nothing is fetched or kept now.") package var problem: String?
  }

  @Field("The relay's version.") package var version: String
  @Field("For how long it has been running.") package var uptimeSeconds: Double
  @Field("The store.") package var store: Store
  @Field("Every destination, also those that are gone and still have deliveries.")
  package var destinations: [DestinationAnswer]
  @Field("Every source.") package var sources: [SourceAnswer]
  @Field("Every route, in their order.") package var routes: [Route]
  @Field("Whom `notify` names, in its order.") package var notify: [Receiver]
  @Field("The files that events point to; null: none are fetched.") package var attachments: Attachments?
  @Field("The relays that share the store; null: it is this one's alone.") package var nodes: NodesAnswer?
  @Field("The configuration.") package var config: Config
  @Field("How far the relay's clock is ahead of its destinations'; null: none has told the time.")
  package var clockOffsetSeconds: Double?
  @Field("The relay's clock, as it answered: what the times in here are to be compared with.")
  package var now: Timestamp
}

extension StatusAnswer {
  init(_ status: RelayStatus, now: Timestamp) {
    self.init()
    version = status.version
    uptimeSeconds = status.uptime.apiSeconds
    store = Store(status.store)
    destinations = status.destinations.map { DestinationAnswer($0) }
    sources = status.sources.map { SourceAnswer($0) }
    routes = status.routes.map { Route($0) }
    notify = status.receivers.map { Receiver($0, now: now) }
    attachments = status.attachments.map { Attachments($0) }
    nodes = status.nodes.map { NodesAnswer($0) }
    config = Config()
    config.hash = status.configurationHash
    config.loadedAt = status.configurationLoadedAt
    config.reloadErrors = status.reloadErrors
    config.lastReloadAt = status.lastReload
    clockOffsetSeconds = status.clockOffset?.apiSeconds
    self.now = now
  }
}

extension StatusAnswer.Attachments {
  init(_ standing: AttachmentStanding) {
    self.init()
    pending = standing.pending
    bytes = standing.bytes.values.reduce(0, +)
    fetched = standing.counts[.fetched] ?? 0
    lost = standing.losses
    lastLoss = standing.lastLoss
    problem = standing.problem
  }
}

extension StatusAnswer.Store {
  init(_ store: RelayStatus.Store) {
    self.init()
    kind = store.kind
    bytes = store.bytes
    limitBytes = store.limitBytes
    refusal = store.refusal
    attemptsHeld = store.attemptsHeld.map { hold in
      var held = StatusAnswer.AttemptsHeld()
      held.code = hold.code.rawValue
      held.reason = hold.reason
      held.since = hold.since
      return held
    }
    logBytes = store.logBytes
    reader = store.reader.map { outside in
      var reader = StatusAnswer.Reader()
      reader.name = outside.name
      reader.seconds = outside.time.apiSeconds
      return reader
    }
    unreadSeconds = store.unreadFor?.apiSeconds
  }
}

extension StatusAnswer.Receiver {
  init(_ standing: NoticeStanding, now: Timestamp) {
    self.init()
    name = standing.name
    format = standing.format.rawValue
    waiting = standing.waiting
    failingSince = standing.failingFor.map { now.advanced(by: .zero - $0) }
    lastFailure = standing.lastFailure
  }
}

extension StatusAnswer.Route {
  init(_ route: RelayStatus.Route) {
    self.init()
    name = route.name
    matched = route.matched
    dropped = route.dropped
  }
}
