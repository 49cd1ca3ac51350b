import RelayCore
import RelayPipeline

/// A delivery, in `GET /api/v1/deliveries` and `GET /api/v1/events/{event}`.
package struct DeliveryAnswer: Answer, WithFacts {
  @Field("Its number.") package var id: Int64
  @Field("The event that it delivers.") package var eventId: String
  @Field("The event's type.") package var type: String
  @Field("When the event was received.") package var receivedAt: Timestamp
  @Field("The configuration that routed it.") package var configHash: String
  @Fields package var facts = DeliveryFacts()
  @Field("When the next attempt is due.") package var dueAt: Timestamp?
  @Field("When it was delivered, given up or discarded.") package var settledAt: Timestamp?
  @Field("What a pending one waits for.") package var waiting: WaitAnswer?
  @Field("The last attempt.") package var lastAttempt: AttemptAnswer?
  @Field("The failed attempts: the first and the last nine.") package var failures: [FailureAnswer]
  @Field("How many attempts failed.") package var failureCount: Int
}

extension DeliveryAnswer {
  init(_ report: DeliveryReport) {
    self.init()
    let record = report.record
    id = record.id.rawValue
    eventId = record.event.description
    type = record.type
    receivedAt = record.receivedAt
    configHash = record.configuration
    facts = DeliveryFacts(record)
    dueAt = record.due
    settledAt = record.settledAt
    waiting = report.wait.map { WaitAnswer($0, of: report) }
    lastAttempt = record.lastAttempt.map { AttemptAnswer($0) }
    failures = record.failures.map { FailureAnswer($0) }
    failureCount = record.failureCount
  }
}

/// What a delivery is, wherever it is listed.
package struct DeliveryFacts: Record {
  @Field("Where it goes.") package var destination: String
  @Field("The route that sent it there.") package var route: String
  @Field("0; for a replay, its number.") package var run: Int
  @Field("What became of it.", .words { ["pending", "delivered", "dead", "discarded"] }) package var state:
    String
  @Field(
    "Why: of a dead one `permanent`, `exhausted` or `expired`, of a discarded one `overflow`, `person`, "
      + "`retention` or `erased`.")
  package var reason: String?
  @Field("How many attempts were made.") package var attempts: Int

  package init() {}
}

extension DeliveryFacts {
  init(_ record: DeliveryRecord) {
    self.init()
    destination = record.destination
    route = record.route
    run = record.run
    state = DeliveryFilter.State(record.state).rawValue
    reason = record.deathReason?.description ?? record.discardReason?.description
    attempts = record.attempts
  }
}

extension DeliveryFilter.State {
  init(_ state: DeliveryState) {
    switch state {
    case .fresh, .retrying, .waiting: self = .pending
    case .delivered: self = .delivered
    case .dead: self = .dead
    case .discarded: self = .discarded
    }
  }
}

/// `GET /api/v1/deliveries/groups`.
package struct DeliveryGroupsAnswer: Answer {
  /// Its words are conditions of `GET /api/v1/deliveries`, so that a group can be asked for.
  package struct Group: Record {
    @Field("Where they go.") package var destination: String
    @Field("Their events' type.") package var type: String
    @Field("What became of them.", .words { DeliveryFilter.State.allCases.map(\.rawValue) }) package
      var state: String
    @Field("Why they are dead or discarded.") package var reason: String?
    @Field(
      "What the last attempt was answered: a status; `none`: it was not answered; `unattempted`: there was none."
    )
    package var status: String
    @Field("How many of them.") package var count: Int
    @Field("When the first of their events was received.") package var firstReceivedAt: Timestamp
    @Field("When the last was.") package var lastReceivedAt: Timestamp
    @Field("Why the last attempt of the last of them had no answer.") package var lastError: String?
  }

  @Field("The largest first.") package var groups: [Group]
  @Field("What `after` is to be for the next page; null: all have been counted.") package var next: String?

  var resultCount: Int? { groups.count }
}

extension DeliveryGroupsAnswer {
  init(_ page: DeliveryGroupPage) {
    self.init()
    groups = page.groups.all.map { Group($0) }
    next = page.next?.description
  }
}

extension DeliveryGroupsAnswer.Group {
  init(_ group: DeliveryGroups.Group) {
    self.init()
    destination = group.kind.destination
    type = group.kind.type
    state = group.kind.state.rawValue
    reason = group.kind.reason
    status = group.kind.status.description
    count = group.count
    firstReceivedAt = group.first
    lastReceivedAt = group.last
    lastError = group.lastError
  }
}

/// A page of `GET /api/v1/deliveries`.
package struct DeliveriesAnswer: Answer {
  @Field("Newest first.") package var deliveries: [DeliveryAnswer]
  @Field("What `after` is to be for the next page; null: there is none.") package var next: String?

  var resultCount: Int? { deliveries.count }
}

extension DeliveriesAnswer {
  /// - Parameter withAnswers: Also what the destinations answered.
  init(_ page: DeliveryReportPage, withAnswers: Bool) {
    self.init()
    deliveries = page.deliveries.map { report in
      var delivery = DeliveryAnswer(report)
      if !withAnswers { delivery.failures = delivery.failures.map(\.withoutAnswer) }
      return delivery
    }
    next = page.next?.description
  }
}
