import RelayCore

/// How far the server's clock is from ours, as its answers tell. Pure.
///
/// An answer's time was read at some moment between the question and the answer: so the offset is known to half of the round trip. Of
/// the last few the quickest answer counts.
package struct ServerClock: Sendable, Equatable {
  package struct Offset: Sendable, Equatable {
    /// How far the server's clock is ahead of the steady clock.
    package var ahead: Duration
    /// So much more or less it may be.
    package var uncertainty: Duration
  }

  /// What has become known of the wall clock, for the log.
  package enum Change: Sendable, Equatable {
    /// It is so far ahead of the server's, or behind (negative).
    case off(Duration)
    case right
  }

  /// What signatures and ids of this node may differ from others' without a word.
  package static let tolerance = Duration.seconds(2)
  private static let memory = 8

  private var recent: [Offset] = []
  private var isOff = false

  package init() {}

  /// nil: the server has not told the time yet.
  package var offset: Offset? { recent.min { $0.uncertainty < $1.uncertainty } }

  /// What the server's clock shows at a steady time; nil: nobody knows yet.
  package func serverTime(at steady: Timestamp) -> Timestamp? {
    offset.map { steady.advanced(by: $0.ahead) }
  }

  /// The server has answered with its time.
  package mutating func measure(sent: ClockReading, received: ClockReading, server: Timestamp) -> Change? {
    let half = sent.steady.duration(to: received.steady) / 2
    recent.append(Offset(ahead: sent.steady.advanced(by: half).duration(to: server), uncertainty: half))
    if recent.count > Self.memory { recent.removeFirst() }
    guard let offset else { return nil }
    let wallAhead = received.offset - offset.ahead
    let bound = Self.tolerance + offset.uncertainty
    let wasOff = isOff
    isOff = wallAhead > bound || wallAhead < .zero - bound
    guard isOff != wasOff else { return nil }
    return isOff ? .off(wallAhead) : .right
  }

  /// The answers come from another server, or its clock may have been set meanwhile.
  package mutating func forget() { recent = [] }
}
