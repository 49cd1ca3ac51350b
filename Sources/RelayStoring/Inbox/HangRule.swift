/// Whether a thread has gone and does not come back. Pure: it counts looks, and so takes no time for a hang in which the
/// whole process stood still.
struct HangRule: Equatable, Sendable {
  /// How many looks in a row must find it where it was.
  static let looks = 4

  private var turn = -1
  private var count = 0
  private(set) var isHanging = false

  /// - Parameters:
  ///   - turn: Changes whenever the thread comes back.
  ///   - isResting: It is back.
  /// - Returns: Whether it hangs now and did not before, or the other way round; nil: as before.
  mutating func look(turn: Int, isResting: Bool) -> Bool? {
    if isResting || turn != self.turn {
      self.turn = turn
      count = 0
    } else {
      count += 1
    }
    let hangs = count >= Self.looks
    guard hangs != isHanging else { return nil }
    isHanging = hangs
    return hangs
  }
}
