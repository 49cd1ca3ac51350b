/// How many deliveries, by destination and state.
public struct DeliveryCounts: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public var destination: String
    public var state: DeliveryFilter.State
    public var count: Int

    public init(destination: String, state: DeliveryFilter.State, count: Int) {
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

  public init() {}

  public mutating func add(_ count: Int = 1, of destination: String, _ state: DeliveryFilter.State) {
    counts[Key(destination: destination, state: state), default: 0] += count
  }

  public mutating func add(_ other: DeliveryCounts) {
    counts.merge(other.counts, uniquingKeysWith: +)
  }

  public var total: Int { counts.values.reduce(0, +) }

  /// By the destinations' names, then in the order of the states.
  public var entries: [Entry] {
    let states = DeliveryFilter.State.allCases
    return counts.map { Entry(destination: $0.key.destination, state: $0.key.state, count: $0.value) }
      .sorted {
        ($0.destination, states.firstIndex(of: $0.state)!) < (
          $1.destination, states.firstIndex(of: $1.state)!
        )
      }
  }
}
