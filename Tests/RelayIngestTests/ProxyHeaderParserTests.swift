import NIOCore
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayIngest

@Suite struct ProxyHeaderParserTests {
  typealias Fault = ProxyHeaderParser.Fault

  static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

  /// A header of version 2; its length is that of what follows, unless it is said.
  static func binary(_ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
    let length = length ?? rest.count
    return signature + [command, family, UInt8(length >> 8), UInt8(length & 0xFF)] + rest
  }

  private static let v4: [UInt8] = [203, 0, 113, 7, 192, 0, 2, 1, 0xDC, 4, 1, 0xBB]
  private static let v6: [UInt8] =
    [0x20, 1, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [7] + Array(repeating: 0xFE, count: 16) + [
      1, 2, 3, 4,
    ]
  private static let mapped: [UInt8] =
    Array(repeating: 0, count: 10) + [0xFF, 0xFF, 203, 0, 113, 7] + Array(repeating: 0, count: 20)
  /// Some values of a kind that nobody knows, and checksums.
  private static let values: [UInt8] = [0xE0, 0, 3, 1, 2, 3, 3, 0, 4, 1, 2, 3, 4]

  /// What a header says: an address, or `itself` for the proxy's own.
  private static let good: [(header: [UInt8], says: String)] = [
    (Array("PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n".utf8), "203.0.113.7"),
    (Array("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n".utf8), "255.255.255.255"),
    (Array("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n".utf8), "0.0.0.0"),
    (Array("PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n".utf8), "2001:db8::7"),
    (Array("PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n".utf8), "203.0.113.7"),
    (
      Array(
        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"
          .utf8
      ), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    ),
    (Array("PROXY UNKNOWN\r\n".utf8), "itself"),
    (Array("PROXY UNKNOWN whatever it is 1 2 3\r\n".utf8), "itself"),
    (binary(0x21, 0x11, v4), "203.0.113.7"), (binary(0x21, 0x11, v4 + values), "203.0.113.7"),
    (binary(0x21, 0x21, v6), "2001:db8::7"), (binary(0x21, 0x21, v6 + values), "2001:db8::7"),
    (binary(0x21, 0x21, mapped), "203.0.113.7"),
    (binary(0x21, 0x11, v4 + Array(repeating: 1, count: ProxyHeaderParser.maxBytes - 12)), "203.0.113.7"),
    // Whoever sent it speaks for itself, or for nobody with an address.
    (binary(0x20, 0x00, []), "itself"), (binary(0x20, 0x11, v4), "itself"),
    (binary(0x20, 0x21, []), "itself"),
    (binary(0x20, 0x00, values), "itself"), (binary(0x20, 0xFF, v4), "itself"),
    (binary(0x21, 0x00, []), "itself"), (binary(0x21, 0x00, values), "itself"),
    (binary(0x21, 0x12, v4), "itself"), (binary(0x21, 0x22, v6), "itself"),
    (binary(0x21, 0x10, v4), "itself"),
    (binary(0x21, 0x31, Array(repeating: 0x2F, count: 216)), "itself"),
    (binary(0x21, 0x32, Array(repeating: 0x2F, count: 216) + values), "itself"),
  ]

  private static let broken: [(header: [UInt8], fault: Fault)] = [
    (Array("POST /huggy HTTP/1.1\r\n".utf8), .missing), (Array("G".utf8), .missing),
    (Array("PROXX".utf8), .missing),
    (Array("PROXY\r\n".utf8), .missing), (Array("proxy TCP4".utf8), .missing),
    (Array("\r\n\r\n\r\n".utf8), .missing),
    ([0x16, 3, 1], .missing), (Array(signature.dropLast()) + [0x0B], .missing),
    (Array("PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\n".utf8), .malformed),
    (Array("PROXY TCP4 203.0.113.7 192.0.2.1 56324\r\n".utf8), .malformed),
    (Array("PROXY TCP4 203.0.113.7 192.0.2.1 56324 443 \r\n".utf8), .malformed),
    (Array("PROXY  TCP4 203.0.113.7 192.0.2.1 56324 443\r\n".utf8), .malformed),
    (Array("PROXY TCP4 203.0.113.7  192.0.2.1 443\r\n".utf8), .malformed),
    (Array("PROXY TCP6 203.0.113.7 192.0.2.1 56324 443\r\n".utf8), .malformed),
    (Array("PROXY TCP4 2001:db8::7 2001:db8::1 56324 443\r\n".utf8), .malformed),
    (Array("PROXY TCP4 203.0.113.7 2001:db8::1 56324 443\r\n".utf8), .malformed),
    (Array("PROXY TCP5 203.0.113.7 192.0.2.1 56324 443\r\n".utf8), .malformed),
    (Array("PROXY tcp4 203.0.113.7 192.0.2.1 56324 443\r\n".utf8), .malformed),
    (Array("PROXY TCP4 203.0.113.07 192.0.2.1 56324 443\r\n".utf8), .malformed),
    (Array("PROXY TCP4 203.0.113.7 192.0.2.1 65536 443\r\n".utf8), .malformed),
    (Array("PROXY TCP4 203.0.113.7 192.0.2.1 +1 443\r\n".utf8), .malformed),
    (Array("PROXY TCP4 203.0.113.7 192.0.2.1 00080 443\r\n".utf8), .malformed),
    (Array("PROXY unknown\r\n".utf8), .malformed), (Array("PROXY UNKNOWN\n".utf8), .malformed),
    (Array("PROXY \r\n".utf8), .malformed), (Array("PROXY \n".utf8), .malformed),
    (Array(("PROXY UNKNOWN " + String(repeating: "x", count: 200)).utf8), .endless),
    (binary(0x11, 0x11, v4), .unknownCommand), (binary(0x22, 0x11, v4), .unknownCommand),
    (binary(0x31, 0x11, v4), .unknownCommand), (binary(0x2F, 0x11, v4), .unknownCommand),
    (binary(0x21, 0x41, v4), .unknownFamily), (binary(0x21, 0x13, v4), .unknownFamily),
    (binary(0x21, 0x11, [], length: 11), .short), (binary(0x21, 0x21, v4), .short),
    (binary(0x21, 0x31, v6), .short),
    (binary(0x21, 0x11, []), .short),
    (binary(0x21, 0x11, [], length: ProxyHeaderParser.maxBytes + 1), .long),
    (binary(0x20, 0, [], length: 65_535), .long),
  ]

  private static func text(_ outcome: ProxyHeaderParser.Outcome) -> String {
    switch outcome {
    case .incomplete: "incomplete"
    case .complete(let address): address.map { "\($0)" } ?? "itself"
    case .broken(let fault): "\(fault)"
    }
  }

  /// Gives it the bytes in pieces of this size.
  ///
  /// - Returns: What came of it, and what it left.
  private static func parse(_ bytes: [UInt8], piece: Int) -> (outcome: String, rest: [UInt8]) {
    var parser = ProxyHeaderParser()
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + piece)
      var input = ByteBuffer(bytes: bytes[start..<end])
      let outcome = parser.take(&input)
      if outcome != .incomplete { return (text(outcome), Array(input.readableBytesView) + bytes[end...]) }
      #expect(input.readableBytes == 0)
      start = end
    }
    return ("incomplete", [])
  }

  @Test func everyFormIsReadInWhateverPiecesItComesAndWhatFollowsStays() {
    let next = Array("POST /huggy HTTP/1.1\r\n".utf8)
    for (header, says) in Self.good {
      for piece in [1, 2, 7, 16, 17, header.count, header.count + 5, header.count + next.count] {
        let (outcome, rest) = Self.parse(header + next, piece: piece)
        #expect(outcome == says && rest == next, "\(header) in pieces of \(piece): \(outcome)")
      }
      for count in [0, 1, 5, 12, 15, header.count - 1] where count < header.count {
        #expect(Self.parse(Array(header.prefix(count)), piece: 3).outcome == "incomplete")
      }
    }
  }

  @Test func everyBrokenFormIsToldInWhateverPiecesItComes() {
    for (header, fault) in Self.broken {
      for piece in [1, 2, 7, 16, header.count] {
        #expect(
          Self.parse(header, piece: piece).outcome == "\(fault)", "\(String(decoding: header, as: UTF8.self))"
        )
      }
    }
    #expect(Set(Self.broken.map(\.fault)) == Set(Fault.allCases))
  }

  /// Nothing that comes is a crash, nor is more kept than a line.
  @Test func whateverComesAnEndIsFound() {
    var randomness = SplitMix64(seed: 7)
    for (header, _) in Self.good {
      for _ in 0..<200 {
        var mutated = header
        mutated[Int.random(in: 0..<mutated.count, using: &randomness)] = UInt8.random(
          in: 0...255, using: &randomness)
        let whole = Self.parse(mutated, piece: mutated.count)
        #expect(Self.parse(mutated, piece: 1) == whole, "\(mutated)")
      }
    }
  }
}
