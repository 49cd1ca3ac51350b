import RelayCore

/// What a notice is about.
enum NoticeSubject: Hashable, Sendable {
  case destination(String)
  case source(String)
  /// One side of the store.
  case store(StoreSide)
  /// The relay as a whole.
  case relay

  enum StoreSide: String, Hashable, Sendable, CaseIterable {
    /// It takes no envelopes.
    case refuses
    case nearlyFull = "nearly_full"
    /// Its log can't be written over, and grows.
    case log
    /// It lets no attempt start.
    case holds
  }
}

/// A state of something, of which there is one notice at its beginning and one at its end.
struct NoticeKey: Hashable, Sendable {
  var kind: NoticeKind
  var subject: NoticeSubject
}

/// One message, as it is kept until it is sent.
struct Notice: Equatable, Sendable {
  enum Phase: String, Sendable, CaseIterable {
    case began, ended, repeated
  }

  /// The same however often it is sent.
  var id: String
  var key: NoticeKey
  var phase: Phase
  /// When it came to be so, by the wall clock: of an end, when it ended.
  var at: Timestamp
  /// Since when it had been so, by the wall clock.
  var since: Timestamp
  /// What is known of it, for people; empty: nothing beyond its kind.
  var detail: String

  /// In bytes: what is kept has a fixed room.
  static let maxDetailBytes = 200

  init(id: String, key: NoticeKey, phase: Phase, at: Timestamp, since: Timestamp, detail: String) {
    self.id = id
    self.key = key
    self.phase = phase
    self.at = at
    self.since = since
    self.detail = detail.cut(toBytes: Self.maxDetailBytes)
  }
}

extension NoticeKey: Comparable {
  /// In the order in which they are told.
  static func < (a: NoticeKey, b: NoticeKey) -> Bool {
    (a.kind.place, a.subject.text) < (b.kind.place, b.subject.text)
  }
}

extension NoticeKind {
  fileprivate var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension NoticeSubject {
  /// For people, and for their order: `destination crm`.
  var text: String {
    switch self {
    case .destination(let name): "destination \(name)"
    case .source(let name): "source \(name)"
    case .store(let side): "store \(side.rawValue)"
    case .relay: "relay"
    }
  }
}

extension String {
  /// At most so many bytes of it, on one line; a character is left whole.
  func cut(toBytes limit: Int) -> String {
    let line = utf8.contains { $0 < 0x20 } ? String(map { $0.isNewline || $0 < " " ? " " : $0 }) : self
    guard line.utf8.count > limit else { return line }
    var text = ""
    var count = 0
    for character in line {
      count += String(character).utf8.count
      guard count <= limit - 3 else { break }
      text.append(character)
    }
    return text + "…"
  }
}
