import RelayCore
import RelayThreads

/// What is being fetched: at most four at once.
struct FetchSlots {
  static let limit = 4

  private var links: Set<AttachmentKey> = []
  private var number = 0
  private let stopped = Locked(false)

  var isEmpty: Bool { links.isEmpty }
  var count: Int { links.count }
  var hasRoom: Bool { links.count < Self.limit }
  func holds(_ key: AttachmentKey) -> Bool { links.contains(key) }

  mutating func begin(_ key: AttachmentKey) { links.insert(key) }
  mutating func end(_ key: AttachmentKey) { links.remove(key) }

  /// Another one each time.
  mutating func nextNumber() -> Int {
    number += 1
    return number
  }

  /// For those who fetch.
  var isWanted: @Sendable () -> Bool { { [stopped] in !stopped.withLock { $0 } } }

  /// What is being fetched is not wanted any more.
  func stop() { stopped.withLock { $0 = true } }
}
