/// Kinds of events whose deliveries fail: at most `maxKinds`, so that no sender can fill the memory.
struct KindTable: Sendable, Equatable {
  struct Mark: Sendable, Equatable {
    /// When one of it failed first.
    var since: Timestamp
    /// When one of it failed last.
    var lastFailed: Timestamp
  }

  static let maxKinds = 1_024

  private(set) var marks: [EventKind: Mark] = [:]

  var isEmpty: Bool { marks.isEmpty }
  var isFull: Bool { marks.count >= Self.maxKinds }
  var count: Int { marks.count }

  func contains(_ kind: EventKind) -> Bool { marks[kind] != nil }

  /// One of it failed. A kind that no longer fits is not noted.
  mutating func failed(_ kind: EventKind, at now: Timestamp) {
    if let known = marks[kind] {
      marks[kind] = Mark(since: known.since, lastFailed: now)
    } else if !isFull {
      marks[kind] = Mark(since: now, lastFailed: now)
    }
  }

  /// Those of another table, too, as far as they fit.
  mutating func add(_ other: KindTable) {
    for (kind, mark) in other.marks where !isFull && marks[kind] == nil { marks[kind] = mark }
  }

  /// - Returns: Whether it was there.
  mutating func remove(_ kind: EventKind) -> Bool { marks.removeValue(forKey: kind) != nil }

  mutating func removeAll() {
    // Called for every success: most tables are empty.
    if !marks.isEmpty { marks.removeAll() }
  }
}
