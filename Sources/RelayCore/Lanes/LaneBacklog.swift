/// What remains of a lane's deliveries in the store, of one kind.
struct LaneBacklog: Sendable {
  /// From when on a claim is worthwhile; nil: nothing is there.
  private(set) var claimableFrom: Timestamp?
  private(set) var isClaiming = false
  /// Something was given back while a claim was under way: its answer can't say that nothing is left.
  private var returnedWhileClaiming = false

  /// - Parameter isThere: Something may be there.
  init(isThere: Bool = true) {
    claimableFrom = isThere ? .epoch : nil
  }

  /// How long to leave a store alone that could not read.
  static let pauseAfterFailedClaim = Duration.seconds(1)

  /// Whatever arrives now is newer than all there is in the store, or than what a claim under way brings.
  var isClaimingAll: Bool { isClaiming && !returnedWhileClaiming }

  /// Something was given back to the store, which is to be had from `due` on.
  mutating func returned(due: Timestamp = .epoch) {
    becomesDue(at: due)
    if isClaiming { returnedWhileClaiming = true }
  }

  /// Something is to be had from the store from `due` on.
  mutating func becomesDue(at due: Timestamp) {
    claimableFrom = min(claimableFrom ?? due, due)
  }

  /// When a claim is due; nil: not before something happens.
  func claimsFrom(_ queue: LaneQueue, _ part: WindowSize) -> Timestamp? {
    !isClaiming && queue.isHalfEmpty(of: part) ? claimableFrom : nil
  }

  /// Whether a claim is due; if so, it is now under way.
  mutating func begins(at now: Timestamp, _ queue: LaneQueue, _ part: WindowSize) -> Bool {
    guard let from = claimsFrom(queue, part), from <= now else { return false }
    isClaiming = true
    returnedWhileClaiming = false
    return true
  }

  mutating func claimed(_ claim: Claim, now: Timestamp) {
    isClaiming = false
    if claim.isExhausted {
      claimableFrom = returnedWhileClaiming ? .epoch : claim.nextDue
    } else if claim.deliveries.isEmpty {
      claimableFrom = now.advanced(by: Self.pauseAfterFailedClaim)
    } else {
      claimableFrom = .epoch
    }
    returnedWhileClaiming = false
  }
}

extension LaneQueue {
  func isHalfEmpty(of part: WindowSize) -> Bool {
    isEmpty || count <= part.deliveries / 2 && footprint <= part.bytes / 2
  }
}
