import RelayCore
import RelayPipeline

/// `GET /api/v1/events/{event}`.
package struct EventAnswer: Answer, WithFacts {
  @Fields package var facts = StoredEventFacts()
  @Field(
    "The `traceparent` of the request that brought it, or the one made for it: each request of it has it.")
  package var traceparent: String?
  @Field("The last of them dropped it.") package var dropped: Bool
  @Field("The event as it came, byte for byte; null: its body is gone, see `body_removed`.", .contents)
  var body: RawJSON?
  @Field(
    "Why its body is gone: `erased` (a person's right to be forgotten), or `unrouted_retention` (it went nowhere, and is older "
      + "than that); null: it is there.", .words { ["erased", "unrouted_retention"] })
  package var bodyRemoved: String?
  @Field("When it was erased; null: it was not.") package var erasedAt: Timestamp?
  @Field(
    "The files that it points to, where its source has `attachments`: what became of each. No link is shown. null: their index can't "
      + "be read at present; `GET /api/v1/status` says why.")
  package var attachments: [AttachmentAnswer]?
  @Field("What became of it, one for each destination.") package var deliveries: [DeliveryAnswer]
}

extension EventAnswer {
  init(_ report: EventReport) {
    self.init()
    let event = report.event
    facts = StoredEventFacts(event)
    traceparent = event.trace?.description
    dropped = event.isDropped
    erasedAt = event.erasedAt
    if event.hasNoBody {
      bodyRemoved = event.erasedAt == nil ? "unrouted_retention" : "erased"
    } else {
      body = RawJSON(event.body)
    }
    attachments = report.attachments?.map { AttachmentAnswer($0) }
    deliveries = report.deliveries.map { DeliveryAnswer($0) }
  }
}
