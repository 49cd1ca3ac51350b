import RelayCore

/// What is known of a log that can't be written over. Pure: told what each look at it found.
///
/// A reader that is seen once may be one that ends at once. It counts when the next look, a second later, finds one again.
struct LogHold: Equatable {
  enum Finding: Equatable {
    /// All of it is in the file.
    case free
    /// A reader stands on it: who, for people; nil: nobody can tell, and it may be one of ours.
    case held(by: String?)
    /// It could not be moved into the file: why.
    case failed(String)
  }

  static let interval = Duration.seconds(1)

  private(set) var finding = Finding.free
  private(set) var lastLook: Timestamp?
  /// Who holds it, and has for longer than a moment; for people. The first name stays while it lasts.
  private(set) var holder: String?
  /// Why it could not be moved into the file the last time that this was tried.
  private(set) var failure: String?

  /// Whether it holds back what is written, whoever is to blame and for how long.
  var isBlocked: Bool { finding != .free }

  mutating func note(_ finding: Finding, at now: Timestamp) {
    let before = self.finding
    self.finding = finding
    lastLook = now
    if case .failed(let why) = finding { failure = why } else { failure = nil }
    guard case .held(let name?) = finding else {
      holder = nil
      return
    }
    if case .held(_?) = before, holder == nil { holder = name }
  }

  /// When to look again by itself; nil: there is no cause.
  var nextLook: Timestamp? { isBlocked ? lastLook?.advanced(by: Self.interval) : nil }

  /// Whether a log that is as large as this is to be looked at.
  func isDue(isLarge: Bool, now: Timestamp) -> Bool {
    guard isLarge || isBlocked else { return false }
    guard let lastLook, lastLook <= now else { return true }
    return lastLook.duration(to: now) >= Self.interval
  }
}
