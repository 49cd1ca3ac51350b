import Testing

@testable import RelayPipeline

@Suite struct LogQueueTests {
  private static let size = 36 + LogQueue.lineOverhead

  private func line(_ number: Int) -> [UInt8] {
    Array("line \(number)".utf8) + [UInt8](repeating: 0x78, count: 36 - "line \(number)".utf8.count)
  }

  /// Which of these lines are taken.
  private func taken(_ numbers: Range<Int>, by queue: inout LogQueue) -> [Int] {
    var taken: [Int] = []
    for number in numbers where queue.append(line(number)) { taken.append(number) }
    return taken
  }

  private func drained(_ queue: inout LogQueue, most: Int = .max) -> [LogQueue.Entry] {
    var entries: [LogQueue.Entry] = []
    while entries.count < most, let entry = queue.next() { entries.append(entry) }
    return entries
  }

  @Test func linesComeOutInTheirOrder() {
    var queue = LogQueue()
    for number in 0..<5_000 {
      _ = taken(2 * number..<2 * number + 2, by: &queue)
      let next = queue.next()
      #expect(next == .line(line(number)))
    }
    let rest = drained(&queue)
    #expect(rest == (5_000..<10_000).map { .line(line($0)) })
    #expect(queue.isIdle)
  }

  @Test func whatDoesNotFitIsLeftOutAndToldWhereItIsMissing() {
    var queue = LogQueue(limit: 4 * Self.size)
    #expect(taken(0..<10, by: &queue) == [0, 1, 2, 3])
    #expect(drained(&queue) == (0..<4).map { .line(line($0)) } + [.leftOut(6)])
    #expect(taken(10..<11, by: &queue) == [10])
    #expect(drained(&queue) == [.line(line(10))])
  }

  @Test func afterAGapNothingIsTakenUntilHalfOfTheRoomIsFree() {
    var queue = LogQueue(limit: 4 * Self.size)
    _ = taken(0..<5, by: &queue)
    _ = queue.next()
    #expect(taken(5..<6, by: &queue) == [])
    _ = queue.next()
    #expect(taken(6..<7, by: &queue) == [6])
    #expect(drained(&queue) == [.line(line(2)), .line(line(3)), .leftOut(2), .line(line(6))])
  }

  @Test func aLineLargerThanTheQueueCostsOnlyItself() {
    var queue = LogQueue(limit: 4 * Self.size)
    let isTaken = queue.append([UInt8](repeating: 0x78, count: 5 * Self.size))
    #expect(!isTaken)
    #expect(taken(1..<2, by: &queue) == [1])
    #expect(drained(&queue) == [.leftOut(1), .line(line(1))])
  }

  @Test func whatCanNotBeWrittenIsCountedOnceAndToldBeforeTheNextLine() throws {
    var queue = LogQueue()
    _ = taken(0..<3, by: &queue)
    let first = try #require(drained(&queue, most: 1).first)
    var lost = queue.fail(first)
    #expect(lost == 3)
    // Not over and over: only when there is something new to say.
    #expect(queue.isIdle)
    #expect(drained(&queue) == [])
    _ = taken(3..<4, by: &queue)
    let gap = try #require(drained(&queue, most: 1).first)
    #expect(gap == .leftOut(3))
    lost = queue.fail(gap)
    #expect(lost == 1)
    _ = taken(4..<5, by: &queue)
    #expect(drained(&queue) == [.leftOut(4), .line(line(4))])
  }

  @Test func theBoundHoldsForShortLinesToo() {
    var queue = LogQueue(limit: 64 << 10)
    for _ in 0..<100_000 { _ = queue.append([0x0A]) }
    #expect(drained(&queue).count <= 1_010)
  }
}
