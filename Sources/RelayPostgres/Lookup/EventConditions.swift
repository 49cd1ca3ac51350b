import RelayCore
import RelayStoring

/// What of a filter the numbers in rows tell, and which shelves know of. A pure value.
struct EventConditions: Equatable {
  /// Destinations whose shelves hold what is asked for.
  struct Listed: Equatable {
    var destinations: [Int32]
    /// Of `pending`, `dead` and `discarded`.
    var outcomes: Set<EventOutcome>

    /// Where those stand; also what replays have queued.
    var shelves: [Int16] {
      (outcomes.contains(.pending) ? [0, 1, 2, -4, -3, -2] : []) + (outcomes.contains(.dead) ? [4] : [])
        + (outcomes.contains(.discarded) ? [5] : [])
    }

    /// Each destination's.
    var places: [(destination: Int32, shelf: Int16)] {
      destinations.flatMap { destination in shelves.map { (destination, $0) } }
    }
  }

  /// nil: any.
  private(set) var sources: Set<Int32>?
  private(set) var routes: Set<Int64>?
  /// nil: shelves do not tell of all that is asked for.
  private(set) var listed: Listed?
  /// Nothing in the store can fit: there is no such name.
  private(set) var isImpossible = false

  /// - Parameter names: All that the store knows.
  init(_ filter: EventFilter, names: LookupNames) {
    sources = rows(filter.sources, names.sources)
    routes = rows(filter.routes, names.routes).map { Set($0.map(Int64.init)) }
    let destinations = rows(filter.destinations, names.destinations)
    let outcomes = Set(filter.outcomes)
    // What has a delivery somewhere is neither dropped nor unrouted.
    if !filter.destinations.isEmpty, !outcomes.isEmpty, outcomes.isSubset(of: [.dropped, .unrouted]) {
      isImpossible = true
    }
    guard !outcomes.isEmpty, outcomes.isSubset(of: [.pending, .dead, .discarded]) else { return }
    let rows = destinations.map { $0.sorted() } ?? names.destinations.all.map(\.row)
    listed = Listed(destinations: rows, outcomes: outcomes)
  }

  /// nil: not asked.
  private mutating func rows(_ patterns: [WildcardPattern], _ names: LookupNames.Kind) -> Set<Int32>? {
    guard !patterns.isEmpty else { return nil }
    let found = names.all.filter { name in patterns.contains { $0.matches(name.name) } }.map(\.row)
    if found.isEmpty { isImpossible = true }
    return Set(found)
  }
}
