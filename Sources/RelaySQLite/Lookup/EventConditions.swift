import RelayCore
import RelayStoring
import RelayText

/// What of a filter runs know: every condition must hold, and of each one of its alternatives.
struct EventConditions {
  enum Alternative: Equatable {
    case term(UInt64)
    /// Any value of the kind that it matches.
    case pattern(WildcardPattern)
  }

  struct Condition: Equatable {
    var kind: EventTerm.Kind
    var alternatives: [Alternative]
    /// What an event has may become more, after its run was made.
    var grows: Bool { kind == .route || kind == .destination }
  }

  /// What the indexes of deliveries know of the outcomes that are asked for.
  struct Listed: Equatable {
    var destinations: [DestinationRowID]
    /// Of `pending`, `dead` and `discarded`.
    var outcomes: Set<EventOutcome>
    /// Whoever has one of these there does not fit, and all others may. Only of one destination: no event comes with two
    /// deliveries to the same.
    var isExcluded = false
  }

  private(set) var conditions: [Condition] = []
  /// nil: they know nothing of what is asked.
  private(set) var listed: Listed?
  /// Those to which a replay may have sent what fits; nil: it does not matter.
  private(set) var destinations: Set<DestinationRowID>?
  /// Nothing in the store can fit: there is no such name.
  private(set) var isImpossible = false

  /// - Parameter names: All that the store knows.
  init(_ filter: EventFilter, names: EventNames.All) {
    add(.chat, filter.chats.map { .term(EventTerm.of(.chat, $0)) })
    add(.type, filter.types.map { Self.alternative(.type, $0) })
    add(.company, filter.companies.map { Self.alternative(.company, $0) })
    add(.channel, filter.channels.map { Self.alternative(.channel, $0) })
    add(.source, rows(filter.sources, among: names.sources.map { ($0.rawValue, $1) }))
    add(.route, rows(filter.routes, among: names.routes.map { ($0.rawValue, $1) }))
    let destinations = rows(filter.destinations, among: names.destinations.map { ($0.rawValue, $1) })
    add(.destination, destinations)
    addOutcomes(filter, names)
  }

  private mutating func add(_ kind: EventTerm.Kind, _ alternatives: [Alternative]) {
    guard !alternatives.isEmpty else { return }
    conditions.append(Condition(kind: kind, alternatives: alternatives))
  }

  private mutating func add(_ kind: EventTerm.Kind, _ rows: [Int64]?) {
    guard let rows else { return }
    if rows.isEmpty { isImpossible = true }
    conditions.append(Condition(kind: kind, alternatives: rows.map { .term(EventTerm.of(kind, row: $0)) }))
  }

  /// nil: not asked.
  private func rows(_ patterns: [WildcardPattern], among names: [(Int64, String)]) -> [Int64]? {
    guard !patterns.isEmpty else { return nil }
    return names.filter { name in patterns.contains { $0.matches(name.1) } }.map(\.0)
  }

  private mutating func addOutcomes(_ filter: EventFilter, _ names: EventNames.All) {
    guard filter.asksOfDeliveries else { return }
    var outcomes = Set(filter.outcomes)
    if !outcomes.isEmpty && outcomes.isSubset(of: [.dropped, .unrouted]) {
      if !filter.destinations.isEmpty { isImpossible = true }
      return add(.fate, outcomes.map { .term(EventTerm.undelivered(isDropped: $0 == .dropped)) })
    }
    let rows = names.destinations.filter { name in
      filter.destinations.isEmpty || filter.destinations.contains { $0.matches(name.1) }
    }.map(\.0)
    if !filter.destinations.isEmpty { destinations = Set(rows) }
    guard !outcomes.isEmpty else { return }
    // What has a delivery somewhere is neither.
    if !filter.destinations.isEmpty { outcomes.subtract([.dropped, .unrouted]) }
    let others = Self.listedOutcomes.subtracting(outcomes)
    if outcomes.isSubset(of: Self.listedOutcomes) {
      listed = Listed(destinations: rows, outcomes: outcomes)
      destinations = Set(rows)
    } else if !filter.destinations.isEmpty, rows.count == 1, !others.isEmpty {
      listed = Listed(destinations: rows, outcomes: others, isExcluded: true)
    }
  }

  private static let listedOutcomes: Set<EventOutcome> = [.pending, .dead, .discarded]

  private static func alternative(_ kind: EventTerm.Kind, _ pattern: WildcardPattern) -> Alternative {
    pattern.literal.map { .term(EventTerm.of(kind, $0)) } ?? .pattern(pattern)
  }

  private static func alternative(_ kind: EventTerm.Kind, _ pattern: ScalarPattern) -> Alternative {
    switch pattern {
    case .null: .term(EventTerm.absent(kind))
    case .text(let pattern): alternative(kind, pattern)
    }
  }
}
