import RelayCore
import RelayPipeline

/// `GET /api/v1/events/{event}`.
package struct EventAnswer: Answer {
  @Field("Its id, the same for every destination and on every attempt.") package var id: String
  @Field("Its type.") package var type: String
  @Field("The source that it came by.") package var source: String
  @Field("The company that it speaks of.") package var company: String?
  @Field("The channel that it speaks of.") package var channel: String?
  @Field("The chat that it belongs to.") package var chat: String?
  @Field("When it was received.") package var receivedAt: Timestamp
  @Field(
    "The `traceparent` of the request that brought it, or the one made for it: each request of it has it.")
  package var traceparent: String?
  @Field("The configuration that routed it.") package var configHash: String
  @Field("The routes that matched, in their order.") package var routes: [String]
  @Field("The last of them dropped it.") package var dropped: Bool
  @Field("The event as it came, byte for byte; null: its body is gone, see `body_removed`.", .contents)
  var body: RawJSON?
  @Field(
    "Why its body is gone: `erased` (a person's right to be forgotten), or `unrouted_retention` (it went nowhere, and is older "
      + "than that); null: it is there.", .words { ["erased", "unrouted_retention"] })
  package var bodyRemoved: String?
  @Field("When it was erased; null: it was not.") package var erasedAt: Timestamp?
  @Field("What became of it, one for each destination.") package var deliveries: [DeliveryAnswer]
}

extension EventAnswer {
  init(_ report: EventReport) {
    self.init()
    let event = report.event
    id = event.id.description
    type = event.type
    source = event.source
    company = event.company
    channel = event.channel
    chat = event.chat
    receivedAt = event.receivedAt
    traceparent = event.trace?.description
    configHash = event.configuration
    routes = event.routes
    dropped = event.isDropped
    erasedAt = event.erasedAt
    if event.hasNoBody {
      bodyRemoved = event.erasedAt == nil ? "unrouted_retention" : "erased"
    } else {
      body = RawJSON(event.body)
    }
    deliveries = report.deliveries.map { DeliveryAnswer($0) }
  }
}
