import NIOCore
import NIOHTTP1
import RelayCore
import RelayPipeline

/// The request that a connection is receiving or answering, as the receiver is told of it: its path, and where it came from.
struct PresentRequest {
  /// A source's path is spelled as `SourcePath` does it; empty before the request's head.
  private(set) var path = ""
  /// Before the first request: where the connection came from.
  private(set) var origin = ConnectionOrigin.unknown
  /// The path of the last request that passed the decoder by.
  private(set) var keptPath = ""
  /// Its source does not take everybody, or not as often as they like.
  private var isGuarded = false
  private let trust: ProxyTrust
  /// Which of its versions is known here.
  private var trustVersion: Int
  /// What the peer's headers are read with; nil: they are not believed.
  private var proxies: TrustedProxies?
  /// A PROXY header has named nobody: what stands in requests may be the client's own, and not the proxy's.
  private var isNobodysWord = false

  init(trust: ProxyTrust = ProxyTrust()) {
    self.trust = trust
    trustVersion = trust.version
  }

  mutating func connectionOpened(from address: PeerAddress.Address?) {
    origin = ConnectionOrigin(address: address)
    lookAtPeer()
  }

  /// The PROXY header names no address.
  mutating func proxyNamedNobody() {
    isNobodysWord = true
    lookAtPeer()
  }

  /// - Returns: What the rest of the connection needs to know of it.
  mutating func begin(_ head: HTTPRequestHead, _ receiver: any EnvelopeReceiver) -> DecodedHead {
    path = RequestPath.path(of: head.uri)
    noticeTrust()
    let head = DecodedHead(head, target: findTarget(receiver))
    origin = origin.of(head, believing: proxies)
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

  /// Why nothing is taken from whoever sends it, once it has begun; nil: it is.
  func denial(of head: IncomingRequest, _ receiver: any EnvelopeReceiver) -> Refusal? {
    isGuarded && head.isPost ? receiver.refusal(of: origin, at: path) : nil
  }

  mutating func end() { path = "" }

  /// The head of a request that has passed the decoder by, and is perhaps not the next one.
  ///
  /// - Parameter bytes: In which the request was recognized.
  mutating func plainHead(of request: PlainRequest, in bytes: UnsafeRawBufferPointer) -> RequestPart {
    noticeTrust()
    let spelled = bytes[request.path]
    var path = keptPath
    if !path.utf8.elementsEqual(spelled) {
      path = String(decoding: spelled, as: UTF8.self)
      // One sender posts to one path. A long one is not kept: it would be memory that nobody has counted.
      if spelled.count <= RequestPath.loggedBytes { keptPath = path }
    }
    return .plainHead(
      path: path, request.method, bodyBytes: request.body.count,
      origin.of(request, in: bytes, believing: proxies))
  }

  /// A reload may have changed who is believed.
  private mutating func noticeTrust() {
    guard trust.version != trustVersion else { return }
    lookAtPeer()
    // What is known of the last request was read otherwise.
    origin = origin.withoutHeaders
  }

  private mutating func lookAtPeer() {
    trustVersion = trust.version
    proxies = isNobodysWord ? nil : trust.proxies(believing: origin.address)
  }

  /// What the path leads to. A source's is spelled as the receiver knows it from here on.
  private mutating func findTarget(_ receiver: any EnvelopeReceiver) -> IncomingRequest.Target {
    if leadsToSource(path, receiver) { return .source }
    let canonical = SourcePath.canonical(path)
    if canonical == "/healthz" { return .health }
    guard canonical != path, leadsToSource(canonical, receiver) else { return .unknown }
    path = canonical
    return .source
  }

  private mutating func leadsToSource(_ path: String, _ receiver: any EnvelopeReceiver) -> Bool {
    let entry = receiver.entry(at: path)
    isGuarded = entry == .guarded
    return entry != .none
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
