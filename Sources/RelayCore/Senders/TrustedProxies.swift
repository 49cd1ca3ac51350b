/// The proxies whose word is believed about whom they speak for (`server.trusted_proxies`).
package struct TrustedProxies: Sendable, Equatable {
  package let blocks: [AddressBlock]

  package static let none = TrustedProxies([])

  package init(_ blocks: [AddressBlock]) {
    self.blocks = blocks
  }

  package var isEmpty: Bool { blocks.isEmpty }

  /// - Parameter address: IPv4 as IPv4 (`PeerAddress.Address.unmapped`).
  package func contains(_ address: PeerAddress.Address) -> Bool { blocks.contains { $0.contains(address) } }

  /// Whom a request comes from. Its headers count only where the peer is trusted.
  ///
  /// Where both headers are there, one of them may be the client's own, passed on by a proxy that writes only the other. So each is read
  /// by itself, and nobody is known where they differ.
  ///
  /// - Parameters:
  ///   - peer: The connection's other end, IPv4 as IPv4; nil: it has no address.
  ///   - forwardedFor: The values of `X-Forwarded-For`, with commas between those of several lines; nil: there is none.
  ///   - forwarded: The same of `Forwarded`.
  package func client(of peer: PeerAddress.Address?, forwardedFor: [UInt8]?, forwarded: [UInt8]?)
    -> ClientAddress
  {
    guard let peer else { return .unknown }
    guard contains(peer) else { return .known(peer) }
    let ends = [
      forwardedFor.map { ForwardedHops($0, .addresses) }, forwarded.map { ForwardedHops($0, .pairs) },
    ]
    .compactMap { $0.map { end(of: $0, from: peer) } }
    guard let first = ends.first else { return .known(peer) }
    return ends.allSatisfy { $0 == first } ? .known(first) : .contradictory
  }

  /// The first that is no trusted proxy; the last one that is known, where that is not told.
  private func end(of hops: ForwardedHops, from peer: PeerAddress.Address) -> PeerAddress.Address {
    var known = peer
    for hop in hops {
      guard contains(known), case .address(let address) = hop else { break }
      known = address
    }
    return known
  }
}

/// Whom a request comes from: what the `allow` of its source is asked about.
package enum ClientAddress: Sendable, Equatable {
  /// IPv4 as IPv4.
  case known(PeerAddress.Address)
  /// `X-Forwarded-For` and `Forwarded` say different ones.
  case contradictory
  /// It did not come over a network.
  case unknown
}
