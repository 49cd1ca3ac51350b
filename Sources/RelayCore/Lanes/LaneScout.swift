/// Looks past a window that is full of what can't be tried, for what can: the store is walked in small steps, from the
/// window's oldest to the end.
struct LaneScout: Sendable {
  private(set) var isLooking = false
  /// It has come so far; nil: it begins anew.
  private(set) var after: DeliveryID?
  /// The first that it passed although it may be tried later.
  private var firstPassed: DeliveryID?
  private var nextLook = Timestamp.epoch

  /// How far apart looks are: each costs the store's thread some milliseconds.
  static let spacing = Duration.milliseconds(100)
  /// At the end of what there is, or where the store could not read.
  static let pause = Duration.seconds(1)
  /// So much is read at once: a part of the window.
  static let windowShare = 8

  var looksFrom: Timestamp? { isLooking ? nil : nextLook }

  /// - Parameter oldest: The oldest that the window holds.
  /// - Returns: After which one to look; nil: not now.
  mutating func begins(at now: Timestamp, oldest: () -> DeliveryID) -> DeliveryID? {
    guard !isLooking, nextLook <= now else { return nil }
    isLooking = true
    return after ?? oldest()
  }

  /// - Parameter last: It came to this one; nil: to none.
  mutating func looked(upTo last: DeliveryID?, isEnd: Bool, at now: Timestamp) {
    isLooking = false
    after = last ?? after
    nextLook = now.advanced(by: isEnd || last == nil ? Self.pause : Self.spacing)
  }

  mutating func passed(_ delivery: DeliveryID) { firstPassed = firstPassed ?? delivery }

  /// Kinds may be tried that could not be before.
  mutating func startOver() {
    after = nil
    firstPassed = nil
  }

  /// What it passed may be tried now.
  mutating func returnToPassed() {
    if let first = firstPassed { after = DeliveryID(rawValue: first.rawValue - 1) }
    firstPassed = nil
  }
}
