import Foundation
import Testing

/// Requests that somebody in front may frame otherwise than the relay does, or that are no clean HTTP: sent to the running binary, each
/// with a request behind it that must never be taken for one of its own.
@Suite(.timeLimit(.minutes(15))) struct SmugglingTests {
  private static let hidden =
    "POST /smuggled HTTP/1.1\r\nHost: relay\r\nContent-Length: 23\r\n\r\n{\"messages\":{\"a\":[{}]}}"
  private static let body = #"{"messages":{"a":[{}]}}"#

  private static func head(_ lines: String..., end: String = "\r\n") -> String {
    (["POST /huggy HTTP/1.1", "Host: relay"] + lines).map { $0 + end }.joined() + end
  }

  /// What is refused, closed, and nothing of it or behind it taken.
  private static let refused: [String: String] = [
    "both lengths": head("Content-Length: 4", "Transfer-Encoding: chunked") + "0\r\n\r\n",
    "both lengths, the other way round": head("Transfer-Encoding: chunked", "Content-Length: 4")
      + "0\r\n\r\n",
    "both lengths, one hidden by case": head("content-length: 4", "TRANSFER-ENCODING: CHUNKED") + "0\r\n\r\n",
    "two lengths": head("Content-Length: 23", "Content-Length: 0") + body,
    "two lengths in one line": head("Content-Length: 23, 0") + body,
    "the same length twice": head("Content-Length: 23", "Content-Length: 23") + body,
    "a length with a sign": head("Content-Length: +23") + body,
    "a negative length": head("Content-Length: -1") + body,
    "a hexadecimal length": head("Content-Length: 0x17") + body,
    "a length with a space in it": head("Content-Length: 2 3") + body,
    "an empty length": head("Content-Length:") + body,
    "a length beyond all numbers": head("Content-Length: 18446744073709551639") + body,
    "two codings": head("Transfer-Encoding: chunked", "Transfer-Encoding: identity") + "0\r\n\r\n",
    "a coding before chunked": head("Transfer-Encoding: gzip, chunked") + "0\r\n\r\n",
    "an unknown coding": head("Transfer-Encoding: xchunked") + "0\r\n\r\n",
    "a coding with a control character": head("Transfer-Encoding: \u{B}chunked") + "0\r\n\r\n",
    "a coding behind a semicolon": head("Transfer-Encoding: chunked;q=1") + "0\r\n\r\n",
    "a space before the colon": head("Content-Length : 23") + body,
    "a space before the name": head(" Content-Length: 23") + body,
    "a folded header": head("X-A: a", " b", "Content-Length: 23") + body,
    "a folded length": head("Content-Length: 2", "\t3") + body,
    "a NUL in a value": head("X-A: a\0b", "Content-Length: 23") + body,
    "a NUL in a name": head("X\0A: a", "Content-Length: 23") + body,
    "line feeds alone": head("Content-Length: 23", end: "\n") + body,
    "a line feed alone in a header": head("X-A: a\nContent-Length: 23", "X-B: b") + body,
    "a carriage return alone": head("X-A: a\rContent-Length: 0", "Content-Length: 23") + body,
    "no name": head(": a", "Content-Length: 23") + body,
    "a line without a colon": head("Content-Length", "Content-Length: 23") + body,
    "a size that is none": head("Transfer-Encoding: chunked") + "zz\r\n\(body)\r\n0\r\n\r\n",
    "a size with 0x": head("Transfer-Encoding: chunked") + "0x17\r\n\(body)\r\n0\r\n\r\n",
    "a negative size": head("Transfer-Encoding: chunked") + "-1\r\n\(body)\r\n0\r\n\r\n",
    "an empty size": head("Transfer-Encoding: chunked") + "\r\n\(body)\r\n0\r\n\r\n",
    "a size beyond all numbers": head("Transfer-Encoding: chunked")
      + "10000000000000017\r\n\(body)\r\n0\r\n\r\n",
    "a chunk that is longer than it says": head("Transfer-Encoding: chunked") + "16\r\n\(body)\r\n0\r\n\r\n",
    "a size that ends with a line feed": head("Transfer-Encoding: chunked") + "17\n\(body)\r\n0\r\n\r\n",
    "an extension with a line feed": head("Transfer-Encoding: chunked") + "17;a=\nb\r\n\(body)\r\n0\r\n\r\n",
    "a length among the trailers": head("Transfer-Encoding: chunked")
      + "17\r\n\(body)\r\n0\r\nContent-Length: 0\r\n\r\n",
    "chunks in HTTP/1.0": "POST /huggy HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two hosts": head("Host: other", "Content-Length: 23") + body,
    "no host": "POST /huggy HTTP/1.1\r\nContent-Length: 23\r\n\r\n\(body)",
    "another version": "POST /huggy HTTP/1.2\r\nHost: relay\r\nContent-Length: 23\r\n\r\n\(body)",
    "a version of HTTP/0.9": "GET /huggy\r\n",
    "a tab in the first line": "POST\t/huggy HTTP/1.1\r\nHost: relay\r\nContent-Length: 23\r\n\r\n\(body)",
    "a space in the path": "POST /huggy x HTTP/1.1\r\nHost: relay\r\nContent-Length: 23\r\n\r\n\(body)",
  ]

  /// What is clean, and unusual: it is taken, and what stands behind it is a request of its own.
  private static let taken: [String: String] = [
    "a chunk with an extension": head("Transfer-Encoding: chunked")
      + "17;a=b;c=\"d\"\r\n\(body)\r\n0\r\n\r\n",
    "many chunks": head("Transfer-Encoding: chunked")
      + body.utf8.map { "1\r\n\(Character(UnicodeScalar($0)))\r\n" }.joined() + "0\r\n\r\n",
    "a size with zeros before it": head("Transfer-Encoding: chunked") + "0000017\r\n\(body)\r\n000\r\n\r\n",
    "trailers": head("Transfer-Encoding: chunked", "Trailer: X-A")
      + "17\r\n\(body)\r\n0\r\nX-A: b\r\n\r\n",
    "spaces around the length": head("Content-Length:  23  ") + body,
    "a length with a tab": head("Content-Length:\t23") + body,
    "an empty header": head("X-A:", "Content-Length: 23") + body,
    "an empty line before": "\r\n" + head("Content-Length: 23") + body,
  ]

  @Test func whatIsAmbiguousIsRefusedAndNothingBehindItIsTaken() async throws {
    let relay = try HostileRelay()
    for (name, request) in Self.refused.sorted(by: { $0.key < $1.key }) {
      let connection = try relay.talk()
      try connection.send(request + Self.hidden)
      let answer = connection.rest()
      let statuses = Self.statuses(answer)
      #expect(statuses == [400], "\(name): \(answer)")
    }
    #expect(try relay.accepted(by: "smuggled") == 0)
    #expect(try relay.refused("bad_request") >= Double(Self.refused.count))
    try await relay.end()
  }

  @Test func whatIsCleanIsTakenAndSoIsWhatStandsBehindIt() async throws {
    let relay = try HostileRelay()
    for (name, request) in Self.taken.sorted(by: { $0.key < $1.key }) {
      let connection = try relay.talk()
      try connection.send(request + Self.hidden)
      connection.closeOutput()
      let answer = connection.rest()
      #expect(Self.statuses(answer) == [200, 200], "\(name): \(answer)")
    }
    #expect(try relay.accepted(by: "smuggled") == Double(Self.taken.count))
    try await relay.end()
  }

  /// A name is letters, digits and a few signs; a value is whatever is no control character (RFC 9110, 5.1 and 5.5).
  @Test func everyByteInANameAndInAValueIsTakenOrRefusedAsTheStandardHasIt() async throws {
    let relay = try HostileRelay()
    let signs = Set("!#$%&'*+-.^_`|~".utf8)
    for byte in UInt8.min...UInt8.max {
      let isLetter = UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
      let isOfName = isLetter || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || signs.contains(byte)
      let isOfValue = byte >= 0x20 && byte != 0x7F || byte == 0x09
      for (part, line, isClean) in [
        ("name", Array("X-A".utf8) + [byte] + Array("B: v".utf8), isOfName),
        ("value", Array("X-A: v".utf8) + [byte] + Array("w".utf8), isOfValue),
      ] {
        // A colon ends the name: what follows is its value.
        if part == "name", byte == UInt8(ascii: ":") { continue }
        let connection = try relay.talk()
        let request = Self.head("Content-Length: 23", "Connection: close").dropLast()
        try connection.send(Array(request.utf8) + line + Array("\r\n\r\n\(Self.body)".utf8))
        let answer = connection.rest()
        #expect(Self.statuses(answer) == [isClean ? 200 : 400], "\(byte) in a \(part): \(answer)")
      }
    }
    try await relay.end()
  }

  private static func statuses(_ answer: String) -> [Int] {
    answer.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
  }
}
