import RelayCore

/// Who serves a destination, as the table says.
struct LaneRow: Equatable {
  var owner: Int16?
  var wanted: Int16?
}

/// Which destinations a node is to serve, and what it does about those that it does not, or should not: a pure value. All nodes judge by the
/// same rules, and what they judge by is the same a heartbeat later.
struct LaneRules: Equatable {
  enum Action: Equatable {
    /// Nobody serves it: this node is to.
    case take
    /// The owner is asked for it.
    case ask
    /// Another one is to serve it, and asks for it.
    case handOver(to: Int16)
    /// It stays as it is.
    case none
  }

  /// This node's slot.
  let own: Int16
  /// Who lives, this node among them.
  let live: Set<Int16>
  /// What those have configured that serve destinations: by their slots, the destinations' numbers.
  let configured: [Int16: Set<Int32>]

  init(own: Int16, live: Set<Int16>, configured: [Int16: Set<Int32>]) {
    self.own = own
    self.live = live
    self.configured = configured.filter { live.contains($0.key) }
  }

  /// Who is to serve a destination: by its name one of those who have it configured. One that nobody has configured is served, too: it may be
  /// owed something, and people may want to change that.
  ///
  /// - Returns: nil: nobody.
  func ideal(of destination: Int32, named name: String) -> Int16? {
    let having = configured.filter { $0.value.contains(destination) }
    let candidates = having.isEmpty ? configured : having
    return LaneOwners(slots: candidates.keys.map(Int.init)).owner(of: name).map(Int16.init)
  }

  /// The same without this node, which ends.
  func heir(of destination: Int32, named name: String) -> Int16? {
    LaneRules(own: own, live: live.subtracting([own]), configured: configured)
      .ideal(of: destination, named: name)
  }

  func action(on row: LaneRow, of destination: Int32, named name: String) -> Action {
    guard live.contains(own), let ideal = ideal(of: destination, named: name) else { return .none }
    guard let owner = row.owner else { return ideal == own ? .take : .none }
    if owner == own {
      return row.wanted == ideal && ideal != own ? .handOver(to: ideal) : .none
    }
    // What one that is gone has left is taken over by whoever clears up after it.
    return ideal == own && live.contains(owner) && row.wanted != own ? .ask : .none
  }
}
