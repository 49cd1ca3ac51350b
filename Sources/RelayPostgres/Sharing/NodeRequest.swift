import RelayCore
import RelayText

/// What a person has asked for at one node, and another one does: the one that serves the destination, or walks along the replay. A pure value.
enum NodeRequest: Sendable, Equatable {
  /// The raw values are those of the store.
  enum Kind: Int16 {
    case change = 0
    case pause = 1
    case endRetryAfter = 2
    case endReplay = 3
  }

  /// `DeliveryChange` without its time: that is the time of the node that makes it.
  enum Change: String, CaseIterable {
    case retry, discard
    case cancelForErasure = "erase"
  }

  case change(Change, DeliverySelection)
  /// - Parameter until: By the wall clock; nil: no longer.
  case pause(until: Timestamp?)
  case endRetryAfter
  case endReplay(as: ReplayEnd)

  var kind: Kind {
    switch self {
    case .change: .change
    case .pause: .pause
    case .endRetryAfter: .endRetryAfter
    case .endReplay: .endReplay
    }
  }
}

extension NodeRequest.Change {
  init(_ change: DeliveryChange) {
    switch change {
    case .retry: self = .retry
    case .discard: self = .discard
    case .cancelForErasure: self = .cancelForErasure
    }
  }

  func change(at now: Timestamp) -> DeliveryChange {
    switch self {
    case .retry: .retry(at: now)
    case .discard: .discard
    case .cancelForErasure: .cancelForErasure
    }
  }
}

// MARK: As text

/// As the query of an address: `do=retry&of=filter&state=dead`.
extension NodeRequest {
  var text: String {
    switch self {
    case .change(let change, let selection):
      QueryText.written([("do", change.rawValue)] + Self.items(of: selection))
    case .pause(let until): QueryText.written(until.map { [("until", "\($0.microseconds)")] } ?? [])
    case .endRetryAfter, .endReplay(as: .cancelled): ""
    case .endReplay(as: .failed(let why)): QueryText.written([("failed", why)])
    }
  }

  /// nil: another version has written it, and this one does not understand it.
  init?(kind: Int16, text: String) {
    guard let kind = Kind(rawValue: kind), var items = QueryText.read(text) else { return nil }
    switch kind {
    case .change:
      guard let change = items.take("do").flatMap(Change.init(rawValue:)),
        let selection = Self.selection(&items)
      else { return nil }
      self = .change(change, selection)
    case .pause:
      let text = items.take("until")
      let until = text.flatMap { Int64($0) }
      guard (text == nil) == (until == nil) else { return nil }
      self = .pause(until: until.map { Timestamp(microseconds: $0) })
    case .endRetryAfter: self = .endRetryAfter
    case .endReplay: self = .endReplay(as: items.take("failed").map { .failed($0) } ?? .cancelled)
    }
    guard items.isEmpty else { return nil }
  }

  // MARK: Which deliveries

  private static func items(of selection: DeliverySelection) -> [(name: String, value: String)] {
    switch selection {
    case .ids(let ids):
      return [("of", "ids"), ("ids", ids.map { "\($0.rawValue)" }.joined(separator: "."))]
    case .replay(let replay): return [("of", "replay"), ("replay", "\(replay)")]
    case .filter(let filter):
      var items: [(name: String, value: String)] = [("of", "filter")]
      if let state = filter.state { items.append(("state", state.rawValue)) }
      if let destination = filter.destination { items.append(("destination", destination)) }
      if let type = filter.type { items.append(("type", type)) }
      if let since = filter.since { items.append(("since", "\(since.microseconds)")) }
      if let until = filter.until { items.append(("until", "\(until.microseconds)")) }
      items += filter.deathReasons.map { (name: "reason", value: "\($0.rawValue)") }
      items += filter.statuses.map { (name: "status", value: "\($0)") }
      return items
    }
  }

  private static func selection(_ items: inout QueryText.Items) -> DeliverySelection? {
    switch items.take("of") {
    case "ids":
      guard let text = items.take("ids") else { return nil }
      let ids = text.split(separator: ".").map { Int64($0) }
      return ids.contains(nil) ? nil : .ids(ids.map { DeliveryID(rawValue: $0!) })
    case "replay": return items.take("replay").flatMap { Int($0) }.map { .replay($0) }
    case "filter": return filter(&items).map { .filter($0) }
    default: return nil
    }
  }

  private static func filter(_ items: inout QueryText.Items) -> DeliveryFilter? {
    var isUnderstood = true
    func read<Value>(_ text: String?, _ value: (String) -> Value?) -> Value? {
      guard let text else { return nil }
      let found = value(text)
      if found == nil { isUnderstood = false }
      return found
    }
    func time(_ text: String) -> Timestamp? { Int64(text).map { Timestamp(microseconds: $0) } }
    var filter = DeliveryFilter(destination: items.take("destination"), type: items.take("type"))
    filter.state = read(items.take("state")) { DeliveryFilter.State(rawValue: $0) }
    filter.since = read(items.take("since"), time)
    filter.until = read(items.take("until"), time)
    filter.deathReasons = items.takeAll("reason").compactMap { text in
      read(text) { Int($0).flatMap { DeathReason(rawValue: $0) } }
    }
    filter.statuses = items.takeAll("status").compactMap { text in read(text) { StatusTest($0) } }
    return isUnderstood ? filter : nil
  }
}
