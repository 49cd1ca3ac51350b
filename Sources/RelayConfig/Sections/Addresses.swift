import RelayCore
import RelayText

extension ConfigNode {
  /// `server.trusted_proxies`.
  func trustedProxies() -> TrustedProxies? {
    let found = addressBlocks(emptyFault: nil) { item, block in
      guard block.length == 0 else { return }
      item.warning(
        "everybody is believed about who they are, so `allow` keeps nobody out; name the proxies' own addresses"
      )
    }
    return found.map { TrustedProxies($0) }
  }

  /// `allow` of a source.
  func allowedAddresses() -> [AddressBlock]? {
    addressBlocks(emptyFault: "an empty list lets nobody in; name the senders' addresses, or remove allow")
  }

  /// `egress`.
  func egressPolicy() -> EgressPolicy? {
    guard var section = section("a mapping with deny and allow, each a list of addresses", mayBeEmpty: true)
    else { return nil }
    var policy = EgressPolicy()
    policy.deny = section.take("deny")?.addressBlocks(emptyFault: nil) ?? policy.deny
    policy.allow = section.take("allow")?.addressBlocks(emptyFault: nil) ?? policy.allow
    section.finish()
    return policy
  }

  /// - Parameter check: Of each that is written out.
  private func addressBlocks(
    emptyFault: String?, check: (ConfigNode, AddressBlock) -> Void = { _, _ in }
  ) -> [AddressBlock]? {
    let expected = "an address such as 203.0.113.7, a range such as 203.0.113.0/24, or a list of them"
    guard let items = items(expected, emptyFault: emptyFault) else { return nil }
    return items.compactMap { item in
      item.value(expected, form: Self.blockForm, placeholder: .unresolved) { text throws(Fault) in
        let block = try AddressBlock(configurationText: text)
        check(item, block)
        return block
      }
    }
  }

  /// Whether bits stand behind the length is not said.
  private static let blockForm = ScalarForm.pattern("^[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?$")
}

extension Reading {
  /// Where the relay listens on this machine alone, whoever posts is this machine: with `allow`, a proxy before the relay that is not
  /// believed keeps everybody out. (Elsewhere it can't be told who connects.)
  func warnAboutAllow(of configuration: Configuration, sources: ConfigNode?) {
    let server = configuration.server
    // Port 0 is for trials, and stands for what is not resolved.
    guard server.listen.isLoopback, server.listen.port != 0, !server.trustedProxies.blocks.holdLoopback else {
      return
    }
    for source in configuration.sources where !source.allow.isEmpty && !source.allow.holdLoopback {
      guard let location = sources?.location(of: "allow", ofSource: source.name) else { continue }
      report(
        "everybody is refused: server.listen is on loopback, so what posts there is this machine, such as a proxy; name the proxy in "
          + "server.trusted_proxies, such as [127.0.0.1]", at: location, severity: .warning)
    }
  }
}

extension [AddressBlock] {
  fileprivate var holdLoopback: Bool {
    let loopback = [PeerAddress.Address.v4(0x7F00_0001), .v6(high: 0, low: 1)]
    return contains { block in loopback.contains { block.contains($0) } }
  }
}

extension AddressBlock {
  /// Stands for one that is not resolved (`check --no-env`): no other is missed beside it.
  fileprivate static let unresolved = AddressBlock(.v4(0), length: 0)

  fileprivate init(configurationText text: String) throws(Fault) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let base = PeerAddress.Address(parts[0]) else {
      throw Fault(
        "is not an address; write one such as 203.0.113.7 or 2001:db8::7, or a range such as 203.0.113.0/24")
    }
    guard let block = AddressBlock(text) else {
      throw Fault(
        "has a wrong length; write \(base)/N with N from 0 to \(base.bits), or \(base) for the one address")
    }
    let canonical = block.canonical
    // As it is reached, an address within a range of its own is that address.
    guard AddressBlock(base, length: base.bits).canonical.base == canonical.base else {
      throw Fault(
        "has bits behind its length; write \(canonical) for the range, or \(base.unmapped) for the one address"
      )
    }
    self = canonical
  }
}
