import RelayCore
import RelayJSON

/// What the stream says of an event that came in, just now or before.
struct ReceivedEvent {
  let id: EventID
  let rawType: [UInt8]
  let source: String
  let company: String?
  let channel: String?
  let chat: String?
  /// The wall clock's time.
  let receivedAt: Timestamp
  let outcomes: [EventOutcome]
  let routes: [String]
  let destinations: [String]
  let bytes: Int

  init(_ new: NewEnvelope.NewEvent, _ outcome: EventOutcome, receivedAt: Timestamp) {
    let event = new.event
    id = event.id
    rawType = event.rawType
    source = event.envelope.source
    company = event.company
    channel = event.channel
    chat = event.chat
    self.receivedAt = receivedAt
    outcomes = [outcome]
    routes = new.routes
    destinations = new.deliveries.map(\.destination)
    bytes = event.body.count
  }

  init(_ record: EventRecord) {
    id = record.id
    rawType = record.rawType
    source = record.source
    company = record.company
    channel = record.channel
    chat = record.chat
    receivedAt = record.receivedAt
    outcomes = record.outcomes
    routes = record.routes
    destinations = record.deliveries.map(\.destination)
    bytes = record.bodyBytes
  }

  func append(to json: inout [UInt8]) {
    json.append(contentsOf: #"{"kind":"received","event_id":""#.utf8)
    id.appendText(to: &json)
    // As it was spelled, so that who forwards it can repeat it.
    json.append(contentsOf: #"","type":""#.utf8)
    json.append(contentsOf: rawType)
    json.append(UInt8(ascii: "\""))
    json.appendField("source", source)
    json.appendField("company", company)
    json.appendField("channel", channel)
    json.appendField("chat", chat)
    json.appendField("received_at", receivedAt)
    json.appendField("outcomes", outcomes.map(\.rawValue))
    json.appendField("routes", routes)
    json.appendField("destinations", destinations)
    json.appendField("bytes", bytes)
    json.append(UInt8(ascii: "}"))
  }
}

/// What the stream says of an attempt.
enum SettledJSON {
  static func append(_ settled: SettledAttempt, offset: Duration, to json: inout [UInt8]) {
    let (delivery, settlement) = (settled.delivery, settled.settlement)
    let event = delivery.event
    json.append(contentsOf: #"{"kind":"settled","event_id":""#.utf8)
    event.id.appendText(to: &json)
    json.append(contentsOf: #"","type":""#.utf8)
    json.append(contentsOf: event.rawType)
    json.append(UInt8(ascii: "\""))
    json.appendField("source", event.envelope.source)
    json.appendField("company", event.company)
    json.appendField("channel", event.channel)
    json.appendField("chat", event.chat)
    json.appendField("delivery_id", Int(delivery.id.rawValue))
    json.appendField("destination", delivery.destination)
    json.appendField("run", delivery.run)
    appendOutcome(settlement.outcome, offset: offset, to: &json)
    json.appendField("attempt", settlement.attempts)
    appendAttempt(settlement.attempt, offset: offset, to: &json)
    json.append(UInt8(ascii: "}"))
  }

  private static func appendOutcome(
    _ outcome: Settlement.Outcome, offset: Duration, to json: inout [UInt8]
  ) {
    let (state, reason, due): (EventOutcome, DeathReason?, Timestamp?) =
      switch outcome {
      case .delivered: (.delivered, nil, nil)
      case .retry(let due): (.pending, nil, due.advanced(by: offset))
      case .dead(let reason): (.dead, reason, nil)
      }
    json.appendField("state", state.rawValue)
    json.appendField("reason", reason?.description)
    json.appendField("due_at", due)
  }

  private static func appendAttempt(_ attempt: AttemptResult, offset: Duration, to json: inout [UInt8]) {
    json.appendField("at", attempt.startedAt.advanced(by: offset))
    switch attempt.response {
    case .status(let code, _, _):
      json.appendField("status", code)
      json.appendField("error", nil as String?)
    case .failure(let failure):
      json.appendField("status", nil as Int?)
      json.appendField("error", failure.description)
    }
    json.appendKey("duration_ms")
    let microseconds = Int(attempt.duration.microseconds)
    JSONWriter.appendNumber(microseconds / 1_000, to: &json)
    json.append(UInt8(ascii: "."))
    json.append(UInt8(ascii: "0") + UInt8(microseconds / 100 % 10))
  }
}

extension [UInt8] {
  fileprivate mutating func appendKey(_ name: StaticString) {
    append(UInt8(ascii: ","))
    append(UInt8(ascii: "\""))
    name.withUTF8Buffer { append(contentsOf: $0) }
    append(UInt8(ascii: "\""))
    append(UInt8(ascii: ":"))
  }

  fileprivate mutating func appendField(_ name: StaticString, _ text: String?) {
    appendKey(name)
    guard let text else { return append(contentsOf: "null".utf8) }
    JSONWriter.appendString(text, to: &self)
  }

  fileprivate mutating func appendField(_ name: StaticString, _ time: Timestamp?) {
    appendKey(name)
    guard let time else { return append(contentsOf: "null".utf8) }
    append(UInt8(ascii: "\""))
    time.appendText(to: &self)
    append(UInt8(ascii: "\""))
  }

  fileprivate mutating func appendField(_ name: StaticString, _ number: Int?) {
    appendKey(name)
    guard let number else { return append(contentsOf: "null".utf8) }
    JSONWriter.appendNumber(number, to: &self)
  }

  fileprivate mutating func appendField(_ name: StaticString, _ texts: [String]) {
    appendKey(name)
    var separator = UInt8(ascii: "[")
    for text in texts {
      append(separator)
      JSONWriter.appendString(text, to: &self)
      separator = UInt8(ascii: ",")
    }
    if separator == UInt8(ascii: "[") { append(separator) }
    append(UInt8(ascii: "]"))
  }
}
