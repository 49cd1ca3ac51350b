import NIOCore
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

  private let address: SocketAddress?
  private let agent: [UInt8]?
  private let forwarded: [UInt8]?

  init(address: SocketAddress?, agent: [UInt8]? = nil, forwarded: [UInt8]? = nil) {
    self.address = address
    self.agent = agent
    self.forwarded = forwarded
  }

  var peer: String? { address?.ipAddress }
  var userAgent: String? { agent.map { String(decoding: $0, as: UTF8.self) } }
  var forwardedFor: String? { forwarded.map { String(decoding: $0, as: UTF8.self) } }

  /// The origin of another request on this connection.
  ///
  /// - Parameter bytes: In which the request was recognized.
  func of(_ request: PlainRequest, in bytes: UnsafeRawBufferPointer) -> ConnectionOrigin {
    let agent = request.userAgent.map { Self.text($0, in: bytes) }
    let forwarded = request.forwardedFor.map { Self.text($0, in: bytes) }
    let isSameAgent = Self.areEqual(agent, self.agent)
    if isSameAgent, Self.areEqual(forwarded, self.forwarded) { return self }
    // Behind a proxy only this one changes.
    return ConnectionOrigin(
      address: address, agent: isSameAgent ? self.agent : agent.map(Array.init),
      forwarded: forwarded.map(Array.init))
  }

  func of(_ head: DecodedHead) -> ConnectionOrigin {
    let agent = head.userAgent.map { Array($0.utf8.prefix(Self.keptBytes)) }
    let forwarded = head.forwardedFor.map { Array($0.utf8.prefix(Self.keptBytes)) }
    if agent == self.agent, forwarded == self.forwarded { return self }
    return ConnectionOrigin(address: address, agent: agent, forwarded: forwarded)
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
