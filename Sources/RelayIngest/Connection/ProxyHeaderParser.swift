import NIOCore
import RelayCore

/// Reads what a proxy sends before a connection's first request, to say whom it speaks for: the PROXY protocol
/// (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt), version 1 (a line of text) and version 2 (binary), in whatever pieces
/// it comes.
///
///     PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n
///     0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A · 21 · 11 · 00 0C · source, destination, their ports · further values, which are skipped
///
/// What does not concern TCP over IP names nobody: then the proxy speaks for itself, as it does where it checks the relay's health.
struct ProxyHeaderParser {
  enum Outcome: Equatable {
    /// All that came is a part of it.
    case incomplete
    /// It has ended, and stands for this address; nil: for the proxy itself.
    case complete(PeerAddress.Address?)
    case broken(Fault)
  }

  /// What is wrong with it. The raw value is a sentence's end.
  enum Fault: String, CaseIterable {
    case missing = "it begins with something else"
    case malformed = "its line is not one of version 1"
    case endless = "its line is longer than any of version 1"
    case unknownCommand = "it has a version or a command that does not exist"
    case unknownFamily = "it has an address family or a protocol that does not exist"
    case short = "it is shorter than its addresses"
    case long = "it is longer than 16 KiB"
  }

  private enum Part {
    case start
    case line
    case fixed
    case addresses(Family)
    case rest(PeerAddress.Address?)
  }

  private enum Command: UInt8 {
    case local = 0
    case proxy = 1
  }

  private enum Family: UInt8 {
    case unspecified = 0
    case v4 = 1
    case v6 = 2
    case unix = 3

    /// Of both addresses and their ports.
    var bytes: Int {
      switch self {
      case .unspecified: 0
      case .v4: 12
      case .v6: 36
      case .unix: 216
      }
    }
  }

  private static let lineStart = Array("PROXY ".utf8)
  private static let signature: [UInt8] = [
    0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
  ]
  /// The longest line of version 1, with its end.
  private static let maxLineBytes = 107
  /// The signature, command, family and length of version 2.
  private static let fixedBytes = 16
  /// Of what follows them.
  static let maxBytes = RequestParser.maxHeaderBytes

  private var part = Part.start
  /// What is looked at as a whole: never more than a line, or the addresses.
  private var kept: [UInt8] = []
  /// What follows `kept` and is still to be read.
  private var missingBytes = 0

  /// Takes the header's bytes from the input's begin; what follows them stays.
  mutating func take(_ input: inout ByteBuffer) -> Outcome {
    while true {
      if case .rest(let address) = part {
        let skipped = min(missingBytes, input.readableBytes)
        input.moveReaderIndex(forwardBy: skipped)
        missingBytes -= skipped
        return missingBytes == 0 ? .complete(address) : .incomplete
      }
      guard let byte = input.readInteger(as: UInt8.self) else { return .incomplete }
      kept.append(byte)
      if let outcome = look() { return outcome }
    }
  }

  /// After each byte; nil: it goes on.
  private mutating func look() -> Outcome? {
    switch part {
    case .start:
      if kept == Self.lineStart {
        part = .line
      } else if kept == Self.signature {
        part = .fixed
      } else if !Self.lineStart.starts(with: kept), !Self.signature.starts(with: kept) {
        return .broken(.missing)
      }
    case .line:
      if kept.last == UInt8(ascii: "\n") { return Self.line(kept) }
      if kept.count >= Self.maxLineBytes { return .broken(.endless) }
    case .fixed where kept.count == Self.fixedBytes: return readFixed()
    case .addresses(let family):
      missingBytes -= 1
      if kept.count == family.bytes { part = .rest(Self.address(kept, family)) }
    case .fixed, .rest: break
    }
    return nil
  }

  private mutating func readFixed() -> Outcome? {
    guard kept[12] >> 4 == 2, let command = Command(rawValue: kept[12] & 0xF) else {
      return .broken(.unknownCommand)
    }
    missingBytes = Int(kept[14]) << 8 | Int(kept[15])
    guard missingBytes <= Self.maxBytes else { return .broken(.long) }
    if command == .local {
      part = .rest(nil)
      return nil
    }
    guard let family = Family(rawValue: kept[13] >> 4), let isTCP = Self.isTCP(kept[13] & 0xF) else {
      return .broken(.unknownFamily)
    }
    guard missingBytes >= family.bytes else { return .broken(.short) }
    kept = []
    switch family {
    case .v4, .v6: part = isTCP ? .addresses(family) : .rest(nil)
    case .unspecified, .unix: part = .rest(nil)
    }
    return nil
  }

  /// nil: there is no such protocol.
  private static func isTCP(_ number: UInt8) -> Bool? {
    switch number {
    case 0, 2: false
    case 1: true
    default: nil
    }
  }

  /// - Parameter bytes: Those of both addresses; the first is the source's.
  private static func address(_ bytes: [UInt8], _ family: Family) -> PeerAddress.Address? {
    func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
    switch family {
    case .v4: return .v4(UInt32(word(0..<4)))
    case .v6: return PeerAddress.Address.v6(high: word(0..<8), low: word(8..<16)).unmapped
    case .unspecified, .unix: return nil
    }
  }

  /// - Parameter bytes: A line of version 1, with its end.
  private static func line(_ bytes: [UInt8]) -> Outcome {
    guard bytes.dropLast().last == UInt8(ascii: "\r") else { return .broken(.malformed) }
    let words = bytes.dropLast(2).split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    // Whatever follows it is not looked at.
    if words[1] == "UNKNOWN" { return .complete(nil) }
    guard words.count == 6, let source = PeerAddress.Address(words[2]),
      let target = PeerAddress.Address(words[3]),
      isPort(words[4]), isPort(words[5])
    else { return .broken(.malformed) }
    switch (words[1], source, target) {
    case ("TCP4", .v4, .v4), ("TCP6", .v6, .v6): return .complete(source.unmapped)
    default: return .broken(.malformed)
    }
  }

  private static func isPort(_ text: String) -> Bool {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      text == "0" || text.first != "0", let port = Int(text)
    else { return false }
    return port <= 65_535
  }
}
