import RelayCore
import RelayJSON

/// What became of an envelope's items: what is stored, and what the sender is told.
struct Receipt: Sendable {
  var envelope: NewEnvelope
  /// When it came, by the wall clock.
  let receivedAt: Timestamp
  /// Items that are no objects: their type, their place, and what they are.
  var rejected: [(type: String, index: Int, kind: JSONKind)]
  private(set) var tally = ReceiptTally()
  private var deliveries = 0
  private var dropped = 0
  private var unrouted = 0

  init(
    envelope: NewEnvelope, receivedAt: Timestamp, rejected: [(type: String, index: Int, kind: JSONKind)]
  ) {
    self.envelope = envelope
    self.receivedAt = receivedAt
    self.rejected = rejected
  }

  /// Counts an accepted event by what routing made of it.
  mutating func count(_ decision: RoutingDecision, type: String, of source: SourceMetrics) {
    tally.note(type, decision, source)
    deliveries += decision.targets.count
    guard decision.targets.isEmpty else { return }
    if decision.isDropped { dropped += 1 } else if decision.matched.isEmpty { unrouted += 1 }
  }

  func accepted() -> IngestReply {
    var body = IngestReply.receipt(
      accepted: envelope.acceptedCount, deliveries: deliveries, dropped: dropped, unrouted: unrouted,
      isDuplicate: false, first: envelope.firstEventID, count: envelope.acceptedCount)
    if !rejected.isEmpty { body.appendRejected(rejected) }
    body.append(UInt8(ascii: "}"))
    return IngestReply(status: 200, body: body)
  }
}

extension IngestReply {
  /// - Parameters:
  ///   - rerouted: Places of events that went nowhere the first time and now have `deliveries`: their ids stand in
  ///     `"rerouted"`, which is left out where there are none.
  static func duplicate(
    firstEventID: EventID, count: Int, rerouted: [Int] = [], deliveries: Int = 0
  ) -> IngestReply {
    var body = receipt(
      accepted: 0, deliveries: deliveries, dropped: 0, unrouted: 0, isDuplicate: true, first: firstEventID,
      count: count)
    if !rerouted.isEmpty {
      body += Array(#","rerouted":"#.utf8)
      body.appendIDs(rerouted, from: firstEventID)
    }
    body.append(UInt8(ascii: "}"))
    return IngestReply(status: 200, body: body)
  }

  /// A 200's body, but for its last brace.
  fileprivate static func receipt(
    accepted: Int, deliveries: Int, dropped: Int, unrouted: Int, isDuplicate: Bool, first: EventID, count: Int
  ) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(128 + 44 * count)
    body.append(#"{"accepted":"#, accepted)
    body.append(#","deliveries":"#, deliveries)
    body.append(#","dropped":"#, dropped)
    body.append(#","unrouted":"#, unrouted)
    body.append(
      contentsOf: (isDuplicate ? #","duplicate":true,"events":"# : #","duplicate":false,"events":"#).utf8)
    body.appendIDs(0..<count, from: first)
    return body
  }

  /// The platform's check of a URL wants its token printed back, and nothing else.
  static func handshake(_ token: String) -> IngestReply {
    IngestReply(
      status: 200, contentType: "text/plain; charset=utf-8", body: Array(token.utf8),
      headers: [Header("x-content-type-options", "nosniff")])
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ key: String, _ number: Int) {
    append(contentsOf: key.utf8)
    JSONWriter.appendNumber(number, to: &self)
  }

  /// - Parameter places: How far each id stands from the first.
  fileprivate mutating func appendIDs(_ places: some Sequence<Int>, from first: EventID) {
    var separator = UInt8(ascii: "[")
    for place in places {
      append(separator)
      append(UInt8(ascii: "\""))
      first.advanced(by: place).appendText(to: &self)
      append(UInt8(ascii: "\""))
      separator = UInt8(ascii: ",")
    }
    if separator == UInt8(ascii: "[") { append(separator) }
    append(UInt8(ascii: "]"))
  }

  fileprivate mutating func appendRejected(_ rejected: [(type: String, index: Int, kind: JSONKind)]) {
    self += Array(#","rejected":["#.utf8)
    for (place, item) in rejected.enumerated() {
      if place > 0 { append(UInt8(ascii: ",")) }
      self += Array(#"{"event":"#.utf8)
      JSONWriter.appendString(item.type, to: &self)
      self += Array(#","index":\#(item.index),"reason":"#.utf8)
      JSONWriter.appendString("an event is an object, this is \(item.kind.words)", to: &self)
      append(UInt8(ascii: "}"))
    }
    append(UInt8(ascii: "]"))
  }
}

extension JSONKind {
  fileprivate var words: String {
    switch self {
    case .null: "null"
    case .false: "false"
    case .true: "true"
    case .number: "a number"
    case .string: "a string"
    case .object: "an object"
    case .array: "an array"
    }
  }
}
