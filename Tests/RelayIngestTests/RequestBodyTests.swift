import NIOCore
import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct RequestBodyTests {
  let budget = InflightBudget(limitBytes: 64 << 20, largestBodyBytes: 5 << 20)

  @Test func nothingIsAllocatedForWhatIsOnlyAnnounced() {
    let body = RequestBody(limitBytes: 5 << 20)
    #expect(body.bytes.capacity == 0)
    #expect(budget.chargedBytes == 0)
  }

  @Test func aBodyThatComesInOnePieceIsAllocatedOnce() {
    var body = RequestBody(limitBytes: 1200)
    let outcome = body.append(ByteBuffer(repeating: 1, count: 1200), budget: budget)
    #expect(outcome == .taken)
    #expect(body.bytes == [UInt8](repeating: 1, count: 1200))
    #expect(body.charge.bytes == body.bytes.capacity)
    #expect(body.bytes.capacity < 1300)
  }

  @Test func theChargeIsTheCapacityAndStaysBelowTwiceTheContents() {
    var body = RequestBody(limitBytes: 5 << 20)
    let piece = ByteBuffer(repeating: 1, count: 10_000)
    while body.bytes.count + 10_000 <= 5 << 20 {
      let outcome = body.append(piece, budget: budget)
      #expect(outcome == .taken)
      #expect(body.charge.bytes == body.bytes.capacity)
      #expect(body.bytes.capacity <= 2 * body.bytes.count + 4096)
      #expect(body.bytes.capacity <= (5 << 20) + 4096)
    }
    #expect(budget.chargedBytes == body.charge.bytes)
  }

  @Test func aBodyWithoutRoomIsLeftAsItWas() {
    let budget = InflightBudget(limitBytes: 8 << 10, largestBodyBytes: 1 << 10)
    var body = RequestBody(limitBytes: 5 << 20)
    let first = body.append(ByteBuffer(repeating: 1, count: 1000), budget: budget)
    let second = body.append(ByteBuffer(repeating: 1, count: 60_000), budget: budget)
    #expect((first, second) == (.taken, .noRoom))
    #expect(body.bytes.count == 1000)
  }

  @Test func aBodyThatComesAsItIsIsWholeWheneverItEnds() {
    var body = RequestBody(limitBytes: 5 << 20)
    let refusal = body.end(budget: budget)
    #expect(refusal == nil)
  }

  @Test func aCompressedBodyIsWholeAtItsEndAndNotBefore() {
    let compressed = Compression.gzip(Array("{}".utf8))
    for missing in 0...1 {
      var body = RequestBody(limitBytes: 5 << 20, coding: .gzip)
      let outcome = body.append(ByteBuffer(bytes: compressed.dropLast(missing)), budget: budget)
      let refusal = body.end(budget: budget)
      #expect(outcome == .taken)
      #expect(refusal == (missing == 0 ? nil : .undecodable(.gzip)))
      #expect(budget.chargedBytes == body.charge.bytes, "what decoded it is given back")
      body.release(to: budget)
      #expect(budget.chargedBytes == 0)
    }
  }

  @Test func aBodyThatDecodesToMoreThanTheLimitIsRefusedWithTheLimit() {
    var body = RequestBody(limitBytes: 1_000, coding: .deflate)
    let compressed = Compression.zlib([UInt8](repeating: 0x20, count: 1_001))
    let outcome = body.append(ByteBuffer(bytes: compressed), budget: budget)
    #expect(outcome == .refused(.tooLarge(limitBytes: 1_000)))
  }
}
