import RelayCore
import RelayText

/// Which events are sent again, where, and how.
package struct ReplayPlan: Sendable, Equatable {
  package enum Target: Sendable, Equatable {
    /// To these.
    case named([String])
    /// Where the rules, as they are when its walk comes to an event, send it.
    case asRouted
  }

  /// Whom an event is sent to of its targets.
  package enum Choice: String, Sendable, Hashable, CaseIterable {
    /// Those where it has no delivery of any kind.
    case new
    /// Those that never got it, and will not by themselves: where it has none, or only discarded ones.
    case missing
    /// All.
    case again
  }

  package var events: EventFilter
  package var target: Target
  package var choice: Choice
  /// Of all deliveries together; nil: as fast as they go.
  package var rate: Rate?

  package init(events: EventFilter, target: Target, choice: Choice = .new, rate: Rate? = nil) {
    self.events = events
    self.target = target
    self.choice = choice
    self.rate = rate
  }

  /// Whether an event that stands so there is sent there.
  func sends(to destination: String, _ standings: [ReplayableEvent.Standing]) -> Bool {
    switch choice {
    case .again: true
    case .new: !standings.contains { $0.destination == destination }
    case .missing: !standings.contains { $0.destination == destination && $0.state.reachesByItself }
    }
  }
}

extension DeliveryFilter.State {
  /// It was delivered, or somebody still sees to it.
  fileprivate var reachesByItself: Bool {
    switch self {
    case .pending, .delivered, .dead: true
    case .discarded, .overflowed: false
    }
  }
}

// MARK: As text

/// A plan as the store keeps it: as the query of an address. It has the API's words.
extension ReplayPlan {
  package var text: String {
    var items = events.conditions { "\($0.microseconds)" }
    switch target {
    case .named(let names): items += names.map { (name: "to", value: $0) }
    case .asRouted: items.append(("as_routed", "true"))
    }
    if choice != .new { items.append((choice.rawValue, "true")) }
    if let rate { items.append(("rate", "\(rate.count)/\(rate.interval.microseconds)")) }
    return items.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
  }

  /// nil: an earlier or a later version has written it, and this one does not understand it.
  package init?(text: String) {
    var values: [String: [String]] = [:]
    for item in text.split(separator: "&") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      values[String(parts[0]).percentDecoded, default: []].append(String(parts[1]).percentDecoded)
    }
    let names = values.removeValue(forKey: "to")
    let isRouted = values.removeValue(forKey: "as_routed") != nil
    guard (names != nil) != isRouted else { return nil }
    target = names.map { .named($0) } ?? .asRouted
    choice = .new
    for one in [Choice.missing, .again] where values.removeValue(forKey: one.rawValue) != nil { choice = one }
    if let rate = values.removeValue(forKey: "rate")?.first {
      let numbers = rate.split(separator: "/").compactMap { Int64($0) }
      guard numbers.count == 2, numbers.allSatisfy({ $0 > 0 }) else { return nil }
      self.rate = Rate(count: Int(numbers[0]), per: .microseconds(numbers[1]))
    }
    guard let events = EventFilter(items: values) else { return nil }
    self.events = events
  }
}

extension EventFilter {
  /// By the API's names.
  ///
  /// - Parameter time: Writes a time.
  package func conditions(time: (Timestamp) -> String) -> [(name: String, value: String)] {
    var items: [(name: String, value: String)] = ids.map { (name: "ids", value: "\($0)") }
    items +=
      types.map { (name: "type", value: $0.source) } + companies.map { (name: "company", value: "\($0)") }
    items += channels.map { (name: "channel", value: "\($0)") } + chats.map { (name: "chat", value: $0) }
    items +=
      sources.map { (name: "source", value: $0.source) } + routes.map { (name: "route", value: $0.source) }
    items +=
      destinations.map { (name: "destination", value: $0.source) }
      + outcomes.map { (name: "outcome", value: $0.rawValue) }
    if let text { items.append(("text", "\(text)")) }
    if let since { items.append(("since", time(since))) }
    if let until { items.append(("until", time(until))) }
    return items
  }

  /// nil: there is a condition that this version does not know.
  fileprivate init?(items: [String: [String]]) {
    var rest = items
    func take(_ name: String) -> [String] { rest.removeValue(forKey: name) ?? [] }
    func patterns(_ name: String, ignoringCase: Bool = false) -> [WildcardPattern] {
      take(name).map { WildcardPattern($0, ignoringCase: ignoringCase) }
    }
    func scalars(_ name: String, ignoringCase: Bool = false) -> [ScalarPattern] {
      take(name).map { $0 == "null" ? .null : .text(WildcardPattern($0, ignoringCase: ignoringCase)) }
    }
    func time(_ name: String) -> Timestamp? {
      take(name).first.flatMap { Int64($0) }.map { Timestamp(microseconds: $0) }
    }
    let (idTexts, outcomeTexts) = (take("ids"), take("outcome"))
    self.init(
      ids: idTexts.compactMap { EventID($0) }, types: patterns("type", ignoringCase: true),
      companies: scalars("company"), channels: scalars("channel", ignoringCase: true), chats: take("chat"),
      sources: patterns("source"), routes: patterns("route"), destinations: patterns("destination"),
      outcomes: outcomeTexts.compactMap { EventOutcome(rawValue: $0) },
      text: take("text").first.flatMap { BodyCondition($0) }, since: time("since"), until: time("until"))
    guard rest.isEmpty, ids.count == idTexts.count, outcomes.count == outcomeTexts.count else { return nil }
  }
}
