import Glibc
import RelayCore
import RelayThreads

/// The index of attachments in a small SQLite database of its own: docs/decisions/0042-attachments.md.
///
/// From any thread: one at a time has it. Each call is a transaction that is on disk when it returns.
package final class SQLiteAttachmentIndex: AttachmentIndex {
  private let session: Locked<AttachmentSession?>

  /// - Parameter path: Of the file; its folder is there.
  /// - Throws: `cannotOpen`, `newerSchema`.
  package init(path: String) throws(StoreError) {
    session = Locked(try AttachmentSession(path: path))
  }

  package func close() { session.withLock { $0 = nil } }

  package func recordedThrough() throws(StoreError) -> Timestamp? { try run { try $0.recordedThrough() } }

  package func record(
    _ links: [PendingAttachment], keep: [String: Duration], through: Timestamp?
  ) throws(StoreError) -> Int {
    try run { try $0.record(links, keep: keep, through: through) }
  }

  package func pending(at now: Timestamp, limit: Int) throws(StoreError) -> [PendingAttachment] {
    try run { try $0.pending(at: now, limit: limit) }
  }

  package func nextPending() throws(StoreError) -> Timestamp? { try run { try $0.next(.pending) } }
  package func pendingCount() throws(StoreError) -> Int { try run { try $0.pendingCount() } }

  package func fetched(
    _ key: AttachmentKey, _ file: AttachmentFile, lookAt due: Timestamp
  ) throws(StoreError) -> Int? {
    try run { try $0.fetched(key, file, lookAt: due) }
  }

  package func failed(
    _ key: AttachmentKey, reason: String, lookAt due: Timestamp
  ) throws(StoreError) -> Bool {
    try run { try $0.failed(key, reason: reason, lookAt: due) }
  }

  package func again(
    _ key: AttachmentKey, tries: Int, reason: String, at due: Timestamp
  ) throws(StoreError) -> Bool {
    try run { try $0.again(key, tries: tries, reason: reason, at: due) }
  }

  package func toLookAt(at now: Timestamp, limit: Int) throws(StoreError) -> [KeptAttachment] {
    try run { try $0.toLookAt(at: now, limit: limit) }
  }

  package func nextLook() throws(StoreError) -> Timestamp? { try run { try $0.nextLook() } }

  package func look(again looks: [AttachmentLook]) throws(StoreError) {
    try run { session in for look in looks { try session.look(look) } }
  }

  package func keep(_ duration: Duration, of source: String, lookAt due: Timestamp) throws(StoreError) {
    try run { try $0.keep(duration, of: source, lookAt: due) }
  }

  package func oldest(
    of source: String, after: AttachmentKey?, limit: Int
  ) throws(StoreError) -> [KeptAttachment] {
    try run { try $0.oldest(of: source, after: after, limit: limit) }
  }

  package func end(
    _ keys: [AttachmentKey], rememberedUntil: Timestamp
  ) throws(StoreError) -> EndedAttachments {
    try run { try $0.end(keys, rememberedUntil: rememberedUntil) }
  }

  package func endAll(
    of events: [EventID], rememberedUntil: Timestamp
  ) throws(StoreError) -> EndedAttachments {
    try run { try $0.endAll(of: events, rememberedUntil: rememberedUntil) }
  }

  package func forget(before now: Timestamp) throws(StoreError) { try run { try $0.forget(before: now) } }

  package func bytes() throws(StoreError) -> [String: Int] { try run { try $0.bytes() } }
  package func needs(_ hash: String) throws(StoreError) -> Bool { try run { try $0.needs(hash) } }

  package func cleanLog() throws(StoreError) { try use { try $0.cleanLog() } }

  package func attachments(of event: EventID) throws(StoreError) -> [Attachment] {
    try run { try $0.attachments(of: event) }
  }

  package func attachment(of event: EventID, at place: Int) throws(StoreError) -> Attachment? {
    try run { try $0.attachments(of: event) }.first { $0.place == place }
  }

  private func run<Value>(_ body: (AttachmentSession) throws -> Value) throws(StoreError) -> Value {
    try use { session in try session.transaction { try body(session) } }
  }

  /// - Parameter body: Throws store errors only.
  private func use<Value>(_ body: (AttachmentSession) throws -> Value) throws(StoreError) -> Value {
    let result = session.withLock { session -> Result<Value, StoreError> in
      guard let session else {
        return .failure(StoreError(code: .closed, message: "the index of attachments is closed"))
      }
      do {
        return .success(try body(session))
      } catch {
        return .failure(error as? StoreError ?? StoreError(code: .failing, message: "\(error)"))
      }
    }
    return try result.get()
  }
}
