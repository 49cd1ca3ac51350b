import RelayCore
import RelayPipeline

/// Which deliveries a change is about, as the body says it.
struct ChangeRequest: Equatable {
  enum Selection: Equatable {
    /// Each once, in the order given.
    case ids([DeliveryID], events: [EventID])
    /// One for each state.
    case filters([DeliveryFilter])
  }

  var selection: Selection
  /// Nothing is to be changed, but counted.
  var isDryRun: Bool
  /// How many deliveries it is to be; nil: whatever there is.
  var expected: Int?

  /// - Throws: what is wrong with the body, and what would be right.
  init(_ input: SelectionInput, for verb: ChangeVerb, now: Timestamp) throws(APIError) {
    isDryRun = input.dryRun ?? false
    expected = input.expected
    let isAll = input.all ?? false
    let isFiltered = input.isFiltered
    guard isAll || isFiltered || input.ids != nil || input.state != nil else {
      throw .invalidRequest(
        #"say which deliveries: {"ids":[1,2]}, a filter such as {"destination":"crm"}, or {"all":true}"#)
    }
    if let ids = input.ids {
      guard !isAll, !isFiltered, input.state == nil else {
        throw .invalidRequest("'ids', 'all' and a filter exclude each other; send one of them")
      }
      selection = try Self.selection(ids)
      return
    }
    let states = try Self.states(input.state, for: verb)
    guard !isAll || !isFiltered else {
      throw .invalidRequest("'all' and a filter exclude each other; only 'state' may stand beside 'all'")
    }
    let filter = try input.conditions(now: now)
    guard filter.deathReasons.isEmpty || states == [.dead] else {
      throw .invalidRequest("'death_reason' is of dead deliveries: leave 'state' out")
    }
    selection = .filters(
      states.map { state in
        var filter = filter
        filter.state = state
        return filter
      })
  }

  /// Dead ones, unless more is said.
  private static func states(
    _ input: OneOrMany<DeliveryFilter.State>?, for verb: ChangeVerb
  ) throws(APIError) -> [DeliveryFilter.State] {
    guard let input else { return [.dead] }
    var states: [DeliveryFilter.State] = []
    for state in input.all {
      guard verb.states.contains(state) else {
        let possible = verb.states.map(\.rawValue).joined(separator: ", ")
        let done =
          switch verb {
          case .retry: "retried"
          case .discard: "discarded"
          }
        throw .invalidRequest("\(state.rawValue) deliveries can't be \(done), only these: \(possible)")
      }
      if !states.contains(state) { states.append(state) }
    }
    guard !states.isEmpty else {
      throw .invalidRequest("'state' is an empty list; leave it out, or name one")
    }
    // They are among the discarded ones.
    if states.contains(.discarded) { states.removeAll { $0 == .overflowed } }
    return states
  }

  private static func selection(_ items: [SelectedID]) throws(APIError) -> Selection {
    guard !items.isEmpty else {
      throw .invalidRequest("'ids' is an empty array; name a delivery or an event")
    }
    var seen: Set<DeliveryID> = []
    var ids: [DeliveryID] = []
    var events: [EventID] = []
    for item in items {
      switch item {
      case .event(let event): if !events.contains(event) { events.append(event) }
      case .delivery(let id): if seen.insert(id).inserted { ids.append(id) }
      }
    }
    return .ids(ids, events: events)
  }
}
