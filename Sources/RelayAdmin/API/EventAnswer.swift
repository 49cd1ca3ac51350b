import RelayCore
import RelayPipeline

/// `GET /api/v1/events/{id}`.
package struct EventAnswer: Decodable, Sendable, Equatable {
  /// All but the body: who asks for that takes it out of the answer as it stands there.
  enum CodingKeys: String, CodingKey {
    case id, type, source, company, channel, chat, receivedAt, configHash, routes, dropped, deliveries
  }

  package var id: String
  package var type: String
  package var source: String
  package var company: String?
  package var channel: String?
  package var chat: String?
  package var receivedAt: Timestamp
  package var configHash: String
  /// Those that matched, in their order.
  package var routes: [String]
  /// The last of them dropped it.
  package var dropped: Bool
  /// The event as it came, byte for byte. Written, not read.
  private var body: [UInt8] = []
  package var deliveries: [DeliveryAnswer]

  init(_ report: EventReport) {
    let event = report.event
    id = event.id.description
    type = event.type
    source = event.source
    company = event.company
    channel = event.channel
    chat = event.chat
    receivedAt = event.receivedAt
    configHash = event.configuration
    routes = event.routes
    dropped = event.isDropped
    body = event.body
    deliveries = report.deliveries.map { DeliveryAnswer($0) }
  }
}

extension EventAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("id", id)
      output.field("type", type)
      output.field("source", source)
      output.field("company", company)
      output.field("channel", channel)
      output.field("chat", chat)
      output.field("received_at", receivedAt)
      output.field("config_hash", configHash)
      output.field("routes", routes)
      output.field("dropped", dropped)
      output.key("body")
      output.raw(body)
      output.field("deliveries", deliveries)
    }
  }
}
