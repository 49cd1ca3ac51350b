import RelayCore

/// What is kept of notices over restarts, and how it is written: little-endian numbers, texts behind their lengths.
struct KeptNotices: Sendable, Equatable {
  struct Open: Sendable, Equatable {
    /// Steady times.
    var since: Timestamp
    var told: Timestamp
  }

  struct Desk: Sendable, Equatable {
    /// The receiver's.
    var name: String
    var open: [NoticeKey: Open]
    var waiting: [Notice]
    /// Since when nothing has been taken, by the steady clock.
    var failingSince: Timestamp?
  }

  /// Of what is counted.
  struct Count: Sendable, Equatable {
    /// What the store had.
    var stored: Int
    /// When the last new one came, by the steady clock; nil: too long ago to matter.
    var lastNew: Timestamp?
  }

  /// Requests that were refused: steady times of the first and the last of them.
  struct Run: Sendable, Equatable {
    var first: Timestamp
    var last: Timestamp
  }

  var desks: [Desk] = []
  var counts: [NoticeKey: Count] = [:]
  /// What has begun, and has not lasted long enough for some receiver.
  var beginnings: [NoticeKey: NoticeRules.Beginning] = [:]
  /// By the source's name.
  var refusals: [String: Run] = [:]

  /// How many are kept: what is kept has a fixed room.
  static let maxBeginnings = 200
}

extension KeptNotices {
  /// The first one had of each count only what the store had, and nothing of failures, beginnings and refusals.
  private static let (firstVersion, version): (UInt8, UInt8) = (1, 2)

  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.byte(Self.version)
    writer.count(desks.count)
    for desk in desks {
      writer.text(desk.name)
      writer.count(desk.open.count)
      for (key, open) in desk.open.sorted(by: { $0.key < $1.key }) {
        writer.key(key)
        writer.number(open.since.microseconds)
        writer.number(open.told.microseconds)
      }
      writer.count(desk.waiting.count)
      for notice in desk.waiting {
        writer.text(notice.id)
        writer.key(notice.key)
        writer.text(notice.phase.rawValue)
        writer.number(notice.at.microseconds)
        writer.number(notice.since.microseconds)
        writer.text(notice.detail)
      }
      // No steady time is 0.
      writer.number(desk.failingSince?.microseconds ?? 0)
    }
    writer.count(counts.count)
    for (key, count) in counts.sorted(by: { $0.key < $1.key }) {
      writer.key(key)
      writer.number(Int64(count.stored))
      writer.number(count.lastNew?.microseconds ?? 0)
    }
    writer.count(beginnings.count)
    for (key, beginning) in beginnings.sorted(by: { $0.key < $1.key }) {
      writer.key(key)
      writer.number(beginning.since.microseconds)
      writer.number(beginning.seen.microseconds)
    }
    writer.count(refusals.count)
    for (source, run) in refusals.sorted(by: { $0.key < $1.key }) {
      writer.text(source)
      writer.number(run.first.microseconds)
      writer.number(run.last.microseconds)
    }
    return writer.bytes
  }

  /// nil: it is not what this version writes, or one before it.
  init?(bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard let version = reader.byte(), (Self.firstVersion...Self.version).contains(version),
      let deskCount = reader.count()
    else { return nil }
    for _ in 0..<deskCount {
      guard let desk = Desk(&reader, hasFailure: version > Self.firstVersion) else { return nil }
      desks.append(desk)
    }
    guard let tallies = reader.count() else { return nil }
    for _ in 0..<tallies {
      guard let key = reader.key(), let stored = reader.number() else { return nil }
      counts[key] = Count(stored: Int(stored), lastNew: nil)
      guard version > Self.firstVersion else { continue }
      guard let lastNew = reader.time() else { return nil }
      counts[key]?.lastNew = lastNew.microseconds == 0 ? nil : lastNew
    }
    guard version == Self.firstVersion || readMoves(&reader) else { return nil }
  }

  private mutating func readMoves(_ reader: inout ByteReader) -> Bool {
    guard let begun = reader.count() else { return false }
    for _ in 0..<begun {
      guard let key = reader.key(), let since = reader.time(), let seen = reader.time() else { return false }
      beginnings[key] = NoticeRules.Beginning(since: since, seen: seen)
    }
    guard let runs = reader.count() else { return false }
    for _ in 0..<runs {
      guard let source = reader.text(), let first = reader.time(), let last = reader.time() else {
        return false
      }
      refusals[source] = Run(first: first, last: last)
    }
    return true
  }
}

extension KeptNotices.Desk {
  fileprivate init?(_ reader: inout ByteReader, hasFailure: Bool) {
    guard let name = reader.text(), let openCount = reader.count() else { return nil }
    self.init(name: name, open: [:], waiting: [])
    for _ in 0..<openCount {
      guard let key = reader.key(), let since = reader.time(), let told = reader.time() else { return nil }
      open[key] = KeptNotices.Open(since: since, told: told)
    }
    guard let waitingCount = reader.count() else { return nil }
    for _ in 0..<waitingCount {
      guard let id = reader.text(), let key = reader.key(),
        let phase = reader.text().flatMap(Notice.Phase.init), let at = reader.time(),
        let since = reader.time(), let detail = reader.text()
      else { return nil }
      waiting.append(Notice(id: id, key: key, phase: phase, at: at, since: since, detail: detail))
    }
    guard hasFailure else { return }
    guard let failingSince = reader.time() else { return nil }
    self.failingSince = failingSince.microseconds == 0 ? nil : failingSince
  }
}

private struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func byte(_ value: UInt8) { bytes.append(value) }
  mutating func count(_ value: Int) { append(UInt16(clamping: value)) }
  mutating func number(_ value: Int64) { append(value) }

  mutating func text(_ text: String) {
    let utf8 = text.utf8.prefix(Int(UInt16.max))
    count(utf8.count)
    bytes += utf8
  }

  mutating func key(_ key: NoticeKey) {
    text(key.kind.rawValue)
    switch key.subject {
    case .destination(let name): text("destination"); text(name)
    case .source(let name): text("source"); text(name)
    case .store(let side): text("store"); text(side.rawValue)
    case .relay: text("relay"); text("")
    }
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }
}

private struct ByteReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func byte() -> UInt8? { take(1)?.first }
  mutating func count() -> Int? { integer(UInt16.self).map { Int($0) } }
  mutating func number() -> Int64? { integer(Int64.self) }
  mutating func time() -> Timestamp? { number().map { Timestamp(microseconds: $0) } }
  mutating func text() -> String? {
    count().flatMap { take($0) }.flatMap { String(validating: $0, as: UTF8.self) }
  }

  mutating func key() -> NoticeKey? {
    guard let kind = text().flatMap(NoticeKind.init), let what = text(), let name = text() else { return nil }
    switch what {
    case "destination": return NoticeKey(kind: kind, subject: .destination(name))
    case "source": return NoticeKey(kind: kind, subject: .source(name))
    case "store":
      return NoticeSubject.StoreSide(rawValue: name).map { NoticeKey(kind: kind, subject: .store($0)) }
    case "relay": return NoticeKey(kind: kind, subject: .relay)
    default: return nil
    }
  }

  private mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
    take(MemoryLayout<Value>.size)?.reversed().reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard place + count <= bytes.count else { return nil }
    defer { place += count }
    return bytes[place..<place + count]
  }
}
