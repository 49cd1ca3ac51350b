/// The relays that share a store, as one of them sees them.
package struct StoreNodes: Sendable, Equatable {
  package struct Node: Sendable, Equatable {
    /// Such as its machine's. Two may have the same.
    package var name: String
    package var version: String
    /// Of the configuration that it has active.
    package var configurationHash: String
    /// What it serves: it alone hands out deliveries of these. In order of their names.
    package var destinations: [String]
    /// Its last sign of life, by the clock of the store's server.
    package var lastSeen: Timestamp
    /// How long ago that was, by that clock; while the server is away, as far as this relay knows.
    package var age: Duration
    /// It is the relay that tells.
    package var isThis: Bool

    package init(
      name: String, version: String, configurationHash: String, destinations: [String], lastSeen: Timestamp,
      age: Duration, isThis: Bool
    ) {
      self.name = name
      self.version = version
      self.configurationHash = configurationHash
      self.destinations = destinations
      self.lastSeen = lastSeen
      self.age = age
      self.isThis = isThis
    }
  }

  /// Those that live, in an order that all of them see alike. Empty before the server has told of any.
  package var nodes: [Node]
  /// Destinations that no relay serves yet, in order of their names.
  package var unserved: [String]
  /// The others count this relay as alive, as far as it knows: what it serves is its own. If not, another one may serve it by now.
  package var isSure: Bool

  package init(nodes: [Node], unserved: [String], isSure: Bool) {
    self.nodes = nodes
    self.unserved = unserved
    self.isSure = isSure
  }

  /// How many different configurations they have active.
  package var configurationCount: Int { Set(nodes.map(\.configurationHash)).count }
  /// Whether they route and deliver by different rules: until each of them has read the same file.
  package var configurationsDiffer: Bool { configurationCount > 1 }

  /// This relay; nil: it is not known yet, or has lost its place.
  package var own: Node? { nodes.first(where: \.isThis) }

  /// Whether this relay is the one that tells what is of all of them: so that it is told once.
  package var speaksForAll: Bool { isSure && nodes.first?.isThis == true }

  /// Whether this relay is the one that tells how a destination is: who serves it does, and of one that nobody serves who speaks for all.
  package func tells(of destination: String) -> Bool {
    guard isSure, let own else { return false }
    return own.destinations.contains(destination) || speaksForAll && unserved.contains(destination)
  }

  /// The name of another relay that serves a destination; nil: this one does, or none.
  package func other(serving destination: String) -> String? {
    nodes.first { !$0.isThis && $0.destinations.contains(destination) }?.name
  }
}

/// Why a store lets no attempt start, whatever the destinations are like (`DeliveryStore.mayStart`).
package enum StartLack: Sendable, Equatable {
  /// Its server has not confirmed for too long that this relay lives.
  ///
  /// - Parameter since: Since the last time that it did, by the steady clock; nil: it never has.
  case unconfirmed(since: Timestamp?)
  /// There is no way to the server.
  ///
  /// - Parameters:
  ///   - since: As above.
  ///   - reason: What the way to it, or the server, said last.
  case unreachable(since: Timestamp?, reason: String)
  /// Another relay has this one's place.
  case placeLost

  /// For people: why, and what to do. No sentence.
  package var text: String {
    switch self {
    case .unconfirmed:
      "the store's server has not confirmed that this relay lives: look at its load, and at the way to it"
    case .unreachable(_, let reason): "there is no way to the store's server: \(reason)"
    case .placeLost:
      "another relay has this one's place in the store: find out why this one was cut off from its server"
    }
  }
}

/// Why a store does not come back from a commit.
package enum StoreStall: Sendable, Equatable {
  /// Its server waits for a standby.
  case standbyMissing
  /// The connection broke, and what has become of the commit is not known before the server is asked.
  ///
  /// - Parameter reason: Why it could not be the last time.
  case inDoubt(reason: String)

  /// For people: why, and what to do. No sentence.
  package var text: String {
    switch self {
    case .standbyMissing:
      "no standby confirms what the store's server has written: look at the standbys, and at its synchronous_standby_names"
    case .inDoubt(let reason):
      "whether the last commit is stored is not known before its server says so: \(reason)"
    }
  }
}
