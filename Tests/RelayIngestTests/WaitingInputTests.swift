import NIOCore
import Testing

@testable import RelayIngest

@Suite struct WaitingInputTests {
  let budget = InflightBudget(limitBytes: 1 << 20, largestBodyBytes: 1 << 10)

  /// What is taken out until nothing is left: the bytes as text, a part as `end`.
  private func takeAll(_ waiting: inout WaitingInput) -> [String] {
    var taken: [String] = []
    while let item = waiting.takeFirst(budget: budget) {
      switch item {
      case .part: taken.append("end")
      case .bytes(let bytes): taken.append(String(buffer: bytes))
      }
    }
    return taken
  }

  @Test func partsComeOneByOneAndBeforeAllBytes() {
    var waiting = WaitingInput()
    let appended = [
      waiting.append(.end, budget: budget), waiting.append(ByteBuffer(string: "a"), budget: budget),
      waiting.append(.end, budget: budget), waiting.append(ByteBuffer(string: "b"), budget: budget),
    ]
    #expect(appended == [true, true, true, true])
    #expect(!waiting.isEmpty && waiting.hasParts)
    let taken = takeAll(&waiting)
    #expect(taken == ["end", "end", "ab"])
    #expect(waiting.isEmpty && !waiting.hasParts)
    #expect(budget.chargedBytes == 0)
  }

  @Test func whatWaitsIsCharged() {
    var waiting = WaitingInput()
    _ = waiting.append(.end, budget: budget)
    let parts = budget.chargedBytes
    _ = waiting.append(.zeros(10_000), budget: budget)
    #expect(parts > 0)
    #expect(budget.chargedBytes >= parts + 10_000)
    waiting.clear(budget: budget)
    #expect(budget.chargedBytes == 0 && waiting.isEmpty)
  }

  @Test func bytesBeyondTheBoundAreLostAndSoIsAllThatFollows() {
    var waiting = WaitingInput()
    let piece = ByteBuffer.zeros(WaitingInput.limitBytes / 2)
    let kept = [waiting.append(piece, budget: budget), waiting.append(piece, budget: budget)]
    let lost = [waiting.append(.zeros(1), budget: budget), waiting.append(.zeros(1), budget: budget)]
    #expect((kept, lost) == ([true, true], [false, false]))
    #expect(waiting.isEmpty && budget.chargedBytes == 0)
  }

  @Test func withoutRoomInTheBudgetNothingIsKept() throws {
    let other = try #require(budget.grown(to: (1 << 20) - (256 << 10)))
    let rest = try #require(budget.grown(to: 64 << 10))
    let small = (0..<3).compactMap { _ in budget.grown(to: 64 << 10) }
    var waiting = WaitingInput()
    let kept = (waiting.append(.end, budget: budget), waiting.append(.zeros(1), budget: budget))
    #expect(kept == (false, false))
    #expect(waiting.isEmpty)
    for charge in [other, rest] + small { budget.release(charge) }
    #expect(budget.chargedBytes == 0)
  }
}
