import RelayCore
import RelayJSON

/// Writes what has happened as messages of the stream: each once, whoever reads it.
struct LiveWriter {
  private var messages: [LiveMessage] = []
  private var events: [EventID] = []
  private var plain = LiveText()
  private var full: LiveText?
  private let first: Int
  /// The last event that came in.
  private var last: EventID
  /// Turns the steady times of what is written into the wall clock's.
  private let offset: Duration

  /// - Parameters:
  ///   - first: The first message's number.
  ///   - last: The last event that had come in before.
  init(first: Int, after last: EventID, offset: Duration, withBodies: Bool) {
    self.first = first
    self.last = last
    self.offset = offset
    full = withBodies ? LiveText() : nil
  }

  mutating func write(_ news: LiveNews) {
    switch news {
    case .received(let received): for event in received { write(event) }
    case .late(let deliveries): for event in Self.events(of: deliveries) { write(event) }
    case .settled(let attempts): for attempt in attempts { write(attempt) }
    case .discarded(let count, let destination, let reason): write(count, destination, reason)
    }
  }

  /// nil: nothing was written.
  func segment() -> LiveSegment? {
    guard !messages.isEmpty else { return nil }
    return LiveSegment(first: first, messages: messages, events: events, plain: plain, withBodies: full)
  }

  /// An envelope's deliveries stand event by event.
  private static func events(of deliveries: [Delivery]) -> [NewEnvelope.NewEvent] {
    var events: [NewEnvelope.NewEvent] = []
    for delivery in deliveries {
      if events.last?.event.id != delivery.event.id {
        events.append(.init(event: delivery.event, routes: [], isDropped: false, deliveries: []))
      }
      events[events.count - 1].deliveries.append(.init(destination: delivery.destination, route: ""))
    }
    return events
  }

  private mutating func write(_ new: NewEnvelope.NewEvent) {
    let event = new.event
    last = event.id
    let outcome: EventOutcome =
      !new.deliveries.isEmpty ? .pending : new.isDropped ? .dropped : .unrouted
    let received = ReceivedEvent(new, outcome, receivedAt: wall(event.envelope.receivedAt))
    add(
      "received", envelopeTime: event.envelope.time,
      LiveMessage(
        kind: .received, event: event.id, source: event.envelope.source, type: event.type,
        company: event.company, channel: event.channel, chat: event.chat, routes: new.routes,
        destinations: new.deliveries.map(\.destination), outcome: outcome,
        body: full == nil ? nil : event.body)
    ) { received.append(to: &$0) }
  }

  private mutating func write(_ attempt: SettledAttempt) {
    let delivery = attempt.delivery
    let event = delivery.event
    let offset = offset
    let outcome: EventOutcome =
      switch attempt.settlement.outcome {
      case .delivered: .delivered
      case .retry: .pending
      case .dead: .dead
      }
    add(
      "settled", envelopeTime: event.envelope.time,
      LiveMessage(
        kind: .settled, event: event.id, source: event.envelope.source, type: event.type,
        company: event.company, channel: event.channel, chat: event.chat, routes: [],
        destinations: [delivery.destination], outcome: outcome, body: full == nil ? nil : event.body)
    ) { SettledJSON.append(attempt, offset: offset, to: &$0) }
  }

  private mutating func write(_ count: Int, _ destination: String, _ reason: DiscardReason) {
    add(
      "discarded", envelopeTime: nil,
      LiveMessage(
        kind: .settled, event: nil, source: nil, type: nil, company: nil, channel: nil, chat: nil, routes: [],
        destinations: [destination], outcome: .discarded, body: nil)
    ) { json in
      json += Array(#"{"kind":"discarded","destination":"#.utf8)
      JSONWriter.appendString(destination, to: &json)
      json += Array(#","count":\#(count),"reason":"\#(reason)"}"#.utf8)
    }
  }

  /// - Parameter write: Appends what the message says: an object on one line.
  private mutating func add(
    _ name: StaticString, envelopeTime: [UInt8]?, _ message: LiveMessage, _ write: (inout [UInt8]) -> Void
  ) {
    let number = first + messages.count
    var written = 0..<0
    plain.add { output in
      StreamText.appendHead(of: name, last, number, to: &output)
      let start = output.count
      write(&output)
      written = start..<output.count
      output.append(contentsOf: StreamText.end)
    }
    full?.add { output in
      StreamText.appendHead(of: name, last, number, to: &output)
      let json = plain.bytes[written]
      guard message.kind == .received, let body = message.body else {
        output.append(contentsOf: json)
        output.append(contentsOf: StreamText.end)
        return
      }
      StreamText.appendWhole(json, time: envelopeTime, body: body, to: &output)
    }
    messages.append(message)
    events.append(last)
  }

  private func wall(_ steady: Timestamp) -> Timestamp { steady.advanced(by: offset) }
}
