import NIOCore
import RelayCore
import RelayPipeline
import RelayTestSupport
import Testing

@testable import RelayIngest

/// Bodies that are compressed, and what they may cost.
@Suite struct ContentCodingTests {
  private static let envelope = Array(#"{"messages":{"createdChat":[{"id":1,"body":"é"}]}}"#.utf8)

  private static func request(_ body: [UInt8], _ headers: [String]) -> [UInt8] {
    Array(Requests.head("POST", "/huggy", headers: headers + ["Content-Length: \(body.count)"]).utf8) + body
  }

  private func connection(maxBody: Int = 5 << 20, maxInflight: Int = 64 << 20) throws -> EmbeddedConnection {
    var settings = ServerSettings()
    (settings.maxBodyBytes, settings.maxInflightBytes) = (maxBody, maxInflight)
    return try EmbeddedConnection(settings: settings)
  }

  // MARK: What is decoded

  @Test(arguments: [
    ("gzip", ContentCoding.gzip), ("GZIP", .gzip), ("x-gzip", .gzip), ("deflate", .deflate),
    ("identity", .identity),
    ("", .identity), (" gzip , identity", .gzip), ("br", .unknown("br")), ("zstd", .unknown("zstd")),
    ("deflate, gzip", .unknown("deflate, gzip")), ("gzip,gzip", .unknown("gzip,gzip")),
    ("gzip;q=1", .unknown("gzip;q=1")),
  ])
  func aHeaderNamesACoding(value: String, coding: ContentCoding) {
    #expect(ContentCoding.identity.followed(by: value) == coding)
  }

  @Test func twoHeadersAreTwoCodings() {
    #expect(ContentCoding.gzip.followed(by: "gzip") == .unknown("gzip"))
    #expect(ContentCoding.gzip.followed(by: "identity") == .gzip)
  }

  @Test(arguments: Compression.allCases) func aCompressedBodyIsHandedOnDecoded(compress: Compression) throws {
    let connection = try connection()
    connection.send(Self.request(compress(Self.envelope), [compress.header]))
    #expect(try connection.statuses() == [200])
    #expect(connection.receiver.received.map(\.body) == [Self.envelope])
    connection.send(Requests.post())
    #expect(try connection.statuses() == [200], "the connection lives on")
    #expect(connection.budget.chargedBytes == 0)
  }

  @Test(arguments: Compression.allCases) func aCompressedBodyMayComeByteByByteAndInChunks(
    compress: Compression
  ) throws {
    let body = compress(Self.envelope)
    let whole = try connection()
    for byte in Self.request(body, [compress.header]) { whole.send([byte]) }
    #expect(whole.receiver.received.map(\.body) == [Self.envelope])
    let chunked = try connection()
    chunked.send(Requests.head("POST", "/huggy", headers: [compress.header, "Transfer-Encoding: chunked"]))
    for byte in body { chunked.send(Array("1\r\n".utf8) + [byte] + Array("\r\n".utf8)) }
    chunked.send("0\r\n\r\n")
    #expect(chunked.receiver.received.map(\.body) == [Self.envelope])
  }

  @Test func aBodyThatDoesNotCompressIsDecodedToo() throws {
    var random = SplitMix64(seed: 3)
    let bytes = (0..<200_000).map { _ in UInt8(random.below(256)) }
    for compress in Compression.allCases {
      let connection = try connection()
      connection.send(Self.request(compress(bytes), [compress.header]))
      #expect(connection.receiver.received.map(\.body) == [bytes])
    }
  }

  /// RFC 1952, 2.2: `gzip a b` and a log that is appended to make such files.
  @Test func aGzipBodyMayBeSeveralOneAfterAnother() throws {
    let halves = [Array(Self.envelope.prefix(20)), Array(Self.envelope.dropFirst(20))]
    let body = halves.flatMap { Compression.gzip($0) }
    let connection = try connection()
    connection.send(Self.request(body, ["Content-Encoding: gzip"]))
    for byte in Self.request(body, ["Content-Encoding: gzip"]) { connection.send([byte]) }
    #expect(connection.receiver.received.map(\.body) == [Self.envelope, Self.envelope])
  }

  // MARK: What is refused

  static let broken: [(String, [UInt8])] = [
    ("not compressed", envelope), ("empty", []), ("cut short", Compression.gzip(envelope).dropLast(9)),
    ("without its checksum", Compression.gzip(envelope).dropLast(1)), ("one byte", [0x1F]),
    ("followed by something else", Compression.gzip(envelope) + [0x20]),
    ("a wrong checksum", Compression.gzip(envelope).dropLast(8) + [1, 2, 3, 4, 5, 6, 7, 8]),
  ]

  @Test(arguments: broken) func aBodyThatIsNotWhatItsHeadSaysIsToldSo(name: String, body: [UInt8]) throws {
    for isWhole in [true, false] {
      let connection = try connection()
      let request = Self.request(body, ["Content-Encoding: gzip"])
      if isWhole { connection.send(request) } else { for byte in request { connection.send([byte]) } }
      let output = try connection.output()
      #expect(output.statuses == [400], "\(name)")
      #expect(output.contains(#""code":"invalid_encoding""#) && output.contains("gzip"))
      #expect(connection.receiver.received.isEmpty)
      #expect(connection.receiver.refused == [.init(path: "/huggy", status: 400)])
      #expect(connection.budget.chargedBytes == 0)
    }
  }

  @Test(arguments: ["br", "zstd", "deflate, gzip"]) func anotherCodingIsRefusedBeforeItsBodyIsKept(
    name: String
  ) throws {
    let connection = try connection()
    connection.send(Self.request([1, 2, 3], ["Content-Encoding: \(name)"]))
    let output = try connection.output()
    #expect(output.statuses == [415])
    #expect(output.contains("accept-encoding: gzip, deflate\r\n"))
    #expect(output.contains(#""code":"unsupported_media_type""#) && output.contains("'\(name)'"))
    #expect(!output.contains("connection: close"), "the body was short")
  }

  // MARK: What it may cost

  @Test func aDecodedBodyMayComeToTheLimitAndNoFurther() throws {
    for compress in Compression.allCases {
      let connection = try connection(maxBody: 100_000)
      connection.send(Self.request(compress([UInt8](repeating: 0x20, count: 100_000)), [compress.header]))
      #expect(connection.receiver.received.map(\.body.count) == [100_000])
      #expect(try connection.statuses() == [200])
      connection.send(Self.request(compress([UInt8](repeating: 0x20, count: 100_001)), [compress.header]))
      #expect(try connection.statuses() == [413])
      #expect(connection.receiver.received.count == 1)
    }
  }

  /// 64 MiB in 64 KiB.
  @Test func aBombIsRefusedAsItPassesTheLimitAndKeepsNothing() throws {
    let connection = try connection()
    let bomb = Compression.gzip([UInt8](repeating: 0, count: 64 << 20))
    let request = Self.request(bomb, ["Content-Encoding: gzip"])
    var sent = 0
    var output = ""
    while output.isEmpty, sent < request.count {
      connection.send(Array(request[sent..<min(request.count, sent + 1_000)]))
      sent += 1_000
      output = try connection.output()
      #expect(connection.budget.chargedBytes <= 5 << 20 + Inflater.stateBytes + 64 << 10)
    }
    #expect(output.statuses == [413])
    #expect(sent < 8_000, "it is not decoded beyond the limit")
    #expect(connection.budget.chargedBytes == 0)
    connection.send(Array(request[min(sent, request.count)...]))
    #expect(connection.budget.chargedBytes == 0)
  }

  @Test func decodedBytesCountInTheBudgetAsTheyGrow() throws {
    let connection = try connection(maxBody: 1 << 20, maxInflight: 4 << 20)
    let other = try #require(connection.budget.grown(to: 3 << 20))
    connection.send(
      Self.request(Compression.gzip([UInt8](repeating: 0x20, count: 1 << 20)), ["Content-Encoding: gzip"]))
    #expect(try connection.statuses() == [503])
    #expect(connection.budget.chargedBytes == 3 << 20)
    connection.budget.release(other)
    let again = try self.connection(maxBody: 1 << 20, maxInflight: 1 << 20)
    again.send(
      Self.request(Compression.gzip([UInt8](repeating: 0x20, count: 1 << 20)), ["Content-Encoding: gzip"]))
    #expect(try again.statuses() == [200], "one of the largest always has room")
  }

  @Test func whatDecodesABodyIsChargedUntilItsEnd() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    let request = Self.request(Compression.gzip(Self.envelope), ["Content-Encoding: gzip"])
    connection.send(Array(request.dropLast(1)))
    #expect(connection.budget.chargedBytes >= Inflater.stateBytes)
    connection.send(Array(request.suffix(1)))
    #expect((1..<8 << 10).contains(connection.budget.chargedBytes))
    receiver.received[0].complete(RecordingReceiver.reply)
    #expect(connection.budget.chargedBytes == 0)
  }

  @Test func aClientThatLeavesWithinACompressedBodyLeavesNothingBehind() throws {
    let connection = try connection()
    connection.send(
      Array(Self.request(Compression.gzip(Self.envelope), ["Content-Encoding: gzip"]).dropLast(5)))
    connection.closeInput()
    #expect(connection.isClosed)
    #expect(connection.budget.chargedBytes == 0)
  }
}
