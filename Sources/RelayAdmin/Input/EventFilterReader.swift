import RelayCore
import RelayText

/// A filter of events, as an address, a body or a command says it.
///
/// A text may name several of a kind, with commas between them: any one of them. In a JSON list each item stands for
/// itself.
package enum EventFilterReader {
  /// `text` is one, commas and all.
  package static let names = [
    "ids", "type", "company", "channel", "chat", "source", "route", "destination", "outcome", "text", "since",
    "until",
  ]

  private static let single: Set = ["text", "since", "until"]

  /// Of an address.
  ///
  /// - Parameter texts: By name; others than `names` are no part of it.
  static func filter(_ texts: [String: String], now: Timestamp) throws(APIError) -> EventFilter {
    var lists: [String: [String]] = [:]
    for name in names {
      guard let text = texts[name] else { continue }
      lists[name] = try split(text, of: name)
    }
    return try filter(lists, now: now)
  }

  /// What is wrong with a command's conditions; nil: nothing.
  package static func problem(with items: [FilterItem], now: Timestamp) -> String? {
    do throws(APIError) {
      _ = try filter(Dictionary(items.map { ($0.name, $0.value) }) { $1 }, now: now)
      return nil
    } catch {
      return error.message
    }
  }

  /// Of a JSON object's members: a string, a number or a list of these each.
  static func filter(members: [String: JSONInput], now: Timestamp) throws(APIError) -> EventFilter {
    var lists: [String: [String]] = [:]
    for name in names {
      guard let value = members[name] else { continue }
      if case .array(let items) = value, !single.contains(name) {
        guard !items.isEmpty else { throw .invalidRequest("'\(name)' is an empty list; leave it out") }
        var texts: [String] = []
        for item in items { texts.append(try text(item, of: name)) }
        lists[name] = texts
      } else {
        lists[name] = try split(try text(value, of: name), of: name)
      }
    }
    return try filter(lists, now: now)
  }

  private static func split(_ text: String, of name: String) throws(APIError) -> [String] {
    let parts = single.contains(name) ? [text] : text.split(separator: ",").map(String.init)
    guard !parts.isEmpty, parts != [""] else {
      throw .invalidRequest("'\(name)' is empty; leave it out, or give it a value")
    }
    return parts
  }

  private static func text(_ json: JSONInput, of name: String) throws(APIError) -> String {
    switch json {
    case .string(let text): return text
    case .integer(let number): return String(number)
    case .null where name == "company" || name == "channel": return "null"
    case .null, .bool, .number, .array, .object:
      throw .invalidRequest("'\(name)' is not a string\(single.contains(name) ? "" : " or a list of them")")
    }
  }

  private static func filter(_ lists: [String: [String]], now: Timestamp) throws(APIError) -> EventFilter {
    func patterns(_ name: String, ignoringCase: Bool = false) -> [WildcardPattern] {
      (lists[name] ?? []).map { WildcardPattern($0, ignoringCase: ignoringCase) }
    }
    func scalars(_ name: String, ignoringCase: Bool = false) -> [ScalarPattern] {
      (lists[name] ?? []).map {
        $0 == "null" ? .null : .text(WildcardPattern($0, ignoringCase: ignoringCase))
      }
    }
    var filter = EventFilter(
      types: patterns("type", ignoringCase: true), companies: scalars("company"),
      channels: scalars("channel", ignoringCase: true), chats: lists["chat"] ?? [],
      sources: patterns("source"), routes: patterns("route"), destinations: patterns("destination"))
    filter.ids = try ids(lists["ids"] ?? [])
    filter.outcomes = try outcomes(lists["outcome"] ?? [])
    if let text = lists["text"]?.first { filter.text = try condition(text) }
    filter.since = try FilterReader.time("since", lists["since"]?.first, now: now)
    filter.until = try FilterReader.time("until", lists["until"]?.first, now: now)
    if let since = filter.since, let until = filter.until, since >= until {
      throw .invalidRequest("'since' (\(since)) is not before 'until' (\(until)): nothing lies between")
    }
    return filter
  }

  private static func ids(_ texts: [String]) throws(APIError) -> [EventID] {
    var ids: [EventID] = []
    for text in texts {
      guard let id = EventID(text) else {
        throw .invalidRequest("'\(text.prefix(100))' is not an event's id: evt_ and a UUID")
      }
      ids.append(id)
    }
    return ids
  }

  private static func outcomes(_ texts: [String]) throws(APIError) -> [EventOutcome] {
    var outcomes: [EventOutcome] = []
    for text in texts {
      guard let outcome = EventOutcome(rawValue: text) else {
        let known = EventOutcome.allCases.map(\.rawValue)
        throw .invalidRequest(
          "there is no outcome '\(text.prefix(100))'\(NearestName.hint(for: text, among: known))")
      }
      outcomes.append(outcome)
    }
    return outcomes
  }

  private static func condition(_ text: String) throws(APIError) -> BodyCondition {
    guard let condition = BodyCondition(text) else {
      throw .invalidRequest("'text' is empty; write what to look for, or PATH=VALUE")
    }
    return condition
  }
}
