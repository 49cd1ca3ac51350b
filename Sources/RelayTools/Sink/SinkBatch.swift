import RelayText

/// What a request holds whose destination takes several events in one (`batch`): the events of its body, and the ids that
/// `huggy-relay-events` gives them. There may be one.
package struct SinkBatch: Sendable, Equatable {
  package struct Event: Sendable, Equatable {
    /// nil: an event of a list, which does not say it, while the events of the list are of several.
    package var type: String?
    package var company: String?
    package var chat: String?
    /// nil: there are fewer ids than events.
    package var id: String?
  }

  /// In lower case.
  static let header = "huggy-relay-events"

  /// In the order in which they stand in the body: of an envelope, the lists one after the other.
  package var events: [Event]
  /// As the header has them.
  package var ids: [String]

  /// - Parameters:
  ///   - ids: The header's value: ids, joined by commas.
  ///   - body: An envelope, or a JSON array of events.
  ///   - type: Of all the events, where the request says it.
  init(ids: String, body: [UInt8], type: String?) {
    self.ids = ids.split(separator: ",").map { $0.trimmingBlanks }
    let isList = body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "[")
    events = isList ? ChatReader.events(among: body, type: type) : ChatReader.events(in: body)
    for (place, id) in zip(events.indices, self.ids) { events[place].id = id }
    // The reader takes an unknown type for an empty one.
    for place in events.indices where events[place].type?.isEmpty == true { events[place].type = nil }
  }

  /// How many events it holds; and what is wrong with its ids.
  var summary: String {
    let held = events.count.counted("event", "events")
    return ids.count == events.count
      ? held : "\(held), BUT \(ids.count.counted("id", "ids")) in \(Self.header)"
  }
}

extension Substring {
  fileprivate var trimmingBlanks: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
