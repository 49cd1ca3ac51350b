import RelayCore
import RelayPipeline

/// `POST /api/v1/explain`.
package struct ExplainAnswer: Answer {
  package struct Event: Record {
    @Field("Its type.") package var type: String
    @Field("The company that it speaks of.") package var company: String?
    @Field("The channel that it speaks of.") package var channel: String?
    @Field("The chat that it belongs to.") package var chat: String?
    @Field("Every route, in its order.") package var routes: [Verdict]
    @Field("Where it goes, each destination once.") package var destinations: [String]
    @Field("A route drops it.") package var dropped: Bool
  }

  package struct Verdict: Record {
    @Field("Its name.") package var name: String
    @Field("It takes the event.") package var matched: Bool
    @Field("For people: what it does with it, or why not.") package var words: String
    @Field(
      "The first condition that failed, with what it wants; or what else keeps the event from it.",
      .leftOutIfNil)
    package var reason: String?
    @Field("What that condition saw.", .leftOutIfNil) package var saw: String?
    @Field("Where it takes the event: its conditions, each with what it saw.", .leftOutIfNil)
    package var met: [Met]?
  }

  package struct Met: Record {
    @Field("What it wants.") package var condition: String
    @Field("What it saw.") package var saw: String
  }

  package struct Rejected: Record {
    @Field("The type under which it stands.") package var event: String
    @Field("Where it stands there, from 0.") package var index: Int
  }

  /// What was made of an event when it came.
  package struct Stored: Record {
    @Field("When it was received.") package var receivedAt: Timestamp
    @Field("The configuration that routed it then.") package var configHash: String
    @Field("The routes that matched then.") package var routes: [String]
    @Field("The last of them dropped it.") package var dropped: Bool
    @Field("Where it was sent then.") package var destinations: [String]
  }

  @Field("The configuration whose routes were asked.") package var hash: String
  @Field("The source that it came by, or whose token the envelope holds.") package var source: String
  @Field("Of an envelope: its source would believe it.", .leftOutIfNil) package var tokenValid: Bool?
  @Field("It is no envelope but the check of the URL.", .leftOutIfNil) package var handshake: Bool?
  @Field("Its events.") package var events: [Event]
  @Field("Those of the events' destinations that take several events in one request.") package
    var batches: [BatchedDestinationAnswer]
  @Field("Items of the envelope that are no objects, and so no events.") package var rejected: [Rejected]
  @Field("Of an event of the store: what was made of it when it came.", .leftOutIfNil)
  package var stored: Stored?
}

/// `GET /api/v1/samples`.
package struct SampleAnswer: Answer {
  @Field("The types that can be made up.") package var types: [String]
  @Field(
    "The envelope's JSON text, as a source would post it; its token is nobody's. null: no type was asked for."
  )
  package var envelope: String?
}

extension ExplainAnswer {
  package init(_ report: ExplainReport) {
    self.init()
    hash = report.hash
    source = report.source
    if let event = report.stored {
      stored = Stored(event)
    } else {
      tokenValid = report.isTokenValid
      handshake = report.isHandshake
    }
    events = report.events.map { Event($0, report.routes) }
    let named = Set(events.flatMap(\.destinations))
    batches = report.batches.filter { named.contains($0.destination) }.map {
      BatchedDestinationAnswer($0.destination, $0.policy)
    }
    rejected = report.rejected.map { item in
      var rejected = Rejected()
      rejected.event = item.type
      rejected.index = item.index
      return rejected
    }
  }
}

extension ExplainAnswer.Event {
  init(_ event: Explainer.ExplainedEvent, _ routes: [RelayCore.Route]) {
    self.init()
    type = event.type
    company = event.company
    channel = event.channel
    chat = event.chat
    self.routes = zip(routes, zip(event.explanation.verdicts, event.explanation.met)).map {
      ExplainAnswer.Verdict($0, $1.0, $1.1)
    }
    destinations = event.explanation.decision.targets.map(\.destination)
    dropped = event.explanation.decision.isDropped
  }

  /// In a line: where it goes.
  package var summary: String {
    if !destinations.isEmpty { return destinations.joined(separator: ", ") }
    return dropped ? "dropped" : routes.contains(where: \.matched) ? "no destination" : "no route matched"
  }
}

extension ExplainAnswer.Verdict {
  init(_ route: RelayCore.Route, _ verdict: Explanation.Verdict, _ conditions: [Explanation.Met]) {
    self.init()
    name = route.name
    matched = verdict == .matched
    words = verdict.words(of: route)
    reason = matched ? nil : words
    if case .failed(_, let value) = verdict { saw = value }
    guard matched, !conditions.isEmpty else { return }
    met = conditions.map { condition in
      var met = ExplainAnswer.Met()
      (met.condition, met.saw) = (condition.condition, condition.saw)
      return met
    }
  }
}

extension ExplainAnswer.Stored {
  init(_ event: EventRecord) {
    self.init()
    receivedAt = event.receivedAt
    configHash = event.configuration
    routes = event.routes
    dropped = event.isDropped
    destinations = event.deliveries.filter { $0.run == 0 }.map(\.destination)
  }
}
