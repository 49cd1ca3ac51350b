/// An envelope that is to be stored: its events, each with the deliveries that routing gave it.
package struct NewEnvelope: Sendable {
  package struct NewEvent: Sendable {
    package var event: Event
    /// The names of the routes that matched, in their order.
    package var routes: [String]
    /// Whether the last of them dropped it.
    package var isDropped: Bool
    package var deliveries: [NewDelivery]

    package init(event: Event, routes: [String], isDropped: Bool, deliveries: [NewDelivery]) {
      self.event = event
      self.routes = routes
      self.isDropped = isDropped
      self.deliveries = deliveries
    }
  }

  package struct NewDelivery: Sendable, Equatable {
    package var destination: String
    /// The first route that sent the event there.
    package var route: String

    package init(destination: String, route: String) {
      self.destination = destination
      self.route = route
    }
  }

  /// How a redelivery is recognized.
  package struct Fingerprint: Sendable, Equatable {
    /// SHA-256 of the body as it came: 32 bytes.
    package var hash: [UInt8]
    /// Only an envelope of the same source received later than this counts as the same.
    package var since: Timestamp
    /// And only while the wall clock says so, too: a window that is too long would swallow an event, and one that is too
    /// short only repeats it. nil: whatever that says.
    package var wallSince: Timestamp?

    package init(hash: [UInt8], since: Timestamp, wallSince: Timestamp? = nil) {
      self.hash = hash
      self.since = since
      self.wallSince = wallSince
    }
  }

  package var context: EnvelopeContext
  /// The hash of the configuration that routed it.
  package var configuration: String
  /// The id of the first accepted event; the others' count up from it.
  package var firstEventID: EventID
  /// Accepted events, also those that are not to be stored.
  package var acceptedCount: Int
  /// nil: never a duplicate.
  package var fingerprint: Fingerprint?
  /// The events to be stored, in document order.
  package var events: [NewEvent]

  /// The event's place among the accepted ones.
  package func place(of event: Event) -> Int { event.id.distance(from: firstEventID) }

  package init(
    context: EnvelopeContext, configuration: String, firstEventID: EventID, acceptedCount: Int,
    fingerprint: Fingerprint?, events: [NewEvent]
  ) {
    self.context = context
    self.configuration = configuration
    self.firstEventID = firstEventID
    self.acceptedCount = acceptedCount
    self.fingerprint = fingerprint
    self.events = events
  }
}

package enum AppendOutcome: Sendable {
  /// On disk. The deliveries that may be attempted are claimed for the caller, in the order of the envelope: not
  /// those that wait for their order key, that are held, or that went over their destination's `max_backlog`; nor
  /// those that arrive after fresh ones of their destination were given back, until a claim of fresh ones is exhausted.
  case stored([Delivery])
  /// The same bytes were stored before: their first event's id, and how many were accepted.
  ///
  /// An event of it that never had a delivery goes where the envelope that came again says, under its own id: that is
  /// on disk, and `rerouted` says which.
  case duplicate(firstEventID: EventID, acceptedCount: Int, rerouted: Rerouted = Rerouted())

  /// The deliveries that are claimed for the caller.
  package var claimed: [Delivery] {
    switch self {
    case .stored(let deliveries): deliveries
    case .duplicate(_, _, let rerouted): rerouted.deliveries
    }
  }

  /// Events that went nowhere when they came first.
  package struct Rerouted: Sendable {
    /// Their places among the envelope's accepted events, rising.
    package var places: [Int]
    /// As `stored` has them.
    package var deliveries: [Delivery]

    package init(places: [Int] = [], deliveries: [Delivery] = []) {
      self.places = places
      self.deliveries = deliveries
    }
  }
}
