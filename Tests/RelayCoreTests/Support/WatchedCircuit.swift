@testable import RelayCore

/// What a circuit should do, reckoned from the whole row of results each time.
struct WatchedCircuit {
  private struct Failure {
    var delivery: DeliveryID
    var kind: String
    var blame: Blame
    /// Nothing could be tried but what the row held.
    var isAlone: Bool
  }

  private(set) var isOpen = false
  private var isRecovering = false
  /// Since the last answer, or since it opened last; without those of refused kinds while others were served.
  private var row: [Failure] = []
  /// That which opened it, and what has failed since.
  private var opening: [Failure] = []
  /// Since it was configured anew.
  private var openingBegins = 0
  private var answers = 0
  private var spacedFrom = Timestamp.epoch
  private var lastTrial = Timestamp.epoch
  private(set) var probe: DeliveryID?
  private var trials: [DeliveryID: String] = [:]
  private(set) var refused: Set<String> = []
  private var othersFail = false
  private var failedAt: [String: Timestamp] = [:]
  /// In this opening, since it was configured anew: kinds of which an event alone was to blame.
  private var blamedAt: [String: Timestamp] = [:]
  /// While open: somebody answered last.
  private var isAnswered = false
  private var failuresToOpen = 0
  /// What the dispatcher has yet to tell.
  private var mustOpen = false
  private var mustRecover = false
  /// To know that the simulation reaches them.
  private(set) var trialsStarted = 0

  /// How many attempts may be in flight, as far as the answers since the opening allow; those of refused kinds not counted.
  var limit: Int { isRecovering ? answers + 1 : .max }

  /// Whether one delivery has counted more than once in the row that opened it.
  var isByHeads: Bool { isOpen && opening.prefix(openedBy).contains(where: \.isAlone) }
  private var openedBy = 0

  func ignoresFailures(of kind: String) -> Bool { !othersFail && refused.contains(kind) }

  /// The kinds that answers have refused in this opening.
  private var failed: Set<String> {
    Set(opening[openingBegins...].filter { $0.blame == .destination }.map(\.kind))
  }

  private var heads: Set<DeliveryID> { Set(opening.filter { $0.blame == .destination }.map(\.delivery)) }

  /// Whether an open circuit must not hold it.
  func allows(_ delivery: Delivery) -> Bool {
    let kind = delivery.event.type
    guard isOpen, isAnswered, !trials.values.contains(kind) else { return false }
    if isByHeads && heads.count < failuresToOpen && !heads.contains(delivery.id) { return true }
    return !failed.contains(kind) && !refused.contains(kind)
  }

  /// Whether it must be tried now, if it could be.
  func mustTry(_ delivery: Delivery, at now: Timestamp) -> Bool {
    allows(delivery) && lastTrial.duration(to: now) >= .seconds(1)
  }

  /// - Returns: Whether it is a probe or a trial.
  mutating func started(_ delivery: Delivery, _ destination: Destination, _ lane: Lane, at now: Timestamp)
    throws
    -> Bool
  {
    guard isOpen else { return false }
    let id = delivery.id
    if mustTry(delivery, at: now) {
      trials[id] = delivery.event.type
      trialsStarted += 1
      lastTrial = now
      return true
    }
    try require(probe == nil, "\(id) starts while the probe is in flight: \(probe!)")
    let next = spacedFrom.advanced(by: destination.circuit.probeEvery)
    try require(spacedFrom == .epoch || now >= next, "\(id) probes before \(next)")
    for other in lane.windows.live.fresh.deliveries
      + (delivery.attempts > 0 ? lane.windows.live.retrying.deliveries : [])
    {
      let (mine, its) = (lastFailed(delivery), lastFailed(other))
      try require(
        mine < its || mine == its && ProbeOrder(delivery) < ProbeOrder(other),
        "\(id) probes before \(other.id)")
    }
    probe = id
    spacedFrom = now
    return true
  }

  /// Kinds that have not failed in this opening, and are not refused, come first.
  private func lastFailed(_ delivery: Delivery) -> Timestamp {
    let kind = delivery.event.type
    if failed.contains(kind) || refused.contains(kind) { return failedAt[kind]! }
    return blamedAt[kind] ?? .epoch
  }

  /// - Returns: Whether it was a probe, or a trial that counts as one.
  mutating func finished(
    _ attempt: FinishedAttempt, kind: String, isAlone: Bool, _ destination: Destination?, at now: Timestamp
  ) -> Bool {
    let blame = attempt.result.blame
    let isProbe =
      probe == attempt.delivery || (trials[attempt.delivery] != nil && blame != .event)
    if probe == attempt.delivery { probe = nil }
    trials[attempt.delivery] = nil
    if let destination { failuresToOpen = destination.circuit.failures }
    let holds = row.contains { $0.delivery == attempt.delivery && $0.blame == .destination }
    let failure = Failure(
      delivery: attempt.delivery, kind: kind, blame: blame, isAlone: isAlone && holds && blame == .destination
    )
    if blame == .destination || blame == .connection {
      failed(failure, at: now)
    } else {
      answered(kind, blame, at: now)
    }
    return isProbe
  }

  private mutating func failed(_ failure: Failure, at now: Timestamp) {
    if isOpen {
      opening.append(failure)
      isAnswered = failure.blame == .destination
      if failure.blame == .destination { failedAt[failure.kind] = now }
      return
    }
    let isRefused = refused.contains(failure.kind)
    if failure.blame == .destination && isRefused {
      failedAt[failure.kind] = now
      if !othersFail { return }
    }
    if !isRefused { othersFail = true }
    let isNew = !row.contains { $0.delivery == failure.delivery && $0.blame == .destination }
    if failure.blame == .destination && (isNew || failure.isAlone) { failedAt[failure.kind] = now }
    row.append(failure)
    let each = row.count { $0.blame == .connection }
    let once = Set(row.filter { $0.blame == .destination }.map(\.delivery)).count
    let again = row.count(where: \.isAlone)
    if each + once + again >= failuresToOpen { mustOpen = true }
  }

  private mutating func answered(_ kind: String, _ blame: Blame, at now: Timestamp) {
    if blame == .none {
      if isOpen && !failed.contains(kind) { refused.formUnion(failed) }
      refused.remove(kind)
      othersFail = false
      if isOpen {
        mustRecover = true
        return
      }
    } else if isOpen {
      isAnswered = true
      blamedAt[kind] = now
      return
    } else if !refused.contains(kind) {
      othersFail = false
    }
    row = []
    answers += 1
  }

  /// Another configuration may be probed at once.
  mutating func reconfigured() {
    spacedFrom = .epoch
    openingBegins = opening.count
    refused = []
    blamedAt = [:]
  }

  mutating func told(_ change: CircuitChange, at now: Timestamp) throws {
    switch change {
    case .opened:
      try require(mustOpen, "it opens after \(row)")
      isOpen = true
      opening = row
      blamedAt = [:]
      isAnswered = row.last?.blame == .destination
      openedBy = row.count
      openingBegins = 0
      spacedFrom = now
    case .recovering, .closed:
      try require(mustRecover || isRecovering, "it ends without a success")
      if mustRecover { answers = 0 }
      isOpen = false
      opening = []
      openingBegins = 0
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
