/// How many deliveries, by destination and state.
package struct DeliveryCounts: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    package var destination: String
    package var state: DeliveryFilter.State
    package var count: Int

    package init(destination: String, state: DeliveryFilter.State, count: Int) {
      self.destination = destination
      self.state = state
      self.count = count
    }
  }

  private struct Key: Hashable {
    var destination: String
    var state: DeliveryFilter.State
  }

  private var counts: [Key: Int] = [:]

  /// Deliveries that fit, and are in none of the others: what their events said was erased, so there is nothing to be sent.
  package var erased = 0

  package init() {}

  package mutating func add(_ count: Int = 1, of destination: String, _ state: DeliveryFilter.State) {
    counts[Key(destination: destination, state: state), default: 0] += count
  }

  package mutating func add(_ other: DeliveryCounts) {
    counts.merge(other.counts, uniquingKeysWith: +)
    erased += other.erased
  }

  package var total: Int { counts.values.reduce(0, +) }

  /// By the destinations' names, then in the order of the states.
  package var entries: [Entry] {
    let states = DeliveryFilter.State.allCases
    return counts.map { Entry(destination: $0.key.destination, state: $0.key.state, count: $0.value) }
      .sorted {
        ($0.destination, states.firstIndex(of: $0.state)!) < (
          $1.destination, states.firstIndex(of: $1.state)!
        )
      }
  }
}
