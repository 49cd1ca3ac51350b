import Testing

@testable import RelayCore

@Suite struct TrustedProxiesTests {
  private let proxies = TrustedProxies(
    ["10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1"].compactMap { AddressBlock($0)?.canonical })

  private func client(of peer: String, _ forwardedFor: String?, _ forwarded: String? = nil) throws -> String {
    let peer = try #require(PeerAddress.Address(peer))
    let client = proxies.client(
      of: peer.unmapped, forwardedFor: forwardedFor.map { Array($0.utf8) },
      forwarded: forwarded.map { Array($0.utf8) })
    switch client {
    case .known(let address): return "\(address)"
    case .contradictory: return "contradictory"
    case .unknown: return "unknown"
    }
  }

  @Test func nobodyElseIsBelieved() throws {
    #expect(try client(of: "192.0.2.1", "203.0.113.7", "for=203.0.113.7") == "192.0.2.1")
    #expect(try client(of: "192.0.2.1", "203.0.113.7", "for=203.0.113.8") == "192.0.2.1")
    #expect(
      TrustedProxies.none.client(of: .v4(1), forwardedFor: Array("2.2.2.2".utf8), forwarded: nil)
        == .known(.v4(1)))
    #expect(proxies.client(of: nil, forwardedFor: nil, forwarded: nil) == .unknown)
  }

  @Test(
    arguments: [
      (nil, "10.0.0.1"), ("", "10.0.0.1"), ("203.0.113.7", "203.0.113.7"),
      // What the client wrote itself stands before what the proxy saw.
      ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
      ("198.51.100.1, 203.0.113.7, 10.9.9.9, 127.0.0.1", "203.0.113.7"),
      ("10.0.0.3, 10.0.0.2", "10.0.0.3"), ("2001:db8:2::1, 2001:db8:1::1", "2001:db8:2::1"),
      ("::ffff:203.0.113.7, ::ffff:10.0.0.2", "203.0.113.7"),
      // Where it can't be read, the last one that is known stands.
      ("203.0.113.7, unknown", "10.0.0.1"), ("203.0.113.7, unknown, 10.0.0.2", "10.0.0.2"),
      ("10.0.0.3, 203.0.113.7, rubbish, 10.0.0.2", "10.0.0.2"),
    ] as [(String?, String)])
  func theFirstFromTheEndThatIsNoTrustedProxyIsTheClient(forwardedFor: String?, expected: String) throws {
    #expect(try client(of: "10.0.0.1", forwardedFor) == expected)
    #expect(try client(of: "::ffff:10.0.0.1", forwardedFor) == expected)
    let pairs = forwardedFor.map { value in
      value.split(separator: ",").map { "for=\"\($0.contains(":") ? "[\($0.trimmed)]" : $0.trimmed)\"" }
        .joined(separator: ", ")
    }
    #expect(try client(of: "10.0.0.1", nil, pairs) == expected)
  }

  @Test func whereTheHeadersContradictNobodyIsKnown() throws {
    #expect(try client(of: "10.0.0.1", "203.0.113.7", "for=203.0.113.7;proto=https") == "203.0.113.7")
    #expect(try client(of: "10.0.0.1", "198.51.100.1, 203.0.113.7", "for=203.0.113.7") == "203.0.113.7")
    #expect(try client(of: "10.0.0.1", "203.0.113.7", "for=203.0.113.8") == "contradictory")
    #expect(try client(of: "10.0.0.1", "203.0.113.7", "for=unknown") == "contradictory")
    #expect(try client(of: "10.0.0.1", "rubbish", "for=203.0.113.8") == "contradictory")
  }
}

extension Substring {
  fileprivate var trimmed: String { filter { $0 != " " } }
}
