import RelayCore

/// What is known of a host's name, and how long that counts. A pure value.
///
/// An answer is fresh for `fresh`, and used without a question. After that the name is looked up again while the old answer
/// goes on being used; past `lifetime` an attempt first waits a moment for the new one. Where no new one comes, or the
/// name servers fail, the old one counts until it is `oldest`. That there is no such name is believed at once.
struct ResolvedName: Sendable, Equatable {
  typealias Instant = ContinuousClock.Instant

  static let fresh = Duration.seconds(50)
  static let lifetime = Duration.seconds(60)
  /// How long an attempt that has an old answer waits for a new one, counted from where the look-up began.
  static let renewalWait = Duration.seconds(1)
  /// After name servers have failed, they are left alone for so long where an old answer does.
  static let pause = Duration.seconds(10)
  static let oldest = Duration.seconds(3_600)
  /// How long an attempt waits where there is no answer at all. The look-up itself goes on.
  static let longestWait = Duration.seconds(30)
  /// After that a look-up may never end (a module of the system's resolver hangs), and a second one is begun.
  static let hopeless = Duration.seconds(120)

  enum Step: Equatable {
    case go
    /// For the look-up that is under way; then ask `overdue`.
    case wait(until: Instant)
  }

  enum Failure: Equatable {
    /// The old answer counts on.
    case harmless
    case fatal
  }

  /// As numbers, in the system's order of preference.
  private(set) var addresses: [String] = []
  /// Another number each time that the addresses have changed; 0: there are none yet.
  private(set) var version = 0
  private var learned: Instant?
  /// When the newest look-up that is under way began.
  private var began: Instant?
  /// How many are under way: at most two.
  private var underWay = 0
  private var failed: Instant?

  var isBeingLookedUp: Bool { underWay > 0 }

  func isFresh(at now: Instant) -> Bool {
    learned.map { $0.duration(to: now) < Self.fresh } ?? false
  }

  /// An attempt wants to start.
  ///
  /// - Returns: Whether it may, and whether a look-up is to begin.
  mutating func ask(at now: Instant) -> (step: Step, looksUp: Bool) {
    if isFresh(at: now) { return (.go, false) }
    let isUsable = isUsable(at: now)
    let looksUp =
      mayLookUp(at: now) && !(isUsable && failed.map { $0.duration(to: now) < Self.pause } ?? false)
    if looksUp {
      began = now
      underWay += 1
    }
    guard isUsable, let learned else { return (.wait(until: now.advanced(by: Self.longestWait)), looksUp) }
    guard learned.duration(to: now) >= Self.lifetime, let began else { return (.go, looksUp) }
    let end = began.advanced(by: Self.renewalWait)
    return (now < end ? .wait(until: end) : .go, looksUp)
  }

  /// An attempt that has waited since then asks again; nil: it has waited long enough, and fails.
  func overdue(since: Instant, at now: Instant) -> Step? {
    if isUsable(at: now) { return .go }
    let end = since.advanced(by: Self.longestWait)
    return now < end ? .wait(until: end) : nil
  }

  /// The look-up has an answer, however late.
  mutating func learn(_ addresses: [String], at now: Instant) {
    lookupEnded()
    failed = nil
    learned = now
    guard addresses != self.addresses else { return }
    self.addresses = addresses
    version += 1
  }

  /// The look-up has failed.
  ///
  /// - Parameter isCertain: There is no such name; it is not that nobody could be asked.
  mutating func fail(isCertain: Bool, at now: Instant) -> Failure {
    lookupEnded()
    guard !isCertain, isUsable(at: now) else {
      learned = nil
      failed = nil
      return .fatal
    }
    failed = now
    return .harmless
  }

  private func mayLookUp(at now: Instant) -> Bool {
    guard let began else { return true }
    return underWay < 2 && began.duration(to: now) >= Self.hopeless
  }

  private mutating func lookupEnded() {
    underWay = max(0, underWay - 1)
    if underWay == 0 { began = nil }
  }

  private func isUsable(at now: Instant) -> Bool {
    learned.map { $0.duration(to: now) < Self.oldest } ?? false
  }
}
