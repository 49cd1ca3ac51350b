/// What every event of one posted envelope shares.
package final class EnvelopeContext: Sendable {
  /// The source's name.
  package let source: String
  package let receivedAt: Timestamp
  /// The envelope's `time`, byte for byte; nil if it had none.
  package let time: [UInt8]?
  /// The token that came, byte for byte as a JSON value (with its quotes); nil if none did.
  package let token: [UInt8]?
  /// What goes on with each request of its events: the one that it came with, or one made for it. nil: none does, as in tests.
  package let trace: TraceParent?

  package init(
    source: String, receivedAt: Timestamp, time: [UInt8]?, token: [UInt8]?, trace: TraceParent? = nil
  ) {
    self.source = source
    self.receivedAt = receivedAt
    self.time = time
    self.token = token
    self.trace = trace
  }
}

/// One event, as it came: shared by all its deliveries.
package final class Event: Sendable {
  package let id: EventID
  package let envelope: EnvelopeContext
  /// The key it stood under, decoded.
  package let type: String
  /// The same as it was spelled, between the quotes.
  package let rawType: [UInt8]
  package let company: String?
  package let channel: String?
  /// The conversation it belongs to: what `order_by: chat` goes by.
  package let chat: String?
  /// The object's exact bytes.
  package let body: [UInt8]

  package init(
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
  package var footprint: Int { Self.footprint(ofBody: body.count) }

  package static func footprint(ofBody bytes: Int) -> Int { bytes + 512 }
}

/// What a receiver may refuse as a whole: the events of one type, company and channel.
package struct EventKind: Hashable, Sendable {
  package let type: String
  package let company: String?
  package let channel: String?

  /// How much of each text is looked at, in bytes of UTF-8: it is payload, of any length, and kinds are remembered. Two
  /// that differ only after it are one kind.
  static let maxTextBytes = 128

  package init(type: String, company: String? = nil, channel: String? = nil) {
    self.type = Self.cut(type)
    self.company = company.map(Self.cut)
    self.channel = channel.map(Self.cut)
  }

  init(_ event: Event) {
    self.init(type: event.type, company: event.company, channel: event.channel)
  }

  private static func cut(_ text: String) -> String {
    text.utf8.count <= maxTextBytes ? text : String(decoding: text.utf8.prefix(maxTextBytes), as: UTF8.self)
  }
}

extension Event {
  /// The same without a hash, and without a look at long texts' ends: two that differ are told apart at once, mostly.
  func hasSameKind(as other: Event) -> Bool {
    self === other || type == other.type && company == other.company && channel == other.channel
  }

  /// In order of receipt, and of ids within one time.
  package func isOlder(than other: Event) -> Bool {
    (envelope.receivedAt, id) < (other.envelope.receivedAt, other.id)
  }
}
