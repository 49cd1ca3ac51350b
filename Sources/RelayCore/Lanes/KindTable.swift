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

  /// Those that failed last, the latest first.
  func lastFailed(_ count: Int) -> [RefusedKind] {
    marks.map { RefusedKind(kind: $0, since: $1.since, lastFailed: $1.lastFailed) }
      .sorted { $0.lastFailed > $1.lastFailed }
      .prefix(count).map(\.self)
  }

  /// One of it failed. A kind that no longer fits is not remembered.
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

/// Kinds of events whose last answered delivery succeeded: at most `KindTable.maxKinds`, so that no sender can fill the memory.
struct ServedKinds: Sendable, Equatable {
  private var kinds: Set<EventKind> = []
  /// Most successes are of the kind of the one before: these cost no hash, and make no kind.
  private var last: EventKind?

  func contains(_ kind: EventKind) -> Bool { kinds.contains(kind) }

  mutating func succeeded(_ event: Event) {
    // A kind that is like the event has whole texts: so none is made of it.
    if let last, last.type == event.type, last.company == event.company, last.channel == event.channel {
      return
    }
    let kind = EventKind(event)
    guard kind != last else { return }
    last = kind
    guard !kinds.contains(kind) else { return }
    // What is still served comes back.
    if kinds.count >= KindTable.maxKinds { kinds.removeAll(keepingCapacity: true) }
    kinds.insert(kind)
  }

  mutating func failed(_ kind: EventKind) {
    kinds.remove(kind)
    if kind == last { last = nil }
  }
}
