import RelayCore
import RelayPipeline

/// The delivery that fails, and that its order lets no other pass.
public struct StuckHeadAnswer: Decodable, Sendable, Equatable {
  public var deliveryId: Int64
  public var eventId: String
  public var type: String

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
public struct RefusedKindAnswer: Decodable, Sendable, Equatable {
  public var type: String
  public var company: String?
  public var channel: String?
  public var since: Timestamp
  public var lastFailedAt: Timestamp

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
