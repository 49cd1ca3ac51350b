import Testing

@testable import RelayPostgres

struct TurnQueueTests {
  @Test func withinAKindTheOrderIsThatOfTheQuestions() {
    var queue = TurnQueue<Int>(kinds: 1)
    for number in 1...3 { queue.add(number, kind: 0) }
    #expect(all(&queue) == [1, 2, 3])
  }

  @Test func kindsTakeTurnsAndOneThatHasNothingIsPassedOver() {
    var queue = TurnQueue<String>(kinds: 3)
    for text in ["b1", "b2", "b3"] { queue.add(text, kind: 1) }
    queue.add("c1", kind: 2)
    let first = queue.next()
    // Whoever comes to an empty one waits for no more than one of each other.
    queue.add("a1", kind: 0)
    #expect(first == "b1")
    #expect(all(&queue) == ["c1", "a1", "b2", "b3"])
  }

  private func all<Element>(_ queue: inout TurnQueue<Element>) -> [Element] {
    var found: [Element] = []
    while let next = queue.next() { found.append(next) }
    return found
  }
}
