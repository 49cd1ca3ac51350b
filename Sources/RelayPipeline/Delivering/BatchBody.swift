import RelayCore

/// The body of a request of several events: each event's bytes as they came.
///
/// - `huggy`: one envelope, `{"time":TIME,"messages":{"TYPE":[EVENT,…],"TYPE":[…]},"token":"…"}`. Each type stands once, in the order
///   of its first event, with its events in their order of arrival; TIME is the newest envelope's.
/// - `event`: `[EVENT,…]`.
/// - `cloudevents`: `[{…,"data":EVENT},…]`, the JSON batch format of CloudEvents.
struct BatchBody {
  let bytes: [UInt8]
  /// In the order in which they stand in the body.
  private let events: [Event]

  /// - Parameters:
  ///   - events: At least one.
  ///   - contents: What stands for each: its bytes, but for links that are rewritten.
  init(of events: [Event], for destination: Destination, contents: (Event) -> [UInt8]) {
    switch destination.format {
    case .event:
      self.events = events
      var body: [UInt8] = []
      body.reserveCapacity(events.reduce(2) { $0 + $1.body.count + 1 })
      Self.append(list: events, contents, to: &body)
      bytes = body
    case .cloudevents:
      self.events = events
      bytes = Self.cloudEvents(events, contents)
    case .huggy:
      let types = Self.byType(events)
      self.events = types.flatMap { $0 }
      bytes = Self.envelope(of: types, for: destination, contents)
    }
  }

  /// What `huggy-relay-events` holds.
  var eventIDs: [UInt8] {
    var ids: [UInt8] = []
    ids.reserveCapacity(events.count * 41)
    for event in events {
      if !ids.isEmpty { ids.append(UInt8(ascii: ",")) }
      event.id.appendText(to: &ids)
    }
    return ids
  }

  private static func byType(_ events: [Event]) -> [[Event]] {
    var types: [[Event]] = []
    for event in events {
      if let index = types.firstIndex(where: { $0[0].type == event.type }) {
        types[index].append(event)
      } else {
        types.append([event])
      }
    }
    return types
  }

  private static func envelope(
    of types: [[Event]], for destination: Destination, _ contents: (Event) -> [UInt8]
  ) -> [UInt8] {
    let events = types.joined()
    let time = newestTime(of: events)
    let token = destination.forwardsToken ? types[0][0].envelope.token : nil
    var body: [UInt8] = []
    body.reserveCapacity(
      events.reduce(64 + (time?.count ?? 0) + (token?.count ?? 0)) {
        $0 + $1.body.count + $1.rawType.count + 6
      })
    body.append(UInt8(ascii: "{"))
    if let time {
      body.append(contentsOf: #""time":"#.utf8)
      body += time
      body.append(UInt8(ascii: ","))
    }
    body.append(contentsOf: #""messages":{"#.utf8)
    for (place, events) in types.enumerated() {
      if place > 0 { body.append(UInt8(ascii: ",")) }
      body.append(UInt8(ascii: "\""))
      body += events[0].rawType
      body.append(contentsOf: #"":"#.utf8)
      append(list: events, contents, to: &body)
    }
    body.append(UInt8(ascii: "}"))
    if let token {
      body.append(contentsOf: #","token":"#.utf8)
      body += token
    }
    body.append(UInt8(ascii: "}"))
    return body
  }

  private static func cloudEvents(_ events: [Event], _ contents: (Event) -> [UInt8]) -> [UInt8] {
    let wrapped = events.map { (CloudEvent($0), contents($0)) }
    var body: [UInt8] = []
    body.reserveCapacity(wrapped.reduce(2) { $0 + $1.0.headCapacity + $1.1.count + 2 })
    body.append(UInt8(ascii: "["))
    for (place, (head, content)) in wrapped.enumerated() {
      if place > 0 { body.append(UInt8(ascii: ",")) }
      head.append(content, to: &body)
    }
    body.append(UInt8(ascii: "]"))
    return body
  }

  private static func newestTime(of events: some Sequence<Event>) -> [UInt8]? {
    events.filter { $0.envelope.time != nil }.max { $0.isOlder(than: $1) }?.envelope.time
  }

  private static func append(
    list events: [Event], _ contents: (Event) -> [UInt8], to body: inout [UInt8]
  ) {
    body.append(UInt8(ascii: "["))
    for (place, event) in events.enumerated() {
      if place > 0 { body.append(UInt8(ascii: ",")) }
      body += contents(event)
    }
    body.append(UInt8(ascii: "]"))
  }
}
