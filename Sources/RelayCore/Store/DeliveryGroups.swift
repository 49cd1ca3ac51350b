/// How many deliveries there are of each kind: those with the same destination, type, state, reason and last answer are one group.
package struct DeliveryGroups: Sendable, Equatable {
  package struct Kind: Hashable, Sendable {
    package var destination: String
    package var type: String
    package var state: DeliveryFilter.State
    /// Why it is dead or was discarded; nil: it is neither.
    package var reason: String?
    /// Never a class.
    package var status: StatusTest

    package init(
      destination: String, type: String, state: DeliveryFilter.State, reason: String?, status: StatusTest
    ) {
      self.destination = destination
      self.type = type
      self.state = state
      self.reason = reason
      self.status = status
    }
  }

  package struct Group: Sendable, Equatable {
    package var kind: Kind
    package var count: Int
    /// When the events were received, by the wall clock: the first of them, and the last.
    package var first: Timestamp
    package var last: Timestamp
    /// Why the last attempt of the last of them had no answer.
    package var lastError: String?
  }

  private var groups: [Kind: Group] = [:]

  package init() {}

  package var count: Int { groups.count }

  package mutating func add(_ kind: Kind, receivedAt: Timestamp, error: String?) {
    add(Group(kind: kind, count: 1, first: receivedAt, last: receivedAt, lastError: error))
  }

  package mutating func add(_ other: DeliveryGroups) {
    for group in other.groups.values { add(group) }
  }

  private mutating func add(_ group: Group) {
    guard var all = groups[group.kind] else {
      groups[group.kind] = group
      return
    }
    all.count += group.count
    all.first = min(all.first, group.first)
    if group.last > all.last { (all.last, all.lastError) = (group.last, group.lastError) }
    groups[group.kind] = all
  }

  /// The largest first, then by their names.
  package var all: [Group] {
    groups.values.sorted { a, b in
      guard a.count == b.count else { return a.count > b.count }
      return a.kind.sortingNames.lexicographicallyPrecedes(b.kind.sortingNames)
    }
  }
}

extension DeliveryGroups.Kind {
  fileprivate var sortingNames: [String] {
    [destination, type, state.rawValue, reason ?? "", status.description]
  }
}

/// Some of what a filter holds.
package struct DeliveryGroupPage: Sendable, Equatable {
  package var groups: DeliveryGroups
  /// nil: there are no more.
  package var next: DeliveryID?

  package init(groups: DeliveryGroups, next: DeliveryID?) {
    self.groups = groups
    self.next = next
  }
}
