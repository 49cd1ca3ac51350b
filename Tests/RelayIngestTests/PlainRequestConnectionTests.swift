import NIOCore
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayIngest

/// The decoder and the short cut past it, on one connection.
@Suite struct PlainRequestConnectionTests {
  // MARK: They don't get into each other's way

  @Test func plainAndUnusualRequestsAreAnsweredInOrderByteForByte() throws {
    let talk = Talk(Exchange.all + Exchange.all)
    try talk.expectReplies(cutAt: Array(1..<talk.bytes.count))
  }

  @Test func plainAndUnusualRequestsAreAnsweredInOrderInOnePiece() throws {
    try Talk(Exchange.all + Exchange.all).expectReplies(cutAt: [])
  }

  @Test(arguments: Exchange.all)
  func anyOneCutBetweenPlainRequestsChangesNothing(exchange: Exchange) throws {
    let talk = Talk([.plain, exchange, .plain, exchange, .put])
    for place in 1..<min(talk.bytes.count, 600) { try talk.expectReplies(cutAt: [place]) }
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func anySequenceInAnyPiecesIsAnsweredInOrder(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let talk = Talk((0..<12).map { _ in random.pick(Exchange.all + [.plain, .put, .large]) })
    for _ in 0..<10 {
      let cuts = Set((0..<random.below(20)).map { _ in 1 + random.below(talk.bytes.count - 1) })
      try talk.expectReplies(cutAt: cuts.sorted())
    }
  }

  // MARK: What belongs to an unusual request

  @Test func aHeadersValueThatLooksLikeARequestIsAValue() throws {
    let connection = try EmbeddedConnection()
    connection.send("POST /huggy HTTP/1.1\r\nX-Note: ")
    connection.send(Requests.post("1", path: "/hidden"))
    #expect(try connection.statuses() == [200])
    connection.send(Requests.post("2"))
    #expect(connection.receiver.bodies == ["1", "2"])
    #expect(connection.receiver.refused.isEmpty)
  }

  @Test func aBodyThatLooksLikeRequestsIsABody() throws {
    let body = Requests.post("1") + Requests.post("2")
    let whole = Requests.post(body)
    for place in 1..<whole.utf8.count {
      let connection = try EmbeddedConnection()
      connection.send(Array(whole.utf8.prefix(place)))
      connection.send(Array(whole.utf8.dropFirst(place)) + Array(Requests.post("3").utf8))
      #expect(connection.receiver.bodies == [body, "3"], "cut after \(place) bytes")
    }
  }

  @Test func aChunkThatLooksLikeARequestIsAChunk() throws {
    let connection = try EmbeddedConnection()
    let inner = Requests.post("1")
    connection.send(Requests.head("POST", "/huggy", headers: ["Transfer-Encoding: chunked"]))
    connection.send("\(String(inner.utf8.count, radix: 16))\r\n")
    connection.send(inner)
    connection.send("\r\n0\r\n\r\n" + Requests.post("2"))
    #expect(connection.receiver.bodies == [inner, "2"])
    #expect(try connection.statuses() == [200, 200])
  }

  @Test func theBodyOfARefusedRequestIsSkippedWhicheverWayItCame() throws {
    let connection = try EmbeddedConnection()
    let inner = Requests.post("1")
    let refused = Requests.post(inner, path: "/nowhere")
    connection.send(refused + Requests.post("2"))
    connection.send(String(refused.dropLast(inner.count)))
    connection.send(inner)
    connection.send(Requests.post("3"))
    #expect(connection.receiver.bodies == ["2", "3"])
    #expect(connection.receiver.refused == Array(repeating: .init(path: "/nowhere", status: 404), count: 2))
    #expect(try connection.statuses() == [404, 200, 404, 200])
  }

  // MARK: When the short cut is taken

  @Test func plainRequestsPassTheDecoderBy() throws {
    let connection = try EmbeddedConnection()
    let spy = try connection.spyOnDecoder()
    connection.send(Requests.post("1") + Requests.post("2", method: "PUT"))
    #expect(spy.bytes == 0)
    #expect(connection.receiver.bodies == ["1", "2"])
  }

  @Test func aRequestWhoseBodyCameApartLeavesTheDecoderEmpty() throws {
    let connection = try EmbeddedConnection()
    let spy = try connection.spyOnDecoder()
    let body = String(repeating: "x", count: 10_000)
    let whole = Array(Requests.post(body).utf8)
    connection.send(Array(whole.prefix(500)))
    connection.send(Array(whole.dropFirst(500).prefix(500)))
    #expect(spy.bytes == 1_000)
    connection.send(Array(whole.dropFirst(1_000)) + Array(Requests.post("2").utf8))
    #expect(spy.bytes == whole.count, "the second one passed it by")
    #expect(connection.receiver.bodies == [body, "2"])
  }

  @Test func whileTheDecoderMayHoldSomethingNothingPassesItBy() throws {
    let connection = try EmbeddedConnection()
    let spy = try connection.spyOnDecoder()
    let first = Exchange.chunked.request + "POST /huggy HTTP/1.1\r\nX-Note: "
    let others = Requests.post("2") + Requests.post("3")
    connection.send(first)
    connection.send(others)
    #expect(spy.bytes == first.utf8.count + others.utf8.count)
    #expect(connection.receiver.bodies == ["{\"chunked\":1}", "2", "3"])
  }

  @Test func aPlainRequestOverTheLimitIsRefusedAsAnyOther() throws {
    var settings = ServerSettings()
    settings.maxBodyBytes = 100_000
    let connection = try EmbeddedConnection(settings: settings)
    connection.send(Requests.post(String(repeating: "x", count: 100_000)))
    connection.send(Requests.post(String(repeating: "x", count: 100_001)) + Requests.post("2"))
    #expect(try connection.statuses() == [200, 413])
    #expect(connection.socket.outputIsClosed)
    #expect(connection.receiver.received.count == 1)
    #expect(connection.budget.chargedBytes == 0)
  }
}

extension EmbeddedConnection {
  fileprivate func spyOnDecoder() throws -> DecoderSpy {
    let spy = DecoderSpy()
    let handler = try channel.pipeline.syncOperations.handler(type: IngestHandler.self)
    try channel.pipeline.syncOperations.addHandler(spy, position: .after(handler))
    return spy
  }
}

/// Counts what the decoder is given.
private final class DecoderSpy: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private(set) var bytes = 0

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    bytes += unwrapInboundIn(data).readableBytes
    context.fireChannelRead(data)
  }
}
