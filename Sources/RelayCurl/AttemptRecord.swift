import CCurl
import Glibc
import RelayCore

/// What is kept of a request beside its outcome: whom it went to, and for when it fails, the answer's header. Of a request that
/// succeeds that is no more than a comparison and a look at the first header line. Confined to the curl thread.
struct AttemptRecord {
  /// Whom the request went to; nil: no connection was tried.
  private(set) var peer: PeerAddress?
  /// The lines of the last header that began, without its status line; empty where that says that all is well.
  private var lines: [UInt8] = []
  private var isStatusLineNext = true
  private var keepsLines = false
  /// The address in libcurl's words that `lastPeer` was read from: a kept connection's is the same each time.
  private var lastText: [CChar] = []
  private var lastPeer: PeerAddress?

  /// Another request, or the same once more.
  mutating func begin() {
    peer = nil
    isStatusLineNext = true
    keepsLines = false
    if !lines.isEmpty { lines.removeAll(keepingCapacity: true) }
  }

  // MARK: The peer

  /// A connection to this address is being made.
  mutating func connects(to address: PeerAddress) { peer = address }

  /// The request is about to be sent.
  ///
  /// - Parameter text: The address, as libcurl has it.
  mutating func begins(to text: UnsafePointer<CChar>?, port: Int32) {
    guard let text else { return }
    let isKnown = !lastText.isEmpty && lastText.withUnsafeBufferPointer { strcmp($0.baseAddress!, text) == 0 }
    if !isKnown || lastPeer?.port != UInt16(truncatingIfNeeded: port) {
      lastText = Array(UnsafeBufferPointer(start: text, count: strlen(text) + 1))
      lastPeer = PeerAddress(text, port: UInt16(truncatingIfNeeded: port))
    }
    peer = lastPeer ?? peer
  }

  // MARK: The answer's header

  /// A line of a header, with its end.
  mutating func line(_ bytes: UnsafeRawBufferPointer) {
    if isStatusLineNext {
      isStatusLineNext = false
      keepsLines = !Self.saysSuccess(bytes)
      if !lines.isEmpty { lines.removeAll(keepingCapacity: true) }
    } else if keepsLines {
      keep(bytes)
    }
  }

  /// The empty line that ends a header: another may follow.
  mutating func endOfHeader() { isStatusLineNext = true }

  /// `HTTP/1.1 200`, `HTTP/2 204`.
  private static func saysSuccess(_ line: UnsafeRawBufferPointer) -> Bool {
    guard let space = line.firstIndex(of: UInt8(ascii: " ")), space + 1 < line.count else { return false }
    return line[space + 1] == UInt8(ascii: "2")
  }

  private mutating func keep(_ line: UnsafeRawBufferPointer) {
    var text = line[...]
    while let last = text.last, last == 10 || last == 13 { text.removeLast() }
    guard lines.count + text.count < AttemptEvidence.keptAnswerBytes * 2 else { return }
    if !lines.isEmpty { lines.append(UInt8(ascii: "\n")) }
    // What the destination would know its visitors by is nobody else's.
    if Self.isCookie(text) {
      lines.append(contentsOf: text.prefix(Self.cookie.count))
      lines.append(contentsOf: " [secret]".utf8)
    } else {
      lines.append(contentsOf: text)
    }
  }

  private static let cookie = Array("set-cookie:".utf8)

  private static func isCookie(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
    line.count >= cookie.count
      && zip(line, cookie).allSatisfy { $0 | ($0 >= 0x41 && $0 <= 0x5A ? 0x20 : 0) == $1 }
  }

  /// nil: no answer began.
  var answerHeaders: [UInt8]? { lines.isEmpty ? nil : lines }
}

@available(*, unavailable)
extension AttemptRecord: Sendable {}

extension PeerAddress {
  /// - Parameter text: As `inet_ntop` writes it.
  init?(_ text: UnsafePointer<CChar>, port: UInt16) {
    var v4 = in_addr()
    var v6 = in6_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      self.init(.v4(UInt32(bigEndian: v4.s_addr)), port: port)
    } else if inet_pton(AF_INET6, text, &v6) == 1 {
      self.init(v6, port: port)
    } else {
      return nil
    }
  }

  init?(_ address: UnsafePointer<sockaddr>) {
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      let v4 = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
      self.init(.v4(UInt32(bigEndian: v4.sin_addr.s_addr)), port: UInt16(bigEndian: v4.sin_port))
    case AF_INET6:
      let v6 = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self)
      self.init(v6.sin6_addr, port: UInt16(bigEndian: v6.sin6_port))
    default: return nil
    }
  }

  private init(_ address: in6_addr, port: UInt16) {
    let (high, low) = withUnsafeBytes(of: address) {
      ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
    self.init(.v6(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low)), port: port)
  }
}
