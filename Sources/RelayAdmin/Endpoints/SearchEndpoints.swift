import RelayCore
import RelayPipeline
import RelayText

/// Looking for events.
enum SearchEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/api/v1/events",
      "Events by what they are, what became of them and what their bodies hold. A page may hold fewer than `limit`, or none, and "
        + "yet have a `next`: `searched_to` says how far has been looked.",
      role: .viewer, problems: [.notFound("No destination has ever had this name.")], events)
  ]

  private static func events(_ call: Call<EventsInput>) async throws -> EventsAnswer {
    let input = call.input
    let request = EventPageRequest(
      filter: try input.filter.filter(now: call.now), order: input.order ?? .newestFirst,
      after: try input.cursor(), limit: input.limit ?? 50)
    return EventsAnswer(try await call.relay.events(request))
  }
}

/// `GET /api/v1/events`.
package struct EventsInput: Input {
  @Fields package var filter = EventFilterInput()
  @Field("`newest_first`, as without it, or `oldest_first`.") package var order: EventPageRequest.Order?
  @Field("At most so many in the answer; 50 without it.", .range(1...500)) package var limit: Int?
  @Field("The `next` of the page before.") package var after: String?

  package init() {}
}

extension EventPageRequest.Order: Word {}

extension EventsInput {
  func cursor() throws(APIError) -> EventCursor? {
    guard let after else { return nil }
    guard let number = Int64(after), number >= 0 else {
      throw .invalidRequest("'after' is '\(after.prefix(100))'; take it from the 'next' of the page before")
    }
    return EventCursor(rawValue: number)
  }
}

/// A page of `GET /api/v1/events`.
package struct EventsAnswer: Answer {
  @Field("In the order that was asked for.") package var events: [ListedEventAnswer]
  @Field("What `after` is to be for the next page; null: all has been searched.") package var next: String?
  @Field("How far has been looked: to the event that was received then. null: all has been searched.")
  package var searchedTo: Timestamp?

  var resultCount: Int? { events.count }
}

extension EventsAnswer {
  init(_ page: EventPage) {
    self.init()
    events = page.events.map { ListedEventAnswer($0) }
    next = page.next?.description
    searchedTo = page.reached
  }
}

/// An event in a list: without its body.
package struct ListedEventAnswer: Answer {
  @Field("Its id, the same for every destination and on every attempt.") package var id: String
  @Field("Its type.") package var type: String
  @Field("The source that it came by.") package var source: String
  @Field("The company that it speaks of.") package var company: String?
  @Field("The channel that it speaks of.") package var channel: String?
  @Field("The chat that it belongs to.") package var chat: String?
  @Field("When it was received.") package var receivedAt: Timestamp
  @Field("The configuration that routed it.") package var configHash: String
  @Field("The routes that matched, in their order.") package var routes: [String]
  @Field("The route that dropped it.") package var droppedBy: String?
  @Field(
    "What has become of it, each once: `delivered`, `pending`, `dead`, `discarded`; without a delivery `dropped` or `unrouted`."
  )
  package var outcomes: [String]
  @Field("How long its body is.") package var bodyBytes: Int
  @Field("What became of it, one for each destination.") package var deliveries: [ListedDeliveryAnswer]
}

extension ListedEventAnswer {
  init(_ event: EventRecord) {
    self.init()
    id = event.id.description
    type = event.type
    source = event.source
    company = event.company
    channel = event.channel
    chat = event.chat
    receivedAt = event.receivedAt
    configHash = event.configuration
    routes = event.routes
    droppedBy = event.isDropped ? event.routes.last : nil
    outcomes = event.outcomes.map(\.rawValue)
    bodyBytes = event.bodyBytes
    deliveries = event.deliveries.map { ListedDeliveryAnswer($0) }
  }
}

/// A delivery of an event in a list.
package struct ListedDeliveryAnswer: Answer {
  @Field("Its number.") package var id: Int64
  @Field("Where it goes.") package var destination: String
  @Field("The route that sent it there.") package var route: String
  @Field("0; for a replay, its number.") package var run: Int
  @Field("What became of it.", .words { ["pending", "delivered", "dead", "discarded"] }) package var state:
    String
  @Field(
    "Why: of a dead one `permanent`, `exhausted` or `expired`, of a discarded one `overflow` or `person`.")
  package var reason: String?
  @Field("How many attempts were made.") package var attempts: Int
  @Field("The status that the last attempt was answered; null: there was no answer.") package var lastStatus:
    Int?
  @Field("Why the last attempt had no status.") package var lastError: String?
}

extension ListedDeliveryAnswer {
  init(_ record: DeliveryRecord) {
    self.init()
    id = record.id.rawValue
    destination = record.destination
    route = record.route
    run = record.run
    state = DeliveryFilter.State(record.state).rawValue
    reason = record.deathReason?.description ?? record.discardReason?.description
    attempts = record.attempts
    lastStatus = record.lastAttempt?.status
    lastError = record.lastAttempt?.error
  }
}
