/// Whom a header of proxies names, from its end to its begin: the last one is the one that the nearest proxy has written.
///
/// It is read from its end because its begin may be anybody's: a proxy appends to what its client sent. So nothing that stands before what a
/// proxy has appended (a quote that is never closed, say) changes how that is read.
package struct ForwardedHops: Sequence, IteratorProtocol {
  /// How a header is written.
  package enum Form: Sendable {
    /// `X-Forwarded-For`: addresses, with commas between them.
    case addresses
    /// `Forwarded` (RFC 7239): `for="[2001:db8::1]:4711";proto=https`, with commas between one proxy's and the next one's.
    case pairs
  }

  package enum Hop: Equatable, Sendable {
    case address(PeerAddress.Address)
    /// `unknown`, a name that hides an address, or what is no such header.
    case unreadable
  }

  private let form: Form
  private var rest: ArraySlice<UInt8>
  private var hasEnded = false

  /// - Parameter value: Of several lines the values, in their order and with commas between them.
  package init(_ value: [UInt8], _ form: Form) {
    self.form = form
    rest = value[...]
  }

  package mutating func next() -> Hop? {
    while !hasEnded {
      guard let element = takeLastElement() else { return .unreadable }
      // Lists may have empty elements (RFC 9110, 5.6.1.2).
      if !element.isEmpty { return hop(element) }
    }
    return nil
  }

  /// nil: a quoted text has no begin.
  private mutating func takeLastElement() -> ArraySlice<UInt8>? {
    var isQuoted = false
    for index in rest.indices.reversed() {
      switch rest[index] {
      case UInt8(ascii: ",") where !isQuoted:
        let element = rest[(index + 1)...].trimmed
        rest = rest[..<index]
        return element
      case UInt8(ascii: "\"") where form == .pairs && !isEscaped(index): isQuoted.toggle()
      default: break
      }
    }
    hasEnded = true
    return isQuoted ? nil : rest.trimmed
  }

  /// Whether an odd number of backslashes stands before it.
  private func isEscaped(_ index: Int) -> Bool {
    !rest[..<index].reversed().prefix { $0 == UInt8(ascii: "\\") }.count.isMultiple(of: 2)
  }

  private func hop(_ element: ArraySlice<UInt8>) -> Hop {
    let node =
      switch form {
      case .addresses: element
      case .pairs: Self.node(of: element)
      }
    guard let node, let address = PeerAddress.Address(node: String(decoding: node, as: UTF8.self)) else {
      return .unreadable
    }
    return .address(address.unmapped)
  }

  /// What `for` says, without its quotes; nil: nothing, or two things.
  private static func node(of element: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var node: ArraySlice<UInt8>?
    for pair in pairs(of: element) {
      guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      guard pair[..<equals].trimmed.lazy.map({ $0 | 0x20 }).elementsEqual("for".utf8) else { continue }
      guard node == nil, let value = unquoted(pair[(equals + 1)...].trimmed) else { return nil }
      node = value
    }
    return node
  }

  private static func pairs(of element: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    var pairs: [ArraySlice<UInt8>] = []
    var (start, isQuoted, isEscaped) = (element.startIndex, false, false)
    for index in element.indices {
      if isEscaped {
        isEscaped = false
        continue
      }
      switch element[index] {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: "\\") where isQuoted: isEscaped = true
      case UInt8(ascii: ";") where !isQuoted:
        pairs.append(element[start..<index].trimmed)
        start = index + 1
      default: break
      }
    }
    return (pairs + [element[start...].trimmed]).filter { !$0.isEmpty }
  }

  /// No address needs an escape: what holds one is none.
  private static func unquoted(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard value.first == UInt8(ascii: "\"") else { return value }
    guard value.count > 1, value.last == UInt8(ascii: "\"") else { return nil }
    return value.dropFirst().dropLast()
  }
}

extension PeerAddress.Address {
  /// Reads how proxies name a node, with or without a port: `192.0.2.7`, `192.0.2.7:4711`, `[2001:db8::7]`, `[2001:db8::7]:4711`,
  /// `2001:db8::7`; nil for anything else.
  package init?(node: String) {
    if node.hasPrefix("[") {
      guard let end = node.firstIndex(of: "]"), Self.isPort(node[node.index(after: end)...]),
        let address = Self(node[node.index(after: node.startIndex)..<end]), case .v6 = address
      else { return nil }
      self = address
    } else if let address = Self(node) {
      self = address
    } else {
      guard let colon = node.firstIndex(of: ":"), Self.isPort(node[colon...]),
        let address = Self(node[..<colon])
      else { return nil }
      self = address
    }
  }

  /// Nothing, or a colon with a number or a hidden port (`_…`) behind it.
  private static func isPort(_ text: Substring) -> Bool {
    guard text.utf8.first == UInt8(ascii: ":") else { return text.isEmpty }
    let port = text.dropFirst()
    if port.utf8.first == UInt8(ascii: "_") {
      return port.utf8.count > 1 && port.utf8.allSatisfy(isOfHiddenPort)
    }
    return (1...5).contains(port.utf8.count) && port.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// `obfport` in RFC 7239, 6.
  private static func isOfHiddenPort(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension ArraySlice<UInt8> {
  /// Without spaces and tabs at its ends.
  fileprivate var trimmed: ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) })
    else {
      return []
    }
    return self[first...last]
  }
}
