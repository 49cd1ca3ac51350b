/// Which events. Each condition that is given must hold; of a list, one item.
///
/// Patterns are those of routes: `*` and `?` are wildcards.
package struct EventFilter: Sendable, Hashable {
  package var ids: [EventID]
  /// Without case.
  package var types: [WildcardPattern]
  /// `.null` is met by an event without a company, as in routes.
  package var companies: [ScalarPattern]
  /// Without case. `.null` is met by an event without a channel.
  package var channels: [ScalarPattern]
  /// The conversation, exactly: `chat.id` as text.
  package var chats: [String]
  package var sources: [WildcardPattern]
  /// A route that matched the event.
  package var routes: [WildcardPattern]
  /// The event has a delivery there.
  package var destinations: [WildcardPattern]
  /// What became of the event: of its deliveries to `destinations`, where these are given.
  package var outcomes: [EventOutcome]
  /// What its body holds.
  package var text: BodyCondition?
  /// Received at or after this, by the wall clock.
  package var since: Timestamp?
  /// Received before this.
  package var until: Timestamp?

  package init(
    ids: [EventID] = [], types: [WildcardPattern] = [], companies: [ScalarPattern] = [],
    channels: [ScalarPattern] = [], chats: [String] = [], sources: [WildcardPattern] = [],
    routes: [WildcardPattern] = [], destinations: [WildcardPattern] = [], outcomes: [EventOutcome] = [],
    text: BodyCondition? = nil, since: Timestamp? = nil, until: Timestamp? = nil
  ) {
    self.ids = ids
    self.types = types
    self.companies = companies
    self.channels = channels
    self.chats = chats
    self.sources = sources
    self.routes = routes
    self.destinations = destinations
    self.outcomes = outcomes
    self.text = text
    self.since = since
    self.until = until
  }

  /// Nothing is asked: every event fits.
  package var isEmpty: Bool { self == EventFilter() }

  /// Something is asked of its deliveries, or of there being none.
  package var asksOfDeliveries: Bool { !destinations.isEmpty || !outcomes.isEmpty }
}

/// What has become of an event. It may be several at once: delivered here, dead there.
package enum EventOutcome: String, Sendable, Hashable, CaseIterable {
  /// A delivery of it was delivered.
  case delivered
  /// A delivery of it has not been settled yet.
  case pending
  /// A delivery of it is among the dead letters.
  case dead
  /// A delivery of it was given up: by a person, or since its destination was over its `max_backlog`.
  case discarded
  /// It has no delivery, since a route dropped it.
  case dropped
  /// It has no delivery, and no route dropped it.
  case unrouted

  package init(_ state: DeliveryState) {
    self =
      switch state {
      case .fresh, .retrying, .waiting: .pending
      case .delivered: .delivered
      case .dead: .dead
      case .discarded: .discarded
      }
  }

  /// Of an event that has no delivery.
  package init(ofUndelivered isDropped: Bool) {
    self = isDropped ? .dropped : .unrouted
  }
}

/// What an event's body must hold.
package enum BodyCondition: Sendable, Hashable {
  /// Somewhere in a value that is a string or a number, by its decoded text; without case, as `contains` of routes. Keys do
  /// not count.
  case contains(String)
  /// The value at this place, by the rules of `where`.
  case field(FieldPath, ScalarPattern)

  /// `customer.mobile=5575…` is a path and its value (which may hold wildcards; `null`: null or absent); anything else is
  /// what is looked for. After a `=` in front all is, whatever it holds.
  ///
  /// - Returns: nil: nothing is said.
  package init?(_ text: String) {
    guard let sign = text.firstIndex(of: "=") else {
      guard !text.isEmpty else { return nil }
      self = .contains(text)
      return
    }
    let value = text[text.index(after: sign)...]
    guard !value.isEmpty else {
      guard sign != text.startIndex else { return nil }
      self = .contains(text)
      return
    }
    if sign == text.startIndex {
      self = .contains(String(value))
    } else if Self.looksLikePath(text[..<sign]), let path = FieldPath(String(text[..<sign])) {
      self = .field(path, value == "null" ? .null : .text(WildcardPattern(String(value))))
    } else {
      self = .contains(text)
    }
  }

  /// Keys are words; one that is none is quoted.
  private static func looksLikePath(_ text: Substring) -> Bool {
    var isQuoted = false
    return text.unicodeScalars.allSatisfy { scalar in
      if scalar == "\"" { isQuoted.toggle() }
      return isQuoted || scalar == "\"" || scalar == "." || scalar == "_" || scalar == "-"
        || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
    }
  }
}

extension BodyCondition: CustomStringConvertible {
  /// As `init(_:)` reads it.
  package var description: String {
    switch self {
    case .contains(let text) where BodyCondition(text) == self: text
    case .contains(let text): "=\(text)"
    case .field(let path, let value): "\(path)=\(value)"
    }
  }
}
