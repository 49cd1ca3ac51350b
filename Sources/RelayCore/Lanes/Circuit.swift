/// Whether a destination is to be left alone: a pure state machine.
///
///     closed ──failures in a row──▶ open ──a success──▶ recovering ──its limit reaches the concurrency──▶ closed
///                                    ▲                      │
///                                    └──failures in a row───┘
///
/// While open, nothing starts but one **probe** every `probe_every`, counted from the opening and from each probe's start,
/// and one at a time; and, where the last attempt was answered, **trials**: at most one a second, of deliveries of a kind
/// that has not failed, for the destination may refuse one kind alone.
///
/// When a kind that has not failed succeeds, those that have are **refused** ones: their failures no longer count in the
/// row, as long as the last attempt of any other kind did not fail. A kind is refused until one of it succeeds.
///
/// While recovering, at most `limit` attempts are in flight: 1, 2, 4 …, doubled after as many answers; those of refused
/// kinds are not among them.
package struct Circuit: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    case closed
    case open(since: Timestamp)
    case recovering(limit: Int)
  }

  /// How far apart trials start.
  static let trialSpacing = Duration.seconds(1)

  package private(set) var state = State.closed
  /// The probe in flight: also when the circuit has left `open` meanwhile.
  private(set) var probe: DeliveryID?
  private var nextProbe = Timestamp.epoch
  private var row = FailureRow()
  /// How many answers came since the limit was last raised.
  private var answers = 0

  /// Refused while others were served.
  private(set) var refused = KindTable()
  /// The last failure of any other kind has not been followed by a success.
  private var othersFail = false

  /// While open they are tried before those of which nothing is known, so that a destination that refuses many kinds goes on
  /// getting what it takes.
  private var served = ServedKinds()

  /// While open: kinds that answers have refused since the row began.
  private(set) var failed = KindTable()
  /// While open: kinds of which an event alone was to blame. Others are tried before them.
  private var blamed = KindTable()
  /// While open: the last attempt was answered, so that another kind may be served.
  private var isAnswered = false
  /// While open: deliveries of one order key each have counted more than once.
  private(set) var isByHeads = false
  /// While open by heads: those that have failed, until they are as many as open a circuit.
  private var heads: Set<DeliveryID> = []
  private var headsLeft = 0
  /// In flight, with their kinds; also when the circuit has left `open` meanwhile.
  private var trials: [DeliveryID: EventKind] = [:]
  private var nextTrial = Timestamp.epoch
  /// The lane may hold one to be tried.
  private var mayTry = false

  init() {}

  var isOpen: Bool { if case .open = state { true } else { false } }

  var isClosed: Bool { if case .closed = state { true } else { false } }

  /// How many attempts may be in flight, those of refused kinds not counted.
  func slots(of concurrency: Int) -> Int {
    if case .recovering(let limit) = state { min(limit, concurrency) } else { concurrency }
  }

  /// Whether it failed while others were served, and goes on by its own delays.
  func refuses(_ delivery: Delivery) -> Bool {
    !refused.isEmpty && refused.contains(EventKind(delivery.event))
  }

  /// Whether an answer to it has counted in the present row.
  func hasCounted(_ delivery: DeliveryID) -> Bool { row.deliveries.contains(delivery) }

  /// Whether its failures do not count in the row.
  func ignoresFailures(of delivery: Delivery) -> Bool { !othersFail && refuses(delivery) }

  // MARK: Starting

  /// From when on an attempt may start; nil: not before the probe in flight has ended.
  var startsFrom: Timestamp? {
    guard isOpen else { return .epoch }
    let probes = probe == nil ? nextProbe : nil
    guard mayTry && isAnswered else { return probes }
    return probes.map { min($0, nextTrial) } ?? nextTrial
  }

  func probes(at now: Timestamp) -> Bool { probe == nil && nextProbe <= now }

  /// Whether kinds that have not failed are tried.
  var triesOthers: Bool { isOpen && isAnswered }

  /// Whether they would be, and the lane holds none.
  var lacksTrials: Bool { triesOthers && !mayTry }

  func tries(at now: Timestamp) -> Bool { mayTry && isAnswered && nextTrial <= now }

  /// What it knows of a kind.
  struct KindStanding {
    /// A trial of it is in flight.
    var isOnTrial: Bool
    /// The last one of it that was answered succeeded.
    var isServed: Bool
    /// It has failed in this opening, or is refused; or there is no more room to remember that.
    var mustWait: Bool
    /// When one of it failed last, for the order of probes and trials; `epoch`: none has.
    var lastFailed: Timestamp
  }

  func standing(of kind: EventKind) -> KindStanding {
    let mark = failed.marks[kind] ?? refused.marks[kind]
    return KindStanding(
      isOnTrial: trials.values.contains(kind), isServed: served.contains(kind),
      mustWait: mark != nil || failed.isFull || refused.isFull,
      lastFailed: (mark ?? blamed.marks[kind])?.lastFailed ?? .epoch)
  }

  /// Whether the open circuit lets it be tried: nothing of its kind has failed, or (where an order leaves few to be
  /// tried) too few others have.
  func allows(_ delivery: Delivery) -> Bool {
    isAnswered && allows(delivery, standing(of: EventKind(delivery.event)))
  }

  func allows(_ delivery: Delivery, _ kind: KindStanding) -> Bool {
    guard isAnswered, !kind.isOnTrial else { return false }
    return headsLeft > 0 && !heads.contains(delivery.id) || !kind.mustWait
  }

  func isProbeOrTrial(_ delivery: DeliveryID) -> Bool { probe == delivery || trials[delivery] != nil }

  /// The lane holds more than it did.
  mutating func gotMoreToTry() { mayTry = true }

  /// The lane holds nothing that it allows to be tried.
  mutating func foundNothingToTry() { mayTry = false }

  mutating func startedProbe(_ delivery: DeliveryID, at now: Timestamp, policy: CircuitPolicy) {
    probe = delivery
    nextProbe = now.advanced(by: policy.probeEvery)
  }

  mutating func startedTrial(_ delivery: Delivery, at now: Timestamp) {
    trials[delivery.id] = EventKind(delivery.event)
    nextTrial = now.advanced(by: Self.trialSpacing)
  }

  // MARK: Ending

  /// An attempt ended.
  ///
  /// - Parameter isAlone: Nothing could be tried but deliveries that the row holds.
  /// - Returns: Whether it is in another state; the limit's growth is none.
  mutating func finished(
    _ delivery: Delivery, _ blame: Blame, isAlone: Bool, at now: Timestamp, of destination: Destination
  ) -> Bool {
    if probe == delivery.id { probe = nil }
    if !trials.isEmpty { trials[delivery.id] = nil }
    // A slot is free, and another of its kind may be tried.
    if isOpen { mayTry = true }
    switch blame {
    case .none: return succeeded(delivery, of: destination)
    case .event: return blamedTheEvent(delivery, at: now, of: destination)
    case .destination, .connection:
      let kind = EventKind(delivery.event)
      if blame == .destination { served.failed(kind) }
      if isOpen {
        failedWhileOpen(delivery.id, kind, blame, at: now)
        return false
      }
      let isRefused = refused.contains(kind)
      if isRefused && blame == .destination { refused.failed(kind, at: now) }
      if isRefused && blame == .destination && !othersFail { return false }
      if !isRefused { othersFail = true }
      row.add(delivery.id, kind, blame, isAlone: isAlone, at: now)
      guard row.count >= destination.circuit.failures else { return false }
      open(after: blame, at: now, policy: destination.circuit)
      return true
    }
  }

  /// A request of several events ended: it counts once, and where they are of several kinds, for none of them.
  ///
  /// - Parameters:
  ///   - counts: Whether its failure is one of the row: not where its size may be why.
  ///   - isAlone: Nothing could be tried but deliveries that the row holds.
  /// - Returns: Whether it is in another state; the limit's growth is none.
  mutating func finished(
    _ batch: [Delivery], _ blame: Blame, counts: Bool, isAlone: Bool, at now: Timestamp,
    of destination: Destination
  ) -> Bool {
    // One event counts once; so another one that has not yet.
    let first = blame == .destination ? batch.first { !hasCounted($0.id) } ?? batch[0] : batch[0]
    let others = batch.filter { !$0.event.hasSameKind(as: first.event) }
    switch blame {
    case .none:
      for delivery in others {
        let kind = EventKind(delivery.event)
        served.succeeded(delivery.event)
        _ = failed.remove(kind)
        _ = refused.remove(kind)
      }
    case .event, .connection: break
    case .destination:
      guard counts else {
        if isOpen { mayTry = true }
        return false
      }
      guard others.isEmpty else {
        guard !isOpen else {
          (isAnswered, mayTry) = (true, true)
          return false
        }
        othersFail = true
        row.add(first.id, nil, blame, isAlone: isAlone, at: now)
        guard row.count >= destination.circuit.failures else { return false }
        open(after: blame, at: now, policy: destination.circuit)
        return true
      }
    }
    return finished(first, blame, isAlone: isAlone, at: now, of: destination)
  }

  private mutating func succeeded(_ delivery: Delivery, of destination: Destination) -> Bool {
    served.succeeded(delivery.event)
    if !(refused.isEmpty && failed.isEmpty) {
      let kind = EventKind(delivery.event)
      // One that had not failed: so those that have are refused. One that had: the trouble is over.
      if isOpen && !failed.contains(kind) { refused.add(failed) }
      _ = refused.remove(kind)
    }
    othersFail = false
    guard isOpen else { return answered(of: destination) }
    failed.removeAll()
    blamed.removeAll()
    isByHeads = false
    heads.removeAll()
    headsLeft = 0
    _ = setLimit(1, upTo: destination.concurrency)
    return true
  }

  private mutating func blamedTheEvent(
    _ delivery: Delivery, at now: Timestamp, of destination: Destination
  ) -> Bool {
    guard !isOpen else {
      // Somebody is there, and may serve others.
      isAnswered = true
      blamed.failed(EventKind(delivery.event), at: now)
      return false
    }
    if othersFail && !refuses(delivery) { othersFail = false }
    return answered(of: destination)
  }

  /// Somebody is there.
  private mutating func answered(of destination: Destination) -> Bool {
    row.end()
    guard case .recovering(let limit) = state else { return false }
    answers += 1
    guard answers >= limit else { return false }
    return setLimit(limit * 2, upTo: destination.concurrency)
  }

  private mutating func failedWhileOpen(
    _ delivery: DeliveryID, _ kind: EventKind, _ blame: Blame, at now: Timestamp
  ) {
    guard blame == .destination else {
      isAnswered = false
      return
    }
    failed.failed(kind, at: now)
    if headsLeft > 0 && heads.insert(delivery).inserted { headsLeft -= 1 }
    isAnswered = true
  }

  private mutating func open(after blame: Blame, at now: Timestamp, policy: CircuitPolicy) {
    state = .open(since: now)
    nextProbe = now.advanced(by: policy.probeEvery)
    failed = row.kinds
    blamed.removeAll()
    isAnswered = blame == .destination
    isByHeads = row.repeats
    heads = row.repeats ? row.deliveries : []
    headsLeft = row.repeats ? max(0, policy.failures - heads.count) : 0
    mayTry = true
    row.end()
  }

  /// The destination has been configured anew, or a person says that it is well: what kept it from answering may be
  /// mended, so a probe is due at once; and where the last attempt was answered, one of every kind is tried, too.
  ///
  /// - Returns: Whether it is in another state.
  mutating func begunAnew(_ destination: Destination) -> Bool {
    nextProbe = .epoch
    failed.removeAll()
    refused.removeAll()
    blamed.removeAll()
    mayTry = true
    guard case .recovering(let limit) = state else { return false }
    return limit >= destination.concurrency && setLimit(limit, upTo: destination.concurrency)
  }

  private mutating func setLimit(_ limit: Int, upTo concurrency: Int) -> Bool {
    answers = 0
    state = limit < concurrency ? .recovering(limit: limit) : .closed
    return state == .closed
  }
}

/// What a circuit has become, for the log.
package enum CircuitChange: Sendable, Equatable {
  /// `failure`: what came of the attempt that opened it.
  case opened(failure: String)
  case recovering
  case closed
}

/// A destination's failures in a row, as its circuit counts them.
///
/// What an event may have caused counts once per delivery, so that one poisonous event alone is no row; but again where
/// nothing else could be tried. It holds no more ids, and no more kinds, than failures open a circuit.
struct FailureRow: Sendable, Equatable {
  private(set) var count = 0
  /// Those whose answers have counted.
  private(set) var deliveries: Set<DeliveryID> = []
  /// Their kinds.
  private(set) var kinds = KindTable()
  /// A delivery has counted again.
  private(set) var repeats = false

  /// - Parameters:
  ///   - isAlone: Nothing could be tried but deliveries that it holds.
  ///   - kind: nil: nobody knows which of several kinds it was.
  mutating func add(
    _ delivery: DeliveryID, _ kind: EventKind?, _ blame: Blame, isAlone: Bool, at now: Timestamp
  ) {
    if blame == .destination {
      if !deliveries.insert(delivery).inserted {
        guard isAlone else { return }
        repeats = true
      }
      if let kind { kinds.failed(kind, at: now) }
    }
    count += 1
  }

  mutating func end() {
    guard count > 0 else { return }
    self = FailureRow()
  }
}
