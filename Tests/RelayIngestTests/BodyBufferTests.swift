import NIOCore
import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct BodyBufferTests {
  let budget = InflightBudget(limitBytes: 64 << 20, largestBodyBytes: 5 << 20)

  @Test func nothingIsAllocatedForWhatIsOnlyAnnounced() {
    let body = BodyBuffer(limitBytes: 5 << 20)
    #expect(body.bytes.capacity == 0)
    #expect(budget.chargedBytes == 0)
  }

  @Test func aBodyThatComesInOnePieceIsAllocatedOnce() {
    var body = BodyBuffer(limitBytes: 1200)
    let outcome = body.append(ByteBuffer(repeating: 1, count: 1200), budget: budget)
    #expect(outcome == .taken)
    #expect(body.bytes == [UInt8](repeating: 1, count: 1200))
    #expect(body.charge.bytes == body.bytes.capacity)
    #expect(body.bytes.capacity < 1300)
  }

  @Test func theChargeIsTheCapacityAndStaysBelowTwiceTheContents() {
    var body = BodyBuffer(limitBytes: 5 << 20)
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
    var body = BodyBuffer(limitBytes: 5 << 20)
    let first = body.append(ByteBuffer(repeating: 1, count: 1000), budget: budget)
    let second = body.append(ByteBuffer(repeating: 1, count: 60_000), budget: budget)
    #expect((first, second) == (.taken, .noRoom))
    #expect(body.bytes.count == 1000)
  }
}
