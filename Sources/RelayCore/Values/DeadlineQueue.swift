/// Which keys are due when: a binary heap in which a key's newer deadline replaces its older one. (Public and inlinable,
/// or other modules, which use queues of it for each attempt, would look up its types at each call.)
///
/// Setting an earlier deadline costs O(log n); a later one only takes note, since the key's entry comes up before it is
/// due, and then goes back to its new place. Entries that nothing stands for any more stay until they surface.
public struct DeadlineQueue<Key: Hashable & Sendable, Instant: Comparable & Sendable>: Sendable {
  @usableFromInline struct Entry: Sendable {
    @usableFromInline var instant: Instant
    @usableFromInline var key: Key

    @inlinable init(instant: Instant, key: Key) {
      self.instant = instant
      self.key = key
    }
  }

  @usableFromInline struct Deadline: Sendable {
    @usableFromInline var instant: Instant
    /// Where the key stands in the heap: not after `instant`. An entry of the key with another instant is void.
    @usableFromInline var queued: Instant

    @inlinable init(instant: Instant, queued: Instant) {
      self.instant = instant
      self.queued = queued
    }
  }

  @usableFromInline var heap: [Entry] = []
  @usableFromInline var current: [Key: Deadline] = [:]

  @inlinable public init() {}

  @inlinable public var isEmpty: Bool { current.isEmpty }

  /// Sets or (nil) clears a key's deadline.
  @inlinable
  public mutating func set(_ instant: Instant?, for key: Key) {
    guard let instant else {
      current.removeValue(forKey: key)
      return
    }
    if let queued = current[key]?.queued, queued <= instant {
      current[key]!.instant = instant
    } else {
      current[key] = Deadline(instant: instant, queued: instant)
      push(Entry(instant: instant, key: key))
      if heap.count > 64 && heap.count > 4 * current.count { rebuild() }
    }
  }

  /// The earliest deadline.
  @inlinable
  public mutating func next() -> Instant? {
    surface()
    return heap.first?.instant
  }

  /// Takes the key with the earliest deadline, if that is not after `now`.
  @inlinable
  public mutating func popDue(at now: Instant) -> Key? {
    guard let first = heap.first, first.instant <= now else { return nil }
    surface()
    guard let first = heap.first, first.instant <= now else { return nil }
    removeFirst()
    current[first.key] = nil
    return first.key
  }

  /// Sees to it that the first entry is a deadline.
  @inlinable
  mutating func surface() {
    while let first = heap.first {
      let deadline = current[first.key]
      if let deadline, deadline.queued == first.instant {
        if deadline.instant == first.instant { return }
        removeFirst()
        current[first.key]!.queued = deadline.instant
        push(Entry(instant: deadline.instant, key: first.key))
      } else {
        removeFirst()
      }
    }
  }

  @inlinable
  mutating func rebuild() {
    heap = current.map { Entry(instant: $0.value.instant, key: $0.key) }
    for entry in heap { current[entry.key]!.queued = entry.instant }
    for index in stride(from: heap.count / 2, through: 0, by: -1) where index < heap.count { siftDown(index) }
  }

  @inlinable
  mutating func push(_ entry: Entry) {
    heap.append(entry)
    siftUp(heap.count - 1)
  }

  @inlinable
  mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    siftDown(0)
  }

  @inlinable
  mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].instant < heap[parent].instant else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  @inlinable
  mutating func siftDown(_ start: Int) {
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
