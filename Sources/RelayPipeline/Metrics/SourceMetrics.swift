import RelayCore
import Synchronization

/// What is counted of one source. Held by whoever receives for it.
package final class SourceMetrics: Sendable {
  let envelopes = CounterSet<EnvelopeOutcome>()
  let unroutedEvents = Counter()
  let ingestSeconds = Histogram(.ingest)
  /// By the place of the type.
  private let events = (0...EventTypeTable.capacity).map { _ in Counter() }
  private let types: EventTypeTable
  /// In microseconds since 1970; 0: none that is known.
  private let lastAccepted = Atomic<Int64>(0)
  /// The same by the steady clock.
  private let lastHeard = Atomic<Int64>(0)
  private let lastHandshake = Atomic<Int64>(0)

  init(types: EventTypeTable) {
    self.types = types
  }

  package func envelope(_ outcome: EnvelopeOutcome) {
    envelopes.add(to: outcome)
  }

  /// An envelope that was received then has been accepted.
  package func accepted(at time: ClockReading) {
    lastAccepted.store(time.wall.microseconds, ordering: .relaxed)
    lastHeard.store(time.steady.microseconds, ordering: .relaxed)
  }

  /// An earlier run, or another relay, has accepted one that was received then: it counts if it is the later one.
  func acceptedElsewhere(at time: ClockReading) {
    guard time.steady.microseconds > lastHeard.load(ordering: .relaxed) else { return }
    accepted(at: time)
  }

  /// When the last accepted envelope was received, by the steady clock; nil: none that is known.
  var lastHeardAt: Timestamp? {
    let microseconds = lastHeard.load(ordering: .relaxed)
    return microseconds == 0 ? nil : Timestamp(microseconds: microseconds)
  }

  /// When the last accepted envelope was received, as the wall clock showed it; nil: none that is known.
  var lastAcceptedAt: Timestamp? {
    let microseconds = lastAccepted.load(ordering: .relaxed)
    return microseconds == 0 ? nil : Timestamp(microseconds: microseconds)
  }

  /// A handshake that came then was answered.
  package func handshake(at time: Timestamp) {
    lastHandshake.store(time.microseconds, ordering: .relaxed)
  }

  /// When the last handshake was answered; nil: none since the start.
  var lastHandshakeAt: Timestamp? {
    let microseconds = lastHandshake.load(ordering: .relaxed)
    return microseconds == 0 ? nil : Timestamp(microseconds: microseconds)
  }

  /// Requests since the start that were not taken.
  var refused: Int {
    EnvelopeOutcome.refusals.reduce(0) { $0 + envelopes.count(of: $1) }
  }

  /// The same by why, without those of which there were none.
  var refusals: [RefusalCount] {
    EnvelopeOutcome.refusals.map { RefusalCount(reason: $0, count: envelopes.count(of: $0)) }
      .filter { $0.count > 0 }
  }

  /// Where accepted events of a type are counted, as it came: the same for every source.
  func place(ofType type: String) -> Int { types.place(of: type) }

  /// Accepted events of the type that has this place.
  func events(at place: Int, _ count: Int = 1) { events[place].add(count) }

  /// Events that no route matched.
  package func unrouted(_ count: Int) {
    unroutedEvents.add(count)
  }

  /// How long it took from a request's last byte to its answer.
  package func ingest(_ duration: Duration) {
    ingestSeconds.observe(duration)
  }

  /// Accepted events of all types.
  var allEvents: Int { events.reduce(0) { $0 + $1.value } }

  /// The types that came here, with their counts.
  var eventCounts: [(type: String, count: Int)] {
    types.labels.map { ($0.label, events[$0.place].value) }.filter { $0.1 > 0 }
  }
}

/// What became of a posted envelope. The raw values are those of the metric's label.
package enum EnvelopeOutcome: String, Sendable, CaseIterable {
  case accepted, duplicate, handshake, invalid, unauthorized
  /// From an address that is not in the source's `allow`.
  case forbidden
  case rateLimited = "rate_limited"
  case tooLarge = "too_large"
  case unavailable

  package static let refusals = allCases.filter(\.isRefusal)

  /// The sender was told that it is not taken.
  var isRefusal: Bool {
    switch self {
    case .accepted, .duplicate, .handshake: false
    case .invalid, .unauthorized, .forbidden, .rateLimited, .tooLarge, .unavailable: true
    }
  }
}

/// How many requests of a source were refused for one reason.
package struct RefusalCount: Sendable, Equatable {
  package var reason: EnvelopeOutcome
  package var count: Int

  package init(reason: EnvelopeOutcome, count: Int) {
    self.reason = reason
    self.count = count
  }
}

/// What is counted of one route. Held by whoever routes.
package final class RouteMetrics: Sendable {
  private let matches = Counter()
  private let drops = Counter()

  /// It matched an event.
  package func match(isDrop: Bool) {
    matches.add()
    if isDrop { drops.add() }
  }

  /// Events that it matched since the start; and those of them that it dropped.
  package var matched: Int { matches.value }
  package var dropped: Int { drops.value }
}
