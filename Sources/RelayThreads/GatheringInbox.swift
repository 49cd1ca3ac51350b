/// What waits for another thread. That thread is woken for the first that comes, or, while several are gathered that belong together, once
/// for all of them. A value: whoever holds it locks it, and wakes when it says so.
public struct GatheringInbox<Element> {
  @usableFromInline var waiting: [Element] = []
  /// More come in a moment, and then the thread is woken.
  @usableFromInline var isGathering = false

  public init() {}

  /// - Returns: Whether the thread is to be woken now.
  @inlinable
  public mutating func add(_ element: Element) -> Bool {
    waiting.append(element)
    return waiting.count == 1 && !isGathering
  }

  /// Puts something before all that waits.
  @inlinable
  public mutating func putFirst(_ elements: [Element]) { waiting.insert(contentsOf: elements, at: 0) }

  @inlinable
  public mutating func beginGathering() { isGathering = true }

  /// - Returns: Whether the thread is to be woken now.
  @inlinable
  public mutating func endGathering() -> Bool {
    isGathering = false
    return !waiting.isEmpty
  }

  /// All that waits, in order.
  @inlinable
  public mutating func takeAll() -> [Element] {
    defer { waiting = [] }
    return waiting
  }
}

extension GatheringInbox: Sendable where Element: Sendable {}
