import RelayCore

/// `X-Forwarded-For` and `Forwarded`: addresses are read as the C library reads them, and what a proxy appends is read the same
/// whatever stands before it.
enum ForwardedTarget {
  private typealias Hop = ForwardedHops.Hop

  static func makeCheck() -> FuzzTargets.Check {
    { input in
      let value = Array(input)
      for form in [ForwardedHops.Form.addresses, .pairs] {
        let hops = Array(ForwardedHops(value, form))
        requireSame(hops, plain(value, form) ?? hops, "hops of \(form)")
        require(hops.count <= value.count { $0 == UInt8(ascii: ",") } + 1, "there are \(hops.count) hops")
        for hop in hops { checkText(hop) }
        let word = form == .addresses ? "192.0.2.7" : "for=\"192.0.2.7:80\";proto=https"
        let appended = Array(ForwardedHops(value + Array(", \(word)".utf8), form))
        requireSame(
          appended, [.address(.v4(0xC000_0207))] + hops, "hops of \(form) with a proxy's word behind them")
      }
    }
  }

  /// What an address is shown as is that address.
  private static func checkText(_ hop: Hop) {
    guard case .address(let address) = hop else { return }
    requireSame(PlainAddress.unmapped(address), address, "an address of IPv4 as one of IPv6")
    requireSame(PeerAddress.Address("\(address)"), address, "\(address) read again")
    requireSame(PlainAddress.of("\(address)"), address, "\(address) read by the C library")
    let whole = PeerAddress(address, port: 443)
    requireSame(PeerAddress(bytes: whole.bytes), whole, "an address as bytes")
  }

  /// nil: it has quotes, and where those end is not told in the plain way.
  private static func plain(_ value: [UInt8], _ form: ForwardedHops.Form) -> [Hop]? {
    if form == .pairs, value.contains(UInt8(ascii: "\"")) { return nil }
    return value.split(separator: UInt8(ascii: ",")).reversed().map(trimmed).filter { !$0.isEmpty }
      .map { form == .addresses ? hop($0) : pair($0) }
  }

  private static func pair(_ element: [UInt8]) -> Hop {
    let pairs = element.split(separator: UInt8(ascii: ";")).map(trimmed).filter { !$0.isEmpty }
    guard pairs.allSatisfy({ $0.contains(UInt8(ascii: "=")) }) else { return .unreadable }
    let nodes = pairs.compactMap { pair -> [UInt8]? in
      let place = pair.firstIndex(of: UInt8(ascii: "="))!
      let name = String(decoding: trimmed(pair[..<place]), as: UTF8.self)
      return name.utf8.count == 3 && name.lowercased() == "for" ? trimmed(pair[(place + 1)...]) : nil
    }
    return nodes.count == 1 ? hop(nodes[0]) : .unreadable
  }

  private static func hop(_ node: [UInt8]) -> Hop {
    let text = String(decoding: node, as: UTF8.self)
    var candidates: [Substring] = [text[...]]
    if let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), isPort(Array(text.utf8[colon...].dropFirst()))
    {
      candidates.append(text[..<colon])
    }
    for candidate in candidates {
      let isBracketed = candidate.utf8.first == UInt8(ascii: "[") && candidate.utf8.last == UInt8(ascii: "]")
      let inner = isBracketed ? candidate.dropFirst().dropLast() : candidate
      guard let address = PlainAddress.of(inner) else { continue }
      // A port stands behind four numbers, or behind brackets.
      switch address {
      case .v4: if !isBracketed { return .address(address) }
      case .v6: if isBracketed || candidate == text { return .address(PlainAddress.unmapped(address)) }
      }
    }
    return .unreadable
  }

  private static func isPort(_ text: [UInt8]) -> Bool {
    if text.first == UInt8(ascii: "_") {
      let hidden = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-".utf8)
      return text.count > 1 && text.allSatisfy(hidden.contains)
    }
    return (1...5).contains(text.count) && text.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func trimmed(_ bytes: some Collection<UInt8>) -> [UInt8] {
    let start = bytes.drop { $0 == 0x20 || $0 == 0x09 }
    return Array(Array(start).reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed())
  }
}
