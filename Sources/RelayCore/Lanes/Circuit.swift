/// Whether a destination is to be left alone: a pure state machine.
///
///     closed ──failures in a row──▶ open ──a success──▶ recovering ──its limit reaches the concurrency──▶ closed
///                                    ▲                      │
///                                    └──failures in a row───┘
///
/// While open, nothing starts but one probe every `probe_every`, counted from the opening and from each probe's start,
/// and one at a time. While recovering, at most `limit` attempts are in flight: 1, 2, 4 …, doubled after so many
/// answers.
public struct Circuit: Sendable, Equatable {
  public enum State: Sendable, Equatable {
    case closed
    case open(since: Timestamp)
    case recovering(limit: Int)
  }

  public private(set) var state = State.closed
  /// The probe in flight: also when the circuit has left `open` meanwhile.
  private(set) var probe: DeliveryID?
  private var nextProbe = Timestamp.epoch
  private var row = FailureRow()
  /// Since the limit last grew.
  private var answers = 0

  init() {}

  var isOpen: Bool { if case .open = state { true } else { false } }

  /// How many attempts may be in flight.
  func slots(of concurrency: Int) -> Int {
    if case .recovering(let limit) = state { min(limit, concurrency) } else { concurrency }
  }

  /// From when on an attempt may start; nil: not before the probe in flight has ended.
  var startsFrom: Timestamp? { !isOpen ? .epoch : probe == nil ? nextProbe : nil }

  mutating func started(_ delivery: DeliveryID, at now: Timestamp, policy: CircuitPolicy) {
    guard isOpen else { return }
    probe = delivery
    nextProbe = now.advanced(by: policy.probeEvery)
  }

  /// An attempt ended.
  ///
  /// - Returns: Whether it is in another state; the limit's growth is none.
  mutating func finished(
    _ delivery: DeliveryID, _ blame: Blame, at now: Timestamp, of destination: Destination
  )
    -> Bool
  {
    if probe == delivery { probe = nil }
    switch (state, blame) {
    case (.open, .none):
      recover(upTo: destination.concurrency)
      return true
    case (.open, _): return false
    case (_, .destination), (_, .connection):
      row.add(delivery, blame)
      guard row.count >= destination.circuit.failures else { return false }
      open(at: now, policy: destination.circuit)
      return true
    case (.closed, _):
      row.end()
      return false
    case (.recovering(let limit), _):
      row.end()
      answers += 1
      guard answers >= limit else { return false }
      return grow(to: limit * 2, upTo: destination.concurrency)
    }
  }

  /// The destination has been configured anew: what kept it from answering may be mended, so a probe is due at once.
  ///
  /// - Returns: Whether it is in another state.
  mutating func reconfigured(_ destination: Destination) -> Bool {
    nextProbe = .epoch
    guard case .recovering(let limit) = state else { return false }
    return limit >= destination.concurrency && grow(to: limit, upTo: destination.concurrency)
  }

  private mutating func open(at now: Timestamp, policy: CircuitPolicy) {
    row.end()
    state = .open(since: now)
    nextProbe = now.advanced(by: policy.probeEvery)
  }

  private mutating func recover(upTo concurrency: Int) {
    _ = grow(to: 1, upTo: concurrency)
  }

  private mutating func grow(to limit: Int, upTo concurrency: Int) -> Bool {
    answers = 0
    state = limit < concurrency ? .recovering(limit: limit) : .closed
    return state == .closed
  }
}
