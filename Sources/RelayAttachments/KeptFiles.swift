import RelayCore
import RelayThreads

/// What is kept: room for more, and the ends. Confined to the keeper's thread.
final class KeptFiles {
  private let folder: AttachmentFolder
  private let store: EventLookup
  private let board: Locked<AttachmentStanding>

  /// How many events are asked after in one turn, and in one page of those that may make room.
  private static let looks = 16
  /// How many events that are still needed may be passed to make room for one file.
  private static let maxLooks = 128
  /// Where the search for room has come to, by source: what stands before was still needed then.
  private var searched: [String: AttachmentKey] = [:]

  init(folder: AttachmentFolder, store: EventLookup, board: Locked<AttachmentStanding>) {
    self.folder = folder
    self.store = store
    self.board = board
  }

  /// Removes files that no row needs: of a crash between a file's move and its row.
  func sweep(_ index: any AttachmentIndex) throws(StoreError) {
    var names: [String] = []
    folder.forEachFile { names.append($0) }
    for name in names where try !index.needs(name) { folder.remove(hash: name) }
  }

  /// Makes room, where there is none: the oldest go whose events are settled.
  func hasRoom(
    for bytes: Int, of source: String, _ policy: AttachmentPolicy, _ index: any AttachmentIndex,
    _ now: Timestamp
  ) throws(StoreError) -> Bool {
    guard bytes <= policy.maxTotalBytes else { return false }
    func isFull() -> Bool { board.withLock { $0.bytes[source] ?? 0 } > policy.maxTotalBytes - bytes }
    var passed = 0
    var mayBeginAnew = searched[source] != nil
    while isFull() {
      let page = try index.oldest(of: source, after: searched[source], limit: Self.looks)
      if page.isEmpty {
        searched[source] = nil
        guard mayBeginAnew else { return false }
        mayBeginAnew = false
      }
      for kept in page where isFull() {
        if try store.standing(of: kept.key.event) == .open {
          passed += 1
        } else {
          try end(kept, index, now)
        }
        searched[source] = kept.key
      }
      guard passed < Self.maxLooks else { return !isFull() }
    }
    return true
  }

  func look(_ index: any AttachmentIndex, _ now: Timestamp) throws(StoreError) {
    var looks: [AttachmentLook] = []
    for kept in try index.toLookAt(at: now, limit: Self.looks) {
      switch RetentionRule.action(for: kept, try store.standing(of: kept.key.event), now: now) {
      case .end: try end(kept, index, now)
      case .look(let due, let settledAt):
        looks.append(AttachmentLook(key: kept.key, due: due, settledAt: settledAt))
      }
    }
    if !looks.isEmpty { try index.look(again: looks) }
  }

  private func end(_ kept: KeptAttachment, _ index: any AttachmentIndex, _ now: Timestamp) throws(StoreError)
  {
    remove(
      try index.end([kept.key], rememberedUntil: RetentionRule.rememberedUntil(now, keep: kept.keep)))
  }

  /// - Parameter keep: The links of these events end with it at the latest.
  func erase(
    _ events: [EventID], _ keep: Duration, _ index: any AttachmentIndex, _ now: Timestamp
  ) -> Result<Int, StoreError> {
    do throws(StoreError) {
      let ended = try index.endAll(
        of: events, rememberedUntil: RetentionRule.rememberedUntil(now, keep: keep))
      remove(ended)
      let pending = try index.pendingCount()
      board.withLock { $0.pending = pending }
      try index.cleanLog()
      return .success(ended.count)
    } catch {
      return .failure(error)
    }
  }

  private func remove(_ ended: EndedAttachments) {
    for hash in ended.unneeded { folder.remove(hash: hash) }
    for (source, bytes) in ended.freed { add(-bytes, to: source) }
  }

  /// - Parameter bytes: By which the source keeps more.
  func add(_ bytes: Int, to source: String) {
    board.withLock { board in
      let sum = (board.bytes[source] ?? 0) + bytes
      board.bytes[source] = sum > 0 ? sum : nil
    }
  }

  func count(_ index: any AttachmentIndex) throws(StoreError) {
    let bytes = try index.bytes()
    board.withLock { $0.bytes = bytes }
  }
}

@available(*, unavailable)
extension KeptFiles: Sendable {}
