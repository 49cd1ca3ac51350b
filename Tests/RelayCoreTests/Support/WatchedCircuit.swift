@testable import RelayCore

/// What a circuit should do, reckoned from the whole row of results each time.
struct WatchedCircuit {
  private(set) var isOpen = false
  private var isRecovering = false
  /// Since the last answer, or since it opened last.
  private var row: [(delivery: DeliveryID, blame: Blame)] = []
  private var answers = 0
  private var spacedFrom = Timestamp.epoch
  private(set) var probe: DeliveryID?
  /// What the dispatcher has yet to tell.
  private var mustOpen = false
  private var mustRecover = false

  /// How many attempts may be in flight, as far as the answers since the opening allow.
  var limit: Int { isRecovering ? answers + 1 : .max }

  /// - Returns: Whether it is a probe.
  mutating func started(_ delivery: Delivery, _ destination: Destination, _ lane: Lane, at now: Timestamp)
    throws
    -> Bool
  {
    guard isOpen else { return false }
    let id = delivery.id
    try require(probe == nil, "\(id) starts beside the probe \(probe!)")
    let next = spacedFrom.advanced(by: destination.circuit.probeEvery)
    try require(spacedFrom == .epoch || now >= next, "\(id) probes before \(next)")
    for other in lane.fresh.deliveries + (delivery.attempts > 0 ? lane.retrying.deliveries : []) {
      try require(!other.isProbed(before: delivery), "\(id) probes before \(other.id)")
    }
    probe = id
    spacedFrom = now
    return true
  }

  /// - Returns: Whether it was a probe.
  mutating func finished(_ attempt: FinishedAttempt, _ destination: Destination?) -> Bool {
    defer { if probe == attempt.delivery { probe = nil } }
    note(attempt, destination)
    return probe == attempt.delivery
  }

  private mutating func note(_ attempt: FinishedAttempt, _ destination: Destination?) {
    let blame = attempt.result.blame
    if isOpen {
      if blame == .none { mustRecover = true }
      return
    }
    if blame == .none || blame == .event {
      row = []
      answers += 1
      return
    }
    row.append((attempt.delivery, blame))
    let each = row.count { $0.blame == .connection }
    let once = Set(row.filter { $0.blame == .destination }.map(\.delivery)).count
    if let destination, each + once >= destination.circuit.failures { mustOpen = true }
  }

  /// Another configuration may be probed at once.
  mutating func reconfigured() { spacedFrom = .epoch }

  mutating func told(_ change: CircuitChange, at now: Timestamp) throws {
    switch change {
    case .opened:
      try require(mustOpen, "it opens after \(row)")
      isOpen = true
      spacedFrom = now
    case .recovering, .closed:
      try require(mustRecover || isRecovering, "it ends without a success")
      if mustRecover { answers = 0 }
      isOpen = false
    }
    if case .recovering = change { isRecovering = true } else { isRecovering = false }
    if mustOpen || mustRecover { row = [] }
    mustOpen = false
    mustRecover = false
  }

  func expectEverythingTold() throws {
    try require(!mustOpen, "it stays closed after \(row)")
    try require(!mustRecover, "it stays open after a success")
  }
}
