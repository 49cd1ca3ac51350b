import RelayCore

/// The index's database, for whoever has it for themselves: rows of links, and which files they need.
final class AttachmentSession {
  /// As it stands in the column `state`.
  enum RowState: Int64 {
    case pending, fetched, failed, ended
  }

  private let connection: Connection
  private let statements: AttachmentStatements

  private static let schemaVersion: Int64 = 1

  init(path: String) throws(StoreError) {
    let connection = try Connection(path: path)
    try connection.execute("PRAGMA journal_mode = WAL")
    try connection.execute("PRAGMA synchronous = FULL")
    // A link is a secret, and what was erased is to be gone.
    try connection.execute("PRAGMA secure_delete = ON")
    let version = try connection.integer("PRAGMA user_version") ?? 0
    guard version <= Self.schemaVersion else {
      throw StoreError(
        code: .newerSchema, message: "\(path) is of a newer version; start that one, or move the folder away")
    }
    if version == 0 { try AttachmentStatements.createSchema(connection, version: Self.schemaVersion) }
    self.connection = connection
    statements = try AttachmentStatements(connection)
  }

  func transaction<Value>(_ body: () throws -> Value) throws -> Value {
    connection.forgetErrors()
    try connection.execute("BEGIN IMMEDIATE")
    do {
      let value = try body()
      try connection.execute("COMMIT")
      return value
    } catch {
      connection.rollBack()
      throw error
    }
  }

  func cleanLog() throws(StoreError) {
    connection.forgetErrors()
    _ = try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)")
  }

  // MARK: Links

  func recordedThrough() throws(StoreError) -> Timestamp? {
    try statements.recordedThrough.firstInteger().map { Timestamp(microseconds: $0) }
  }

  func record(
    _ links: [PendingAttachment], keep: [String: Duration], through: Timestamp?
  ) throws(StoreError) -> Int {
    var count = 0
    for link in links {
      try statements.insert(link, keep: keep[link.source] ?? .zero)
      count += connection.changes
    }
    if let through {
      statements.setRecordedThrough.bind(1, through)
      try statements.setRecordedThrough.run()
    }
    return count
  }

  func pending(at now: Timestamp, limit: Int) throws(StoreError) -> [PendingAttachment] {
    let query = statements.pending
    query.bind(1, now)
    query.bind(2, limit)
    defer { query.reset() }
    var found: [PendingAttachment] = []
    while try query.step() {
      found.append(
        PendingAttachment(
          key: AttachmentKey(event: query.eventID(0), place: Int(query.integer(1))),
          source: query.text(2) ?? "", url: Secret(query.text(3) ?? ""), receivedAt: query.time(4),
          tries: Int(query.integer(5)), due: query.time(6)))
    }
    return found
  }

  func next(_ state: RowState) throws(StoreError) -> Timestamp? {
    statements.next.bind(1, state.rawValue)
    return try statements.next.firstInteger().map { Timestamp(microseconds: $0) }
  }

  func nextLook() throws(StoreError) -> Timestamp? {
    let times = [try next(.fetched), try next(.failed), try next(.ended)]
    return times.compactMap(\.self).min()
  }

  func pendingCount() throws(StoreError) -> Int {
    Int(try statements.pendingCount.firstInteger() ?? 0)
  }

  func again(
    _ key: AttachmentKey, tries: Int, reason: String, at due: Timestamp
  ) throws(StoreError) -> Bool {
    let statement = statements.again
    statement.bind(key)
    statement.bind(3, tries)
    statement.bind(4, due)
    statement.bind(5, reason)
    try statement.run()
    return connection.changes > 0
  }

  func failed(
    _ key: AttachmentKey, reason: String, lookAt due: Timestamp
  ) throws(StoreError) -> Bool {
    let statement = statements.failed
    statement.bind(key)
    statement.bind(3, reason)
    statement.bind(4, due)
    try statement.run()
    return connection.changes > 0
  }

  func fetched(
    _ key: AttachmentKey, _ file: AttachmentFile, lookAt due: Timestamp
  ) throws(StoreError) -> Int? {
    let statement = statements.fetched
    statement.bind(key)
    statement.bind(3, file.hash)
    statement.bind(4, file.bytes)
    statement.bind(5, file.contentType)
    statement.bind(6, file.name)
    statement.bind(7, due)
    try statement.run()
    guard connection.changes > 0 else { return nil }
    statements.addUse.bind(key)
    return try statements.addUse.firstInteger() == 1 ? file.bytes : 0
  }

  // MARK: What is kept

  func toLookAt(at now: Timestamp, limit: Int) throws(StoreError) -> [KeptAttachment] {
    var found: [KeptAttachment] = []
    for state in [RowState.fetched, .failed] where found.count < limit {
      let query = statements.toLookAt
      query.bind(1, state.rawValue)
      query.bind(2, now)
      query.bind(3, limit - found.count)
      found += try query.kept()
    }
    return found
  }

  func look(_ look: AttachmentLook) throws(StoreError) {
    let statement = statements.look
    statement.bind(look.key)
    statement.bind(3, look.due)
    statement.bind(4, look.settledAt)
    try statement.run()
  }

  func keep(_ duration: Duration, of source: String, lookAt due: Timestamp) throws(StoreError) {
    let statement = statements.keep
    statement.bind(1, source)
    statement.bind(2, duration)
    statement.bind(3, due)
    try statement.run()
  }

  func oldest(
    of source: String, after: AttachmentKey?, limit: Int
  ) throws(StoreError) -> [KeptAttachment] {
    let query = statements.oldest
    query.bind(1, source)
    // Ids rise with the times of receipt.
    query.bind(2, after?.event ?? EventID(high: 0, low: 0))
    query.bind(3, after?.place ?? -1)
    query.bind(4, limit)
    return try query.kept()
  }

  func bytes() throws(StoreError) -> [String: Int] {
    var found: [String: Int] = [:]
    defer { statements.bytes.reset() }
    while try statements.bytes.step() {
      found[statements.bytes.text(0) ?? ""] = Int(statements.bytes.integer(1))
    }
    return found
  }

  func needs(_ hash: String) throws(StoreError) -> Bool {
    statements.needs.bind(1, hash)
    return try statements.needs.firstInteger() != nil
  }

  // MARK: Ends

  func end(_ keys: [AttachmentKey], rememberedUntil: Timestamp) throws(StoreError) -> EndedAttachments {
    var ended = EndedAttachments()
    for key in keys {
      let (state, source, hash) = try row(key)
      switch state {
      case .failed:
        statements.remove.bind(key)
        try statements.remove.run()
        ended.count += 1
      case .pending, .fetched:
        try end(key, source, hash, rememberedUntil, &ended)
      case .ended, nil: break
      }
    }
    return ended
  }

  func endAll(of events: [EventID], rememberedUntil: Timestamp) throws(StoreError) -> EndedAttachments {
    var ended = EndedAttachments()
    for event in events {
      for place in try attachments(of: event).map(\.place) {
        let key = AttachmentKey(event: event, place: place)
        let (state, source, hash) = try row(key)
        guard let state, state != .ended else { continue }
        try end(key, source, hash, rememberedUntil, &ended)
      }
    }
    return ended
  }

  func forget(before now: Timestamp) throws(StoreError) {
    statements.forget.bind(1, now)
    try statements.forget.run()
  }

  private func row(_ key: AttachmentKey) throws(StoreError) -> (RowState?, source: String?, hash: String?) {
    let query = statements.row
    query.bind(key)
    defer { query.reset() }
    guard try query.step() else { return (nil, nil, nil) }
    return (RowState(rawValue: query.integer(0)), query.text(1), query.text(2))
  }

  /// - Parameter hash: Of its file; nil: it has none.
  private func end(
    _ key: AttachmentKey, _ source: String?, _ hash: String?, _ until: Timestamp,
    _ ended: inout EndedAttachments
  ) throws(StoreError) {
    statements.end.bind(key)
    statements.end.bind(3, until)
    try statements.end.run()
    ended.count += 1
    if let hash, let source { try release(hash, source, &ended) }
  }

  private func release(
    _ hash: String, _ source: String, _ ended: inout EndedAttachments
  ) throws(StoreError) {
    for statement in [statements.removeUse, statements.removeUnused] {
      statement.bind(1, source)
      statement.bind(2, hash)
    }
    try statements.removeUse.run()
    guard let bytes = try statements.removeUnused.firstInteger() else { return }
    ended.freed[source, default: 0] += Int(bytes)
    if try !needs(hash) { ended.unneeded.append(hash) }
  }

  // MARK: For people

  func attachments(of event: EventID) throws(StoreError) -> [Attachment] {
    let query = statements.ofEvent
    query.bind(1, event)
    defer { query.reset() }
    var found: [Attachment] = []
    while try query.step() {
      let state: Attachment.State =
        switch RowState(rawValue: query.integer(1)) {
        case .pending: .pending
        case .failed: .failed(reason: query.text(6) ?? "")
        case .fetched:
          .fetched(
            AttachmentFile(
              hash: query.text(2) ?? "", bytes: Int(query.integer(3)), contentType: query.text(4),
              name: query.text(5)))
        case .ended, nil: .ended
        }
      found.append(
        Attachment(
          event: event, place: Int(query.integer(0)), state: state,
          lastFailure: state == .pending ? query.text(6) : nil))
    }
    return found
  }
}

@available(*, unavailable)
extension AttachmentSession: Sendable {}

extension Statement {
  /// The first two parameters of whatever is about one link.
  fileprivate func bind(_ key: AttachmentKey) {
    bind(1, key.event)
    bind(2, key.place)
  }

  fileprivate func kept() throws(StoreError) -> [KeptAttachment] {
    defer { reset() }
    var found: [KeptAttachment] = []
    while try step() {
      found.append(
        KeptAttachment(
          key: AttachmentKey(event: eventID(0), place: Int(integer(1))), source: text(2) ?? "",
          receivedAt: time(6), keep: optionalDuration(3) ?? .zero, settledAt: optionalTime(4), hash: text(5)))
    }
    return found
  }
}
