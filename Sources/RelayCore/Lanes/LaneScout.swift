/// Looks past a window that is full of what can't be tried, for what can: the store is walked in small steps, from the
/// window's oldest to the end.
///
/// While the circuit is open it brings one delivery of each kind, to be tried or probed: or a destination that is well again
/// for one kind would be asked about another for as long as that fills the window. Once that one has ended it turns
/// aside for the next of its kind. What it leaves in the store is not lost: it goes back to it when the opening ends.
struct LaneScout: Sendable {
  private enum Look: Sendable {
    case walk
    /// Aside from its way, for one kind.
    case aside(EventKind)
    /// It was sent elsewhere meanwhile: what it brings is not wanted.
    case void
  }

  private var look: Look?
  /// The last one that it has seen; nil: it begins anew.
  private(set) var after: DeliveryID?
  private var nextLook = Timestamp.epoch
  /// Kinds of which it has brought one.
  private var brought: Set<EventKind> = []
  /// The first that it left in the store, by kind; and of kinds that don't fit.
  private var left: [EventKind: DeliveryID] = [:]
  private var firstLeftOfOthers: DeliveryID?
  /// Kinds of which another is wanted.
  private var wanted: [EventKind] = []

  /// How far apart looks are: each costs the store's thread some milliseconds.
  static let spacing = Duration.milliseconds(100)
  /// At the end of what there is, or where the store could not read.
  static let pause = Duration.seconds(1)
  /// How much is read at once: this part of the window.
  static let windowShare = 8

  var isLooking: Bool { look != nil }
  var looksFrom: Timestamp? { isLooking ? nil : nextLook }

  /// - Parameter oldest: The oldest that the window holds.
  /// - Returns: After which one to look; nil: not now.
  mutating func begins(at now: Timestamp, oldest: () -> DeliveryID) -> DeliveryID? {
    guard !isLooking, nextLook <= now else { return nil }
    if let kind = wanted.first, let first = left[kind] {
      look = .aside(kind)
      return DeliveryID(rawValue: first.rawValue - 1)
    }
    look = .walk
    return after ?? oldest()
  }

  /// - Parameters:
  ///   - last: It came to this one; nil: to none.
  ///   - isEnd: There are no more.
  /// - Returns: Whether what it brings is wanted.
  mutating func looked(upTo last: DeliveryID?, isEnd: Bool, at now: Timestamp) -> Bool {
    defer { look = nil }
    nextLook = now.advanced(by: last == nil || isEnd && wanted.isEmpty ? Self.pause : Self.spacing)
    switch look {
    case .walk:
      after = last ?? after
      return true
    case .aside(let kind):
      // What it leaves of this kind stands behind what it sees now.
      left[kind] = isEnd ? nil : last.map { DeliveryID(rawValue: $0.rawValue + 1) } ?? left[kind]
      if isEnd { wanted.removeAll { $0 == kind } }
      return true
    case .void, nil: return false
    }
  }

  /// Whether one of this kind is to be kept, to be tried while the circuit is open; then it is.
  mutating func brings(_ kind: EventKind) -> Bool {
    guard brought.count < KindTable.maxKinds, brought.insert(kind).inserted else { return false }
    wanted.removeAll { $0 == kind }
    return true
  }

  /// It leaves one in the store.
  mutating func leaves(_ delivery: DeliveryID, _ kind: EventKind) {
    if let first = left[kind] {
      left[kind] = min(first, delivery)
    } else if left.count < KindTable.maxKinds {
      left[kind] = delivery
    } else {
      firstLeftOfOthers = min(firstLeftOfOthers ?? delivery, delivery)
    }
  }

  /// An attempt has ended, and the circuit is still open.
  mutating func ended(_ kind: EventKind) {
    guard brought.remove(kind) != nil, left[kind] != nil, !wanted.contains(kind) else { return }
    wanted.append(kind)
  }

  /// Kinds may be tried that could not be before.
  mutating func startOver() {
    let (look, nextLook) = (look, nextLook)
    self = LaneScout()
    self.look = look.map { _ in .void }
    self.nextLook = nextLook
  }

  /// What it has left in the store may start now, but for refused kinds.
  mutating func openingEnded(refused: KindTable) {
    let first = ([firstLeftOfOthers] + left.map { refused.contains($0.key) ? nil : $0.value })
      .compactMap(\.self).min()
    let way = after
    startOver()
    after = way.map { min($0, first.map { DeliveryID(rawValue: $0.rawValue - 1) } ?? $0) }
  }
}
