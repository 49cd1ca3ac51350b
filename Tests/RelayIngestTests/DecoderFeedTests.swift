import NIOCore
import NIOHTTP1
import Testing

@testable import RelayIngest

@Suite struct DecoderFeedTests {
  let budget = InflightBudget(limitBytes: 1 << 20, largestBodyBytes: 1 << 10)

  @Test func ofAHeadLittleIsGivenAtOnceAndOfABodyAllThatItIsShortOf() {
    var feed = DecoderFeed()
    var input = ByteBuffer.zeros(100_000)
    let head = feed.cutHead(from: &input)
    let chunks = feed.cutBody(from: &input, missingBytes: 0)
    let body = feed.cutBody(from: &input, missingBytes: 50_000)
    #expect(head.readableBytes == DecoderFeed.sliceBytes)
    #expect(chunks.readableBytes == DecoderFeed.sliceBytes)
    #expect(body.readableBytes == 50_000)
    let rest = feed.cutBody(from: &input, missingBytes: 100_000)
    #expect(rest.readableBytes == 100_000 - 50_000 - 2 * DecoderFeed.sliceBytes)
    #expect(input.readableBytes == 0)
  }

  @Test func theDecoderIsEmptyBehindTheExactRestOfABodyAndOnlyThere() {
    var feed = DecoderFeed()
    #expect(feed.isClean)
    var input = ByteBuffer.zeros(10_000)
    _ = feed.cutHead(from: &input)
    feed.requestEnded()
    feed.sliceDecoded()
    #expect(!feed.isClean, "the next request may have begun in it")
    for (count, ends) in [(10, false), (10, true), (5, false)] {
      var piece = ByteBuffer.zeros(count)
      _ = feed.cutBody(from: &piece, missingBytes: 10)
      if ends { feed.requestEnded() }
      feed.sliceDecoded()
      #expect(feed.isClean == (count == 10 && ends))
    }
  }

  @Test func aHeadThatIsWithheldIsChargedOnceItIsLong() {
    var feed = DecoderFeed()
    for _ in 0..<2 {
      var piece = ByteBuffer.zeros(1_000)
      _ = feed.cutHead(from: &piece)
      #expect(budget.chargedBytes == 0)
      let hasRoom = feed.chargeHead(to: budget)
      #expect(hasRoom)
    }
    #expect(budget.chargedBytes >= RequestParser.maxHeaderBytes)
    feed.releaseHead(to: budget)
    #expect(budget.chargedBytes == 0)
  }

  @Test func aHeadWithoutRoomIsNotKept() {
    var feed = DecoderFeed()
    var piece = ByteBuffer.zeros(2_000)
    _ = feed.cutHead(from: &piece)
    let hasRoom = feed.chargeHead(to: InflightBudget(limitBytes: 8 << 10, largestBodyBytes: 1 << 10))
    #expect(!hasRoom)
  }

  @Test func whatTheDecoderGaveUpIsToldFromItsFirstBytesHoweverTheyCame() {
    var feed = DecoderFeed()
    for piece in ["PRI", " * HTTP/2.0"] {
      var input = ByteBuffer(string: piece)
      _ = feed.cutHead(from: &input)
      _ = feed.chargeHead(to: budget)
    }
    #expect(feed.refusal(of: HTTPParserError.invalidMethod).message.contains("HTTP/2"))
    feed.releaseHead(to: budget)
    #expect(feed.refusal(of: HTTPParserError.invalidMethod) == .malformed)
  }

  @Test func tooManyHeadersAreToldFromTooLargeOnesByWhatHasCome() {
    var feed = DecoderFeed()
    var reasons: [String] = []
    for _ in 0..<5 {
      var input = ByteBuffer.zeros(DecoderFeed.sliceBytes)
      _ = feed.cutHead(from: &input)
      reasons.append(feed.refusal(of: HTTPParserError.headerOverflow).message)
      _ = feed.chargeHead(to: budget)
    }
    #expect(reasons.map { $0.contains("more than 100") } == [true, true, true, true, false])
  }

  @Test func anotherDecoderHoldsNothing() {
    var feed = DecoderFeed()
    var input = ByteBuffer.zeros(10)
    _ = feed.cutHead(from: &input)
    feed.headDecoded(stopsDecoder: true)
    #expect(feed.hasStopped && !feed.isBeingReplaced)
    feed.replacementBegan()
    #expect(feed.isBeingReplaced && !feed.isClean)
    feed.replaced()
    #expect(!feed.hasStopped && !feed.isBeingReplaced && feed.isClean)
  }
}
