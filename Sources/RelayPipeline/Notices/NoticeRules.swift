import RelayCore

/// When one receiver is told of a state: once it has lasted, again while it goes on, and when it has ended. Pure: it is told
/// what each look has shown.
struct NoticeRules: Sendable, Equatable {
  struct Open: Sendable, Equatable {
    /// Steady times, both: since when it is so, and when it was last told.
    var since: Timestamp
    var told: Timestamp
    /// Since when it has been over.
    var over: Timestamp?
  }

  /// What is so, and has not lasted long enough.
  struct Beginning: Sendable, Equatable {
    /// Steady times, both: since when it is so, and when that was last seen.
    var since: Timestamp
    var seen: Timestamp
  }

  struct Change: Sendable, Equatable {
    var key: NoticeKey
    var phase: Notice.Phase
    /// Steady times: when it came to be so, and since when it has been (or had been) so.
    var at: Timestamp
    var since: Timestamp
    var detail: String
  }

  /// What is kept has a fixed room: beyond so many at once, no more is told.
  static let maxOpen = 100
  /// An end counts once it has lasted so long (or `for`, if that is shorter): what comes and goes is one state.
  static let recovery = Duration.seconds(60)
  /// What has begun and can't be seen is believed to go on for so long, over a restart, too.
  static let memory = Duration.seconds(1_800)

  private(set) var open: [NoticeKey: Open]
  private(set) var waiting: [NoticeKey: Beginning]

  init(open: [NoticeKey: Open] = [:], waiting: [NoticeKey: Beginning] = [:]) {
    self.open = open
    self.waiting = waiting
  }

  /// - Parameter states: All that there are; what is open and not among them is there no more.
  mutating func look(
    _ states: [NoticeKey: NoticeState], at now: Timestamp, for receiver: NoticeReceiver
  ) -> [Change] {
    // Nobody wants to hear their end either.
    open = open.filter { receiver.kinds.contains($0.key.kind) }
    var changes: [Change] = []
    for (key, state) in states.sorted(by: { $0.key < $1.key }) where receiver.kinds.contains(key.kind) {
      let change =
        open[key] == nil
        ? begin(key, state, at: now, for: receiver) : go(on: key, state, at: now, for: receiver)
      if let change { changes.append(change) }
    }
    waiting = waiting.filter { key, beginning in
      states[key] != nil && receiver.kinds.contains(key.kind)
        && beginning.seen.duration(to: now) <= Self.memory
    }
    for (key, gone) in open.sorted(by: { $0.key < $1.key }) where states[key] == nil {
      open[key] = nil
      changes.append(
        Change(key: key, phase: .ended, at: now, since: gone.since, detail: Self.isGone))
    }
    return changes
  }

  static let isGone = "it is no longer configured"

  private mutating func begin(
    _ key: NoticeKey, _ state: NoticeState, at now: Timestamp, for receiver: NoticeReceiver
  ) -> Change? {
    let known = waiting[key]
    switch state.standing {
    case .off:
      waiting[key] = nil
      return nil
    case .unknown: return nil
    case .persists:
      guard known != nil else { return nil }
    case .on: break
    }
    let since = min(known?.since ?? now, state.since ?? now)
    waiting[key] = Beginning(since: since, seen: now)
    let patience = key.kind.isCounted ? .zero : max(receiver.patience, state.least)
    guard state.lasted ?? since.duration(to: now) >= patience, open.count < Self.maxOpen else { return nil }
    waiting[key] = nil
    open[key] = Open(since: since, told: now)
    return Change(key: key, phase: .began, at: now, since: since, detail: state.detail)
  }

  private mutating func go(
    on key: NoticeKey, _ state: NoticeState, at now: Timestamp, for receiver: NoticeReceiver
  ) -> Change? {
    guard var known = open[key] else { return nil }
    // What ended before it began is another one's end: nobody has seen this one's.
    let isOver = state.standing == .off && state.since ?? now >= known.since
    if isOver {
      let over = known.over ?? now
      let recovery = key.kind.isCounted ? .zero : min(receiver.patience, Self.recovery)
      guard over.duration(to: now) >= recovery else {
        open[key]?.over = over
        return nil
      }
      open[key] = nil
      return Change(key: key, phase: .ended, at: over, since: known.since, detail: state.detail)
    }
    if state.standing == .on { known.over = nil }
    open[key] = known
    guard let repetition = receiver.repetition, known.told.duration(to: now) >= repetition else { return nil }
    open[key]?.told = now
    return Change(key: key, phase: .repeated, at: now, since: known.since, detail: state.detail)
  }
}
