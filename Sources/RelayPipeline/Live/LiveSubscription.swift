import RelayCore

/// What a reader of the stream wants.
package struct LiveSubscription: Sendable, Equatable {
  /// Of what becomes of a delivery the routes are not known: with `routes` only what comes in is told. `since` begins with what
  /// the store has; `until` means nothing here.
  package var filter: EventFilter
  package var kinds: Set<LiveKind>
  /// With the events' bodies, and their envelopes' times.
  package var withBodies: Bool
  /// Where it goes on; nil: with what happens from now on.
  package var after: LiveID?

  package init(
    filter: EventFilter = EventFilter(), kinds: Set<LiveKind> = Set(LiveKind.allCases),
    withBodies: Bool = false, after: LiveID? = nil
  ) {
    self.filter = filter
    self.kinds = kinds
    self.withBodies = withBodies
    self.after = after
  }

  /// Bodies are looked at, or sent.
  var needsBodies: Bool { withBodies || filter.text != nil }

  /// Every message is wanted.
  var isUnfiltered: Bool {
    var filter = filter
    filter.since = nil
    return filter.isEmpty && kinds.count == LiveKind.allCases.count
  }
}

/// Says of messages whether a reader wants them. It keeps memory to work in.
struct LiveFilter {
  private let subscription: LiveSubscription
  private var matcher: EventMatcher
  /// The filter asks of events, so that what is about many deliveries is no answer.
  private let asksOfEvents: Bool

  init(_ subscription: LiveSubscription) {
    self.subscription = subscription
    var filter = subscription.filter
    (filter.since, filter.until) = (nil, nil)
    matcher = EventMatcher(filter)
    (filter.destinations, filter.outcomes) = ([], [])
    asksOfEvents = !filter.isEmpty
  }

  mutating func holds(_ message: LiveMessage) -> Bool {
    guard subscription.kinds.contains(message.kind), holdsOutcome(message) else { return false }
    guard let event = message.event, let source = message.source, let type = message.type else {
      return !asksOfEvents
    }
    let traits = EventMatcher.Traits(
      id: event, type: type, company: message.company, channel: message.channel, chat: message.chat,
      source: source, receivedAt: .epoch)
    guard matcher.holds(traits) else { return false }
    if !subscription.filter.routes.isEmpty, !matcher.holds(routes: message.routes) { return false }
    guard subscription.filter.text != nil else { return true }
    return message.body.map { matcher.holds(body: $0) } ?? false
  }

  private func holdsOutcome(_ message: LiveMessage) -> Bool {
    let filter = subscription.filter
    guard filter.outcomes.isEmpty || filter.outcomes.contains(message.outcome) else { return false }
    return filter.destinations.isEmpty
      || message.destinations.contains { name in filter.destinations.contains { $0.matches(name) } }
  }
}
