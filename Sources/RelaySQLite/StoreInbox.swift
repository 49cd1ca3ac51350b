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

  private enum Sleep: Sendable {
    case awake
    case asleep(until: Instant?)
  }

  private var operations: [StoreOperation] = []
  private var waiting = CommitPace.Waiting()
  private var sleep = Sleep.awake
  private(set) var isClosing = false
  var pace = CommitPace(start: .now)

  var isEmpty: Bool { operations.isEmpty }

  /// - Returns: Whether it will be carried out; and whether the store's thread must be woken for it.
  mutating func post(_ operation: StoreOperation) -> (isAccepted: Bool, wakes: Bool) {
    guard !isClosing else { return (false, false) }
    operations.append(operation)
    switch operation.urgency {
    case .gathered: waiting.envelopes += 1
    case .patient(let count):
      waiting.patient += count
      if waiting.patientSince == nil { waiting.patientSince = .now }
    case .urgent: waiting.isUrgent = true
    }
    guard case .asleep(let end) = sleep, let due = pace.due(waiting), end.map({ due < $0 }) ?? true else {
      return (true, false)
    }
    // Woken once is enough.
    sleep = .awake
    return (true, true)
  }

  mutating func close() { isClosing = true }

  /// - Parameters:
  ///   - rest: When there is something to do without an operation; nil: not before one comes.
  ///   - limit: How many operations to take at most.
  mutating func next(now: Instant, rest: Instant?, atMost limit: Int) -> Step {
    sleep = .awake
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
      defer { operations = [] }
      return operations
    }
    let taken = Array(operations.prefix(limit))
    operations.removeFirst(limit)
    // The rest has waited long enough.
    waiting.isUrgent = true
    return taken
  }
}

extension StoreOperation {
  enum Urgency {
    case urgent
    /// Waits for others of its kind.
    case gathered
    /// Goes with the next commit: so many outcomes.
    case patient(Int)
  }

  var urgency: Urgency {
    switch self {
    case .append: .gathered
    case .settle(let settlements, let isUrgent, _): isUrgent ? .urgent : .patient(settlements.count)
    case .release, .note: .patient(0)
    default: .urgent
    }
  }
}
