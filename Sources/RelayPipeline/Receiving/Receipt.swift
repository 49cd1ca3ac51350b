import RelayCore
import RelayJSON

/// What became of an envelope's items: what is stored, and what the sender is told.
struct Receipt: Sendable {
  let request: IngestRequest
  private(set) var envelope: NewEnvelope
  private(set) var tally = ReceiptTally()
  /// What is not stored, and yet to be told to whoever reads the stream.
  private(set) var unstored: [NewEnvelope.NewEvent] = []
  private let refusedItems: [(type: String, index: Int, kind: JSONKind)]
  private var deliveries = 0
  private var dropped = 0
  private var unrouted = 0

  /// - Parameter envelope: None of its events is in it yet.
  init(_ envelope: SplitEnvelope) {
    request = envelope.request
    refusedItems = envelope.refusedItems
    self.envelope = NewEnvelope(
      context: envelope.context, configuration: request.rules.configurationHash,
      firstEventID: envelope.firstEventID, acceptedCount: envelope.eventCount, fingerprint: nil, events: [])
  }

  /// Counts an accepted event by what routing made of it.
  mutating func count(_ decision: RoutingDecision, type: String) {
    tally.add(type, decision, request.entrance.metrics)
    deliveries += decision.targets.count
    guard decision.targets.isEmpty else { return }
    if decision.isDropped { dropped += 1 } else if decision.matched.isEmpty { unrouted += 1 }
  }

  /// Some event may point to a file that is to be fetched: it costs one look at the bytes, and nothing where the source has no
  /// `attachments`.
  var holdsFiles: Bool {
    request.entrance.source.attachments != nil && FileMark.stands(in: request.body)
  }

  /// The event is to be stored.
  mutating func keep(_ event: NewEnvelope.NewEvent) { envelope.events.append(event) }

  /// The event is not stored; whoever reads the stream is told of it.
  mutating func show(_ event: NewEnvelope.NewEvent) { unstored.append(event) }

  /// The envelope is to be known again by this.
  mutating func remember(_ fingerprint: NewEnvelope.Fingerprint) { envelope.fingerprint = fingerprint }

  func accepted() -> IngestReply {
    var body = IngestReply.receipt(
      accepted: envelope.acceptedCount, deliveries: deliveries, dropped: dropped, unrouted: unrouted,
      isDuplicate: false, first: envelope.firstEventID, count: envelope.acceptedCount)
    if !refusedItems.isEmpty { body.appendRefused(refusedItems) }
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

  fileprivate mutating func appendRefused(_ items: [(type: String, index: Int, kind: JSONKind)]) {
    self += Array(#","rejected":["#.utf8)
    for (place, item) in items.enumerated() {
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

/// What is counted of an envelope once it is accepted: not before, or a redelivery would count twice.
///
/// It is counted on the store's thread, between two commits: so what can be looked up is looked up before.
struct ReceiptTally: Sendable {
  /// Where each type is counted, and how often it follows itself.
  private var types: [(place: Int, count: Int)] = []
  private var lastType: String?
  /// Places in the routing table, once for each event that the route matched.
  private var matches: [Int] = []
  private var drops: [Int] = []
  private var unrouted = 0

  mutating func add(_ type: String, _ decision: RoutingDecision, _ source: SourceMetrics) {
    if type == lastType {
      types[types.count - 1].count += 1
    } else {
      types.append((source.place(ofType: type), 1))
      lastType = type
    }
    if decision.matched.isEmpty {
      unrouted += 1
    } else if decision.isDropped {
      matches += decision.matched.dropLast()
      drops.append(decision.matched.last!)
    } else {
      if matches.isEmpty { matches = decision.matched } else { matches += decision.matched }
    }
  }

  func count(into source: SourceMetrics, routes: [RouteMetrics]) {
    source.envelope(.accepted)
    for type in types { source.events(at: type.place, type.count) }
    if unrouted > 0 { source.unrouted(unrouted) }
    for place in matches { routes[place].match(isDrop: false) }
    for place in drops { routes[place].match(isDrop: true) }
  }
}
