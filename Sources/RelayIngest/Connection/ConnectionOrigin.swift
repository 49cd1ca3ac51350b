import NIOCore
import RelayCore
import RelayPipeline

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a connection's requests come from. Those after one another are nearly always the same: then they share one.
final class ConnectionOrigin: RequestOrigin {
  /// Longer headers are cut: their length was the sender's choice.
  static let keptBytes = 256

  static let unknown = ConnectionOrigin(address: nil)

  /// The connection's other end, IPv4 as IPv4; nil: it has no address.
  let address: PeerAddress.Address?
  let client: ClientAddress
  private let agent: [UInt8]?
  private let forwarded: [UInt8]?
  let trace: TraceParent?

  /// - Parameter client: nil: the other end itself.
  init(
    address: PeerAddress.Address?, client: ClientAddress? = nil, agent: [UInt8]? = nil,
    forwarded: [UInt8]? = nil,
    trace: TraceParent? = nil
  ) {
    self.address = address
    self.client = client ?? address.map { .known($0) } ?? .unknown
    self.agent = agent
    self.forwarded = forwarded
    self.trace = trace
  }

  var peer: String? { address.map { "\($0)" } }
  var userAgent: String? { agent.map { String(decoding: $0, as: UTF8.self) } }
  var forwardedFor: String? { forwarded.map { String(decoding: $0, as: UTF8.self) } }

  /// What holds for all requests of the connection.
  var withoutHeaders: ConnectionOrigin { ConnectionOrigin(address: address) }

  /// The origin of another request on this connection.
  ///
  /// - Parameters:
  ///   - bytes: In which the request was recognized.
  ///   - proxies: What its headers are read with; nil: they are not believed.
  func of(
    _ request: PlainRequest, in bytes: UnsafeRawBufferPointer, believing proxies: TrustedProxies?
  ) -> ConnectionOrigin {
    let agent = request.userAgent.map { Self.text($0, in: bytes) }
    let forwarded = (request.forwardedFor ?? request.forwarded).map { Self.text($0, in: bytes) }
    let trace = request.traceParent.flatMap { TraceParent(header: bytes[$0]) }
    let client = proxies?.client(
      of: address, forwardedFor: request.forwardedFor.map { Array(bytes[$0]) },
      forwarded: request.forwarded.map { Array(bytes[$0]) })
    let isSameAgent = Self.areEqual(agent, self.agent)
    let isSameForwarded = Self.areEqual(forwarded, self.forwarded)
    let isSameClient = client == nil || client == self.client
    if isSameAgent, isSameForwarded, isSameClient, trace == self.trace { return self }
    // Behind a proxy only these change, and with a sender that is traced the trace.
    return ConnectionOrigin(
      address: address, client: client, agent: isSameAgent ? self.agent : agent.map(Array.init),
      forwarded: isSameForwarded ? self.forwarded : forwarded.map(Array.init), trace: trace)
  }

  func of(_ head: DecodedHead, believing proxies: TrustedProxies?) -> ConnectionOrigin {
    let agent = head.userAgent.map { Array($0.utf8.prefix(Self.keptBytes)) }
    let forwarded = (head.forwardedFor ?? head.forwarded).map { Array($0.utf8.prefix(Self.keptBytes)) }
    let client = proxies?.client(
      of: address, forwardedFor: head.forwardedFor.map { Array($0.utf8) },
      forwarded: head.forwarded.map { Array($0.utf8) })
    let isSameClient = client == nil || client == self.client
    if agent == self.agent, forwarded == self.forwarded, isSameClient, head.trace == trace { return self }
    return ConnectionOrigin(
      address: address, client: client, agent: agent, forwarded: forwarded, trace: head.trace)
  }

  private static func text(_ range: Range<Int>, in bytes: UnsafeRawBufferPointer) -> Slice<
    UnsafeRawBufferPointer
  > {
    bytes[range.prefix(keptBytes)]
  }

  private static func areEqual(_ text: Slice<UnsafeRawBufferPointer>?, _ known: [UInt8]?) -> Bool {
    guard let text, let known else { return text == nil && known == nil }
    guard text.count == known.count else { return false }
    return known.withUnsafeBytes { known in
      guard let here = UnsafeRawBufferPointer(rebasing: text).baseAddress, let there = known.baseAddress
      else {
        return true
      }
      return memcmp(here, there, known.count) == 0
    }
  }
}

extension PeerAddress.Address {
  /// IPv4 as IPv4; nil: it is no address of a network.
  init?(_ address: SocketAddress) {
    switch address {
    case .v4(let address): self = .v4(UInt32(bigEndian: address.address.sin_addr.s_addr))
    case .v6(let address):
      self = withUnsafeBytes(of: address.address.sin6_addr) { bytes in
        func word(_ place: Int) -> UInt64 {
          UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
        }
        return Self.v6(high: word(0), low: word(8)).unmapped
      }
    case .unixDomainSocket: return nil
    }
  }
}

extension PeerAddress.Address {
  /// As whom its connections are counted: IPv6 gives each network 2^64 addresses, so it is the network that counts.
  var ofOneSite: Self {
    if case .v6(let high, _) = self { .v6(high: high, low: 0) } else { self }
  }
}
