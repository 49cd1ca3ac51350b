/// Kinds of events of which the last delivery that was answered succeeded: at most `KindTable.maxKinds`, so that no sender can
/// fill the memory.
struct ServedKinds: Sendable, Equatable {
  private var kinds: Set<EventKind> = []
  /// Most successes are of the kind of the one before: these cost no hash.
  private var last: EventKind?

  func contains(_ kind: EventKind) -> Bool { kinds.contains(kind) }

  mutating func succeeded(_ kind: EventKind) {
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
