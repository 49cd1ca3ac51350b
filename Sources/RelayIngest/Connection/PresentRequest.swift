import NIOCore
import NIOHTTP1
import RelayCore
import RelayPipeline

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The request that a connection is receiving or answering, as the receiver is told of it: its path, and where it came from.
struct PresentRequest {
  /// A source's path is spelled as `SourcePath` does it; empty before the request's head.
  private(set) var path = ""
  /// Before the first request: where the connection came from.
  private(set) var origin = ConnectionOrigin.unknown
  /// The path of the last request that passed the decoder by.
  private(set) var keptPath = ""

  mutating func connectionOpened(from address: SocketAddress?) { origin = ConnectionOrigin(address: address) }

  /// - Returns: What the rest of the connection needs to know of it.
  mutating func begin(_ head: HTTPRequestHead, _ receiver: any EnvelopeReceiver) -> DecodedHead {
    path = RequestPath.path(of: head.uri)
    let head = DecodedHead(head, target: findTarget(receiver))
    origin = origin.of(head)
    return head
  }

  /// Begins a request that did not need the decoder.
  mutating func begin(
    path: String, origin: ConnectionOrigin, _ receiver: any EnvelopeReceiver
  ) -> IncomingRequest.Target {
    self.path = path
    self.origin = origin
    return findTarget(receiver)
  }

  mutating func end() { path = "" }

  /// The head of a request that has passed the decoder by, and is perhaps not the next one.
  ///
  /// - Parameter bytes: In which the request was recognized.
  mutating func plainHead(of request: PlainRequest, in bytes: UnsafeRawBufferPointer) -> RequestPart {
    let spelled = bytes[request.path]
    var path = keptPath
    if !path.utf8.elementsEqual(spelled) {
      path = String(decoding: spelled, as: UTF8.self)
      // One sender posts to one path. A long one is not kept: it would be memory that nobody has counted.
      if spelled.count <= RequestPath.loggedBytes { keptPath = path }
    }
    return .plainHead(
      path: path, request.method, bodyBytes: request.body.count, origin.of(request, in: bytes))
  }

  /// What the path leads to. A source's is spelled as the receiver knows it from here on.
  private mutating func findTarget(_ receiver: any EnvelopeReceiver) -> IncomingRequest.Target {
    if receiver.accepts(path: path) { return .source }
    let canonical = SourcePath.canonical(path)
    if canonical == "/healthz" { return .health }
    guard canonical != path, receiver.accepts(path: canonical) else { return .unknown }
    path = canonical
    return .source
  }
}

/// Where a connection's requests come from. Those after one another are nearly always the same: then they share one.
final class ConnectionOrigin: RequestOrigin {
  /// Longer headers are cut: their length was the sender's choice.
  static let keptBytes = 256

  static let unknown = ConnectionOrigin(address: nil)

  private let address: SocketAddress?
  private let agent: [UInt8]?
  private let forwarded: [UInt8]?
  let trace: TraceParent?

  init(
    address: SocketAddress?, agent: [UInt8]? = nil, forwarded: [UInt8]? = nil, trace: TraceParent? = nil
  ) {
    self.address = address
    self.agent = agent
    self.forwarded = forwarded
    self.trace = trace
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
    let trace = request.traceParent.flatMap { TraceParent(header: bytes[$0]) }
    let isSameAgent = Self.areEqual(agent, self.agent)
    let isSameForwarded = Self.areEqual(forwarded, self.forwarded)
    if isSameAgent, isSameForwarded, trace == self.trace { return self }
    // Behind a proxy only this one changes, and with a sender that is traced the trace.
    return ConnectionOrigin(
      address: address, agent: isSameAgent ? self.agent : agent.map(Array.init),
      forwarded: isSameForwarded ? self.forwarded : forwarded.map(Array.init), trace: trace)
  }

  func of(_ head: DecodedHead) -> ConnectionOrigin {
    let agent = head.userAgent.map { Array($0.utf8.prefix(Self.keptBytes)) }
    let forwarded = head.forwardedFor.map { Array($0.utf8.prefix(Self.keptBytes)) }
    if agent == self.agent, forwarded == self.forwarded, head.trace == trace { return self }
    return ConnectionOrigin(address: address, agent: agent, forwarded: forwarded, trace: head.trace)
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

/// The path of a request target.
enum RequestPath {
  /// A path longer than this is cut before it is logged or kept.
  static let loggedBytes = 256

  /// `/huggy?x=1` and `http://relay/huggy` both name `/huggy`. Escapes stay as they are.
  static func path(of target: String) -> String {
    if target.utf8.first == UInt8(ascii: "/"), !target.utf8.contains(UInt8(ascii: "?")) { return target }
    var rest = target[...]
    for scheme in ["http://", "https://"] where rest.hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
      if rest.first != "/" { return "/" }
    }
    let bytes = rest.utf8
    let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
    return String(rest[..<end])
  }

  /// Its length was the sender's choice.
  static func cut(_ path: String) -> String {
    guard path.utf8.count > loggedBytes else { return path }
    return String(decoding: path.utf8.prefix(loggedBytes), as: UTF8.self)
  }
}
