/// What every event of one posted envelope shares.
public final class EnvelopeContext: Sendable {
  /// The source's name.
  public let source: String
  public let receivedAt: Timestamp
  /// The envelope's `time`, byte for byte; nil if it had none.
  public let time: [UInt8]?
  /// The token that came, byte for byte as a JSON value (with its quotes); nil if none did.
  public let token: [UInt8]?

  public init(source: String, receivedAt: Timestamp, time: [UInt8]?, token: [UInt8]?) {
    self.source = source
    self.receivedAt = receivedAt
    self.time = time
    self.token = token
  }
}

/// One event, as it came: shared by all its deliveries.
public final class Event: Sendable {
  public let id: EventID
  public let envelope: EnvelopeContext
  /// The key it stood under, decoded.
  public let type: String
  /// The same as it was spelled, between the quotes.
  public let rawType: [UInt8]
  public let company: String?
  public let channel: String?
  /// The conversation it belongs to: what `order_by: chat` goes by.
  public let chat: String?
  /// The object's exact bytes.
  public let body: [UInt8]

  public init(
    id: EventID, envelope: EnvelopeContext, type: String, rawType: [UInt8], company: String?,
    channel: String?,
    chat: String?, body: [UInt8]
  ) {
    self.id = id
    self.envelope = envelope
    self.type = type
    self.rawType = rawType
    self.company = company
    self.channel = channel
    self.chat = chat
    self.body = body
  }

  /// What it costs to keep in memory, in bytes, near enough for a budget.
  public var footprint: Int { body.count + 512 }
}
