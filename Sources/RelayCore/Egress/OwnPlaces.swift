/// Where this relay itself listens. It never connects there: what it would send itself is a mistake, or somebody's trick.
package struct OwnPlaces: Sendable, Equatable {
  /// By the key that says so: `server.listen`.
  fileprivate var places: [String: [Place]] = [:]

  fileprivate struct Place: Sendable, Equatable {
    /// nil: all addresses of this machine.
    var address: PeerAddress.Address?
    var port: UInt16
  }

  package init() {}

  /// - Parameter addresses: As they are bound: with addresses for hosts (`localhost` is known), and real ports; empty: nowhere.
  package mutating func set(_ key: String, to addresses: [ListenAddress]) {
    places[key] = addresses.flatMap { address in
      address.places.compactMap { Place(host: $0, port: address.port) }
    }
  }

  /// - Parameter isOfThisMachine: Whether an address is one of this machine's; asked only where the port is the relay's own.
  /// - Returns: The key that says to listen there; nil: it is somewhere else.
  package func key(at peer: PeerAddress, isOfThisMachine: (PeerAddress.Address) -> Bool) -> String? {
    for (key, places) in places {
      for place in places where place.port == peer.port {
        let forms = peer.address.reached
        if let address = place.address {
          if forms.contains(address) { return key }
        } else if forms.contains(where: { $0.isLoopback || isOfThisMachine($0) }) {
          return key
        }
      }
    }
    return nil
  }
}

extension OwnPlaces.Place {
  /// nil: a name, or a port that is not known.
  fileprivate init?(host: String, port: Int) {
    guard let address = PeerAddress.Address(host)?.unmapped, let port = UInt16(exactly: port), port != 0
    else {
      return nil
    }
    switch address {
    case .v4(0), .v6(0, 0): self.init(address: nil, port: port)
    case .v4, .v6: self.init(address: address, port: port)
    }
  }
}

extension PeerAddress.Address {
  package var isLoopback: Bool {
    switch unmapped {
    case .v4(let address): address >> 24 == 127
    case .v6(let high, let low): high == 0 && low == 1
    }
  }
}
