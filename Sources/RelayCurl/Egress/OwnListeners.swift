import CCurl
import Glibc
import RelayCore
import RelayThreads

/// Where this relay listens now, for all that connect. Set by whoever opens the listeners, also while everything runs.
package final class OwnListeners: Sendable {
  private let places = Locked(OwnPlaces())

  package init() {}

  /// Blocks where a host is a name: it is looked up, as it was when the listener was opened.
  ///
  /// - Parameters:
  ///   - key: The key of routes.yaml that says so, such as `server.listen`.
  ///   - addresses: With the ports that the system gave; empty: nowhere.
  package func set(_ key: String, to addresses: [ListenAddress]) {
    let known = addresses.flatMap { address -> [ListenAddress] in
      guard PeerAddress.Address(address.host) == nil, address.host.lowercased() != "localhost" else {
        return [address]
      }
      let numbers = (try? SystemResolver.addresses(of: address.host).get()) ?? []
      return numbers.map { ListenAddress(host: $0, port: address.port) }
    }
    places.withLock { $0.set(key, to: known) }
  }

  func key(at peer: PeerAddress) -> String? {
    let places = places.withLock { $0 }
    return places.key(at: peer, isOfThisMachine: Self.isOfThisMachine)
  }

  private static func isOfThisMachine(_ address: PeerAddress.Address) -> Bool {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return false }
    defer { freeifaddrs(list) }
    var next = list
    while let entry = next {
      if let own = entry.pointee.ifa_addr, PeerAddress(own)?.address == address { return true }
      next = entry.pointee.ifa_next
    }
    return false
  }
}

/// Whom may be connected to: what the configuration says, and nowhere where the relay itself listens.
struct Egress {
  let policy: EgressPolicy
  let own: OwnListeners

  /// - Parameter host: Who was asked for.
  /// - Returns: For people: why an address is not connected to; nil: it is.
  func refusal(of peer: PeerAddress, host: String) -> String? {
    let place = host == "\(peer.address)" ? "" : "\(host) is at \(peer.address), and "
    if let key = own.key(at: peer) { return "\(place)\(peer) is where this relay itself listens (\(key))" }
    return policy.refusal(of: peer.address).map { place + $0 }
  }

  /// What can be said of whom a proxy is asked for: an address, or a name that is always the same.
  func refusal(ofWhomAProxyIsAsked target: HostPort) -> String? {
    let literals = target.isLocalhost ? ["127.0.0.1", "::1"] : [target.host]
    for literal in literals {
      guard let address = PeerAddress.Address(literal), let port = UInt16(exactly: target.port),
        let key = own.key(at: PeerAddress(address, port: port))
      else { continue }
      return "\(target.host):\(port) is where this relay itself listens (\(key))"
    }
    return policy.refusal(ofHost: target.host)
  }
}

/// Opens the sockets of an easy handle, but to addresses that are not connected to, and remembers why. It must outlive the handle's
/// requests. Confined to their thread.
final class SocketJudge {
  private let judge: (PeerAddress) -> String?
  /// Of the last address that was refused.
  private(set) var refusal: String?
  private(set) var hasOpened = false

  /// - Parameter judge: Why an address is not connected to; nil: it is.
  init(_ judge: @escaping (PeerAddress) -> String?) {
    self.judge = judge
  }

  func apply(to easy: borrowing EasyHandle) {
    easy.onOpenSocket(Unmanaged.passUnretained(self).toOpaque(), openJudgedSocket)
  }

  /// Before the next request.
  func begin() {
    refusal = nil
    hasOpened = false
  }

  /// Why nothing came of it: no address might be connected to. nil: that was not it.
  var wholeRefusal: String? { hasOpened ? nil : refusal }

  fileprivate func mayConnect(to peer: PeerAddress?) -> Bool {
    guard let peer else { return false }
    if let words = judge(peer) {
      refusal = words
      return false
    }
    hasOpened = true
    return true
  }
}

@available(*, unavailable)
extension SocketJudge: Sendable {}

private func openJudgedSocket(
  context: UnsafeMutableRawPointer?, purpose: curlsocktype, address: UnsafeMutablePointer<curl_sockaddr>
) -> curl_socket_t {
  let place = address.pointee
  let peer = withUnsafePointer(to: &address.pointee.addr) { PeerAddress($0) }
  let judge = Unmanaged<SocketJudge>.fromOpaque(context!).takeUnretainedValue()
  guard purpose == CURLSOCKTYPE_IPCXN, judge.mayConnect(to: peer) else { return CURL_SOCKET_BAD }
  return socket(place.family, place.socktype | Int32(SOCK_CLOEXEC.rawValue), place.protocol)
}

extension TransportFailure {
  static func egress(_ words: String) -> TransportFailure { TransportFailure(kind: .egress, message: words) }
}
