/// Which keys are due when: a binary heap in which a key's newer deadline replaces its older one.
///
/// Setting costs O(log n). Entries that were replaced stay in the heap until they surface.
public struct DeadlineQueue<Key: Hashable & Sendable, Instant: Comparable & Sendable>: Sendable {
  private struct Entry: Sendable {
    var instant: Instant
    var key: Key
  }

  private var heap: [Entry] = []
  private var current: [Key: Instant] = [:]

  public init() {}

  public var isEmpty: Bool { current.isEmpty }

  /// Sets or (nil) clears a key's deadline.
  public mutating func set(_ instant: Instant?, for key: Key) {
    guard current[key] != instant else { return }
    current[key] = instant
    if let instant {
      heap.append(Entry(instant: instant, key: key))
      siftUp(heap.count - 1)
    }
    if heap.count > 64 && heap.count > 4 * current.count { rebuild() }
  }

  /// The earliest deadline.
  public mutating func next() -> Instant? {
    dropReplaced()
    return heap.first?.instant
  }

  /// Takes the key with the earliest deadline, if that is not after `now`.
  public mutating func popDue(at now: Instant) -> Key? {
    dropReplaced()
    guard let first = heap.first, first.instant <= now else { return nil }
    removeFirst()
    current[first.key] = nil
    return first.key
  }

  private mutating func dropReplaced() {
    while let first = heap.first, current[first.key] != first.instant { removeFirst() }
  }

  private mutating func rebuild() {
    heap = current.map { Entry(instant: $0.value, key: $0.key) }
    for index in stride(from: heap.count / 2, through: 0, by: -1) where index < heap.count { siftDown(index) }
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    siftDown(0)
  }

  private mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].instant < heap[parent].instant else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var parent = start
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].instant < heap[least].instant { least = child }
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
