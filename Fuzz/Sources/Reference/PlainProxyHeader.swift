import NIOCore
import RelayCore

@testable import RelayIngest

/// The PROXY header of all the bytes that will ever come, read at once.
enum PlainProxyHeader {
  struct Read: Equatable {
    var outcome: ProxyHeaderParser.Outcome
    /// How many bytes were the header's. Of a broken one it is not told.
    var count: Int
  }

  private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A] + Array("QUIT\n".utf8)

  static func read(_ bytes: [UInt8]) -> Read {
    let line = Array("PROXY ".utf8)
    if bytes.starts(with: line) { return text(bytes) }
    if bytes.starts(with: signature) { return binary(bytes) }
    let isPart = line.starts(with: bytes) || signature.starts(with: bytes)
    return isPart ? Read(outcome: .incomplete, count: bytes.count) : broken(.missing)
  }

  private static func broken(_ fault: ProxyHeaderParser.Fault) -> Read {
    Read(outcome: .broken(fault), count: 0)
  }

  private static func text(_ bytes: [UInt8]) -> Read {
    guard let end = bytes.prefix(107).firstIndex(of: 0x0A) else {
      return bytes.count < 107 ? Read(outcome: .incomplete, count: bytes.count) : broken(.endless)
    }
    guard bytes[end - 1] == 0x0D else { return broken(.malformed) }
    let words = String(decoding: bytes[6..<end - 1], as: UTF8.self).unicodeScalars
      .split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
    if words.first == "UNKNOWN" { return Read(outcome: .complete(nil), count: end + 1) }
    guard words.count == 5, let source = PlainAddress.of(words[1]), let target = PlainAddress.of(words[2]),
      words[3...].allSatisfy({ word in UInt16(word).map { "\($0)" } == word })
    else { return broken(.malformed) }
    switch (words[0], source, target) {
    case ("TCP4", .v4, .v4), ("TCP6", .v6, .v6):
      return Read(outcome: .complete(PlainAddress.unmapped(source)), count: end + 1)
    default: return broken(.malformed)
    }
  }

  private static func binary(_ bytes: [UInt8]) -> Read {
    let incomplete = Read(outcome: .incomplete, count: bytes.count)
    guard bytes.count >= 16 else { return incomplete }
    let length = Int(bytes[14]) * 256 + Int(bytes[15])
    let count = 16 + length
    guard [0x20, 0x21].contains(bytes[12]) else { return broken(.unknownCommand) }
    guard length <= 16_384 else { return broken(.long) }
    if bytes[12] == 0x20 {
      return bytes.count < count ? incomplete : Read(outcome: .complete(nil), count: count)
    }
    let (family, protocolNumber) = (bytes[13] / 16, bytes[13] % 16)
    guard family <= 3, protocolNumber <= 2 else { return broken(.unknownFamily) }
    guard length >= [0, 12, 36, 216][Int(family)] else { return broken(.short) }
    guard bytes.count >= count else { return incomplete }
    func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
    let address: PeerAddress.Address? =
      switch (family, protocolNumber) {
      case (1, 1): .v4(UInt32(word(16..<20)))
      case (2, 1): PlainAddress.unmapped(.v6(high: word(16..<24), low: word(24..<32)))
      default: nil
      }
    return Read(outcome: .complete(address), count: count)
  }
}
