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
      after: try input.page.cursor().map { EventCursor(rawValue: $0) }, limit: input.page.size)
    return EventsAnswer(try await call.relay.events(request))
  }
}

/// `GET /api/v1/events`.
package struct EventsInput: Input {
  @Fields package var filter = EventFilterInput()
  @Field("`newest_first`, as without it, or `oldest_first`.") package var order: EventPageRequest.Order?
  @Fields package var page = PageInput()

  package init() {}
}

extension EventPageRequest.Order: Word {}

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
package struct ListedEventAnswer: Answer, WithFacts {
  @Fields package var facts = StoredEventFacts()
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
    facts = StoredEventFacts(event)
    droppedBy = event.isDropped ? event.routes.last : nil
    outcomes = event.outcomes.map(\.rawValue)
    bodyBytes = event.bodyBytes
    deliveries = event.deliveries.map { ListedDeliveryAnswer($0) }
  }
}

/// A delivery of an event in a list.
package struct ListedDeliveryAnswer: Answer, WithFacts {
  @Field("Its number.") package var id: Int64
  @Fields package var facts = DeliveryFacts()
  @Field("The status that the last attempt was answered; null: there was no answer.") package var lastStatus:
    Int?
  @Field("Why the last attempt had no status.") package var lastError: String?
}

extension ListedDeliveryAnswer {
  init(_ record: DeliveryRecord) {
    self.init()
    id = record.id.rawValue
    facts = DeliveryFacts(record)
    lastStatus = record.lastAttempt?.status
    lastError = record.lastAttempt?.error
  }
}
