/// Several queues that take turns: whoever comes to an empty one waits for no more than one of each other. A pure value.
struct TurnQueue<Element> {
  private var queues: [[Element]]
  /// Whose turn it is, unless that has nothing.
  private var turn = 0

  /// - Parameter kinds: How many queues, at least one.
  init(kinds: Int) {
    queues = Array(repeating: [], count: kinds)
  }

  mutating func add(_ element: Element, kind: Int) { queues[kind].append(element) }

  mutating func takeAll() -> [Element] {
    defer { queues = queues.map { _ in [] } }
    return Array(queues.joined())
  }

  /// Within a kind in order; nil: all are empty.
  mutating func next() -> Element? {
    for step in queues.indices {
      let kind = (turn + step) % queues.count
      guard !queues[kind].isEmpty else { continue }
      turn = (kind + 1) % queues.count
      return queues[kind].removeFirst()
    }
    return nil
  }
}

extension TurnQueue: Sendable where Element: Sendable {}
