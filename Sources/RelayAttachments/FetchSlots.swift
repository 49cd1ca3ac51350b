import RelayCore
import RelayThreads

/// What is being fetched: at most four at once.
struct FetchSlots {
  static let limit = 4

  /// Whether each is wanted still.
  private var wanted: [AttachmentKey: Locked<Bool>] = [:]
  private var number = 0

  var isEmpty: Bool { wanted.isEmpty }
  var count: Int { wanted.count }
  var hasRoom: Bool { count < Self.limit }
  func holds(_ key: AttachmentKey) -> Bool { wanted[key] != nil }

  /// - Returns: For who fetches it: false once it is to be broken off.
  mutating func begin(_ key: AttachmentKey) -> @Sendable () -> Bool {
    let isWanted = Locked(true)
    wanted[key] = isWanted
    return { isWanted.withLock { $0 } }
  }

  mutating func end(_ key: AttachmentKey) { wanted[key] = nil }

  /// Another one each time.
  mutating func nextNumber() -> Int {
    number += 1
    return number
  }

  /// Nothing of what is being fetched is wanted any more.
  func stop() {
    for isWanted in wanted.values { isWanted.withLock { $0 = false } }
  }

  /// Nothing of these events is wanted any more.
  func stop(fetchesOf events: Set<EventID>) {
    for (key, isWanted) in wanted where events.contains(key.event) { isWanted.withLock { $0 = false } }
  }
}
