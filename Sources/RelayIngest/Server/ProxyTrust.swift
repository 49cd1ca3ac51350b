import RelayCore
import RelayThreads
import Synchronization

/// Which peers are believed about whom they speak for: all connections share it, and a reload replaces what it says, also for those
/// that are open.
final class ProxyTrust: Sendable {
  private let proxies: Locked<TrustedProxies>
  /// So that a connection asks anew only after a change.
  private let currentVersion = Atomic<Int>(0)

  init(_ proxies: TrustedProxies = .none) {
    self.proxies = Locked(proxies)
  }

  var version: Int { currentVersion.load(ordering: .acquiring) }

  func set(_ proxies: TrustedProxies) {
    self.proxies.withLock { $0 = proxies }
    currentVersion.wrappingAdd(1, ordering: .releasing)
  }

  /// What a peer's headers are read with; nil: they are not believed.
  func proxies(believing peer: PeerAddress.Address?) -> TrustedProxies? {
    guard let peer else { return nil }
    return proxies.withLock { $0.contains(peer) ? $0 : nil }
  }
}
