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
  /// What is wrong with one of its CloudEvents; nil: nothing, or it holds none.
  package var flaw: String?

  /// - Parameters:
  ///   - ids: The header's value: ids, joined by commas.
  ///   - body: An envelope, a JSON array of events, or one of CloudEvents.
  ///   - type: Of all the events, where the request says it.
  ///   - isOfCloudEvents: By its content type.
  init(ids: String, body: [UInt8], type: String?, isOfCloudEvents: Bool = false) {
    self.ids = ids.split(separator: ",").map { $0.trimmingBlanks }
    if isOfCloudEvents {
      let readings = CloudEventReader.events(in: body)
      events = readings.map(\.event)
      flaw = Self.flaw(of: readings, ids: self.ids)
      return
    }
    let isList = body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "[")
    events = isList ? ChatReader.events(among: body, type: type) : ChatReader.events(in: body)
    for (place, id) in zip(events.indices, self.ids) { events[place].id = id }
    // The reader takes an unknown type for an empty one.
    for place in events.indices where events[place].type?.isEmpty == true { events[place].type = nil }
  }

  /// Of the first that has one.
  private static func flaw(of readings: [CloudEventReader.Reading], ids: [String]) -> String? {
    for (place, reading) in readings.enumerated() {
      // That there are too few ids is told of the batch.
      let id = ids.indices.contains(place) ? ids[place] : reading.event.id
      if let flaw = reading.flaw ?? reading.idFlaw(id) { return "of event \(place + 1): \(flaw)" }
    }
    return nil
  }

  /// How many events it holds; and what is wrong with its ids.
  var summary: String {
    let held = events.count.counted("event", "events")
    let fault =
      ids.count == events.count ? flaw : "\(ids.count.counted("id", "ids")) in \(Self.header)"
    return fault.map { "\(held), BUT \($0)" } ?? held
  }
}

extension Substring {
  fileprivate var trimmingBlanks: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
