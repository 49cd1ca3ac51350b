import RelayCore
import RelayPipeline

/// The delivery that fails, and that its order lets no other pass.
package struct StuckHeadAnswer: Decodable, Sendable, Equatable {
  package var deliveryId: Int64
  package var eventId: String
  package var type: String

  init(_ head: StuckHead) {
    deliveryId = head.delivery.rawValue
    eventId = "\(head.event)"
    type = head.kind.type
  }
}

extension StuckHeadAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("delivery_id", deliveryId)
      output.field("event_id", eventId)
      output.field("type", type)
    }
  }
}

/// A kind of events that a destination refuses while it takes others.
package struct RefusedKindAnswer: Decodable, Sendable, Equatable {
  package var type: String
  package var company: String?
  package var channel: String?
  package var since: Timestamp
  package var lastFailedAt: Timestamp

  init(_ refused: RefusedKind) {
    type = refused.kind.type
    company = refused.kind.company
    channel = refused.kind.channel
    since = refused.since
    lastFailedAt = refused.lastFailed
  }
}

extension RefusedKindAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("type", type)
      output.field("company", company)
      output.field("channel", channel)
      output.field("since", since)
      output.field("last_failed_at", lastFailedAt)
    }
  }
}
