import RelayCore

/// Which events new rules are tried on, and how far one answer goes.
package struct BacktestRequest: Sendable, Equatable {
  /// The new configuration's text; nil: the relay's own file, as a reload would take it.
  package var configuration: String?
  package var filter: EventFilter
  /// The last answer's `next`.
  package var after: EventCursor?
  /// So many events are looked at, and then some of the last page.
  package var maxEvents: Int
  /// So many examples are given, for each destination and each direction.
  package var examples: Int

  package init(
    configuration: String? = nil, filter: EventFilter = EventFilter(), after: EventCursor? = nil,
    maxEvents: Int = 20_000, examples: Int = 3
  ) {
    self.configuration = configuration
    self.filter = filter
    self.after = after
    self.maxEvents = maxEvents
    self.examples = examples
  }
}

/// What new rules would make of stored events, compared with the running ones: of some of them, or of all.
package struct BacktestReport: Sendable, Equatable {
  /// Of the new configuration, and of the running one.
  package var hash: String
  package var runningHash: String
  package var warnings: [String] = []
  package var counts = BacktestCounts()
  /// First those of the running configuration, then those that only the new one has.
  package var destinations: [DestinationChanges] = []
  package var examples: [RoutingChange] = []
  /// Where the next answer goes on; nil: all have been looked at.
  package var next: EventCursor?
  /// All events that were received after this have been looked at.
  package var reached: Timestamp?

  package init(hash: String, runningHash: String) {
    self.hash = hash
    self.runningHash = runningHash
  }
}

package struct BacktestCounts: Sendable, Equatable {
  /// All that were looked at.
  package var events = 0
  /// Those that go to the same destinations as now.
  package var unchanged = 0
  /// Those that go somewhere now, and would be dropped.
  package var newlyDropped = 0
  /// Those that go somewhere now, and would be met by no route.
  package var newlyUnrouted = 0
  /// Those that go nowhere now, and would go somewhere.
  package var newlyRouted = 0
  /// Those that the running rules, too, would route otherwise than they were routed: the rules have changed since.
  package var otherwiseRouted = 0
  /// Those whose bodies are gone: nothing can be said of them.
  package var withoutBody = 0

  package init() {}
}

/// How many events a destination gets.
package struct DestinationChanges: Sendable, Equatable {
  package var name: String
  /// Were routed there when they came.
  package var sent = 0
  /// Go there by the running rules.
  package var running = 0
  /// Would go there by the new ones.
  package var new = 0
  package var gained = 0
  package var lost = 0

  package init(name: String) {
    self.name = name
  }
}

/// An event that a destination would get and does not get now, or the other way round.
package struct RoutingChange: Sendable, Equatable {
  package enum Kind: String, Sendable, Hashable, CaseIterable { case gained, lost }

  package var kind: Kind
  package var destination: String
  package var event: EventID
  package var type: String
  package var receivedAt: Timestamp
  package var company: String?
  /// The route that would send it there, or does now.
  package var route: String
  /// What decided, in words: a condition that failed and the value that it saw, or what has become of the route.
  package var because: String

  package init(
    kind: Kind, destination: String, event: EventID, type: String, receivedAt: Timestamp,
    company: String? = nil, route: String, because: String
  ) {
    self.kind = kind
    self.destination = destination
    self.event = event
    self.type = type
    self.receivedAt = receivedAt
    self.company = company
    self.route = route
    self.because = because
  }
}
