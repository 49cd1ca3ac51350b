import RelayCore

/// Operations that nobody has taken yet, and when they are to be taken.
struct StoreInbox: Sendable {
  typealias Instant = CommitPace.Instant

  /// What the store's thread is to do next.
  enum Step {
    /// These operations; or, of none, what needs no cause.
    case work([StoreOperation])
    /// nil: until something comes.
    case sleep(until: Instant?)
    case end
  }

  /// What a look at the store's thread from outside finds.
  enum Look {
    /// It rests, and nothing waits for it: no look is needed until something is posted.
    case nothingToDo
    case works
    /// It has not come back for too long: these are to be answered so.
    case hangs(StoreError, unanswered: [AppendCall])
    case isBack
  }

  private enum Sleep: Sendable {
    case awake
    case asleep(until: Instant?)
  }

  private var operations: [StoreOperation] = []
  private var waiting = CommitPace.Waiting()
  private var sleep = Sleep.awake
  private var isClosing = false
  /// What was taken last, until it has been answered.
  private var underWay: [StoreOperation] = []
  /// How often the store's thread has come for more.
  private var turn = 0
  private var hang = HangRule()
  private var isWatched = false
  private var pace: CommitPace
  private let hanging: StoreError

  /// - Parameter hanging: What senders are told while the store's thread does not come back.
  init(pace: CommitPace = CommitPace(start: .now), hanging: StoreError) {
    self.pace = pace
    self.hanging = hanging
  }

  var isEmpty: Bool { operations.isEmpty }

  /// - Returns: Whether it will be carried out; and whether the store's thread must be woken for it.
  mutating func post(_ operation: StoreOperation) -> (isAccepted: Bool, wakes: Bool) {
    guard refusal(of: operation) == nil else { return (false, false) }
    operations.append(operation)
    switch operation.urgency {
    case .gathered: waiting.envelopes += 1
    case .deferrable(let outcomes):
      waiting.deferrable += outcomes
      if waiting.deferrableSince == nil { waiting.deferrableSince = .now }
    case .ofReplays(let items, let isUrgent): addReplayed(items, isUrgent: isUrgent, since: .now)
    case .urgent: waiting.isUrgent = true
    }
    guard case .asleep(let end) = sleep, let due = pace.due(waiting), end.map({ due < $0 }) ?? true else {
      return (true, false)
    }
    // Woken once is enough.
    sleep = .awake
    return (true, true)
  }

  private mutating func addReplayed(_ items: Int, isUrgent: Bool = false, since: Instant) {
    waiting.replayed += items
    if waiting.replayedSince == nil { waiting.replayedSince = since }
    if isUrgent { waiting.replayedIsUrgent = true }
  }

  /// Why it is not taken; nil: it is. While the store hangs no envelopes are: their senders are not to wait for it.
  func refusal(of operation: StoreOperation) -> StoreError? {
    if isClosing { return .closed }
    if hang.isHanging, operation.appendCall != nil { return hanging }
    return nil
  }

  mutating func close() { isClosing = true }

  /// What replays ask for has a small share of the next commit.
  func replaysGiveWay(at now: Instant) -> Bool { !isClosing && pace.replaysGiveWay(at: now) }

  /// A commit has ended, and what was taken has been answered.
  ///
  /// - Parameters:
  ///   - envelopes: How many it carried.
  ///   - replayedLeft: How much of what replays ask for it had no room for.
  /// - Returns: What is to be let go of, outside the lock.
  mutating func committed(envelopes: Int, replayedLeft: Int = 0, at now: Instant) -> [StoreOperation] {
    pace.committed(envelopes: envelopes, at: now)
    if replayedLeft > 0 { addReplayed(replayedLeft, since: now) }
    defer { underWay = [] }
    return underWay
  }

  // MARK: Whether it hangs

  /// - Returns: Whether looks must begin.
  mutating func beginWatch() -> Bool {
    defer { isWatched = true }
    return !isWatched
  }

  /// Now and then, from outside.
  mutating func look() -> Look {
    let isResting = if case .asleep = sleep { true } else { false }
    switch hang.look(turn: turn, isResting: isResting) {
    case true?: return .hangs(hanging, unanswered: takeUnanswered())
    case false?: return .isBack
    case nil:
      isWatched = !isResting || !operations.isEmpty
      return isWatched ? .works : .nothingToDo
    }
  }

  /// What nobody has taken will not be done; what is being done stays where it is.
  private mutating func takeUnanswered() -> [AppendCall] {
    let calls = (underWay + operations).compactMap(\.appendCall)
    operations.removeAll { $0.appendCall != nil }
    waiting.envelopes = 0
    return calls
  }

  /// - Parameters:
  ///   - rest: When there is something to do without an operation; nil: not before one comes.
  ///   - limit: How many operations to take at most.
  mutating func next(now: Instant, rest: Instant?, atMost limit: Int) -> Step {
    sleep = .awake
    turn &+= 1
    let due = pace.due(waiting)
    if isClosing { return operations.isEmpty ? .end : .work(take(atMost: limit)) }
    if let due, due <= now { return .work(take(atMost: limit)) }
    if let rest, rest <= now { return .work([]) }
    let lull = pace.restBegins > now ? pace.restBegins : nil
    let end = [due, rest, lull].compactMap(\.self).min()
    sleep = .asleep(until: end)
    return .sleep(until: end)
  }

  /// The oldest.
  private mutating func take(atMost limit: Int) -> [StoreOperation] {
    waiting = CommitPace.Waiting()
    guard operations.count > limit else {
      underWay = operations
      operations = []
      return underWay
    }
    let taken = Array(operations.prefix(limit))
    underWay = taken
    operations.removeFirst(limit)
    // The rest has waited long enough.
    waiting.isUrgent = true
    return taken
  }
}

extension StoreOperation {
  /// nil: it is no envelope.
  fileprivate var appendCall: AppendCall? {
    if case .write(.append(let call)) = self { call } else { nil }
  }
}
