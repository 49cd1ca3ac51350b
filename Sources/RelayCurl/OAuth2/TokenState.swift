import RelayCore

/// What is known of an access token, when another is asked for, and who waits for it. A pure value.
///
/// A token is used until its end. A while before that another is asked for, while the old one goes on being used; past its end, or
/// where there is none, attempts wait. A destination that answers 401 has refused the token: then another is asked for at once, but
/// not more often than once in `refusalPause`, since the destination may refuse all.
struct TokenState: Sendable, Equatable {
  typealias Instant = ContinuousClock.Instant

  /// How long before its end a token is renewed; of a short one, a fifth of its time.
  static let renewal = Duration.seconds(60)
  /// How long an attempt waits where there is no token. The request itself is over before, but for a name server that hangs.
  static let longestWait = Duration.seconds(15)
  /// After a failure its words count for all who come within so long.
  static let failurePause = Duration.seconds(1)
  /// After a failure the server is left alone for so long where the old token does.
  static let renewalPause = Duration.seconds(10)
  static let refusalPause = Duration.seconds(60)
  /// After that a request may never end, and a second one is begun.
  static let hopeless = Duration.seconds(120)

  enum Step: Equatable {
    case go
    /// For the token that is asked for; then ask `overdue`.
    case wait(until: Instant)
    /// There is none, as was found out just now.
    case fail(String)
  }

  enum Failure: Equatable {
    /// The old token counts on.
    case harmless
    case fatal
  }

  private(set) var token: AccessToken?
  /// Another number for each token; 0: there was none yet.
  private(set) var version = 0
  private var asked: Instant?
  /// When the newest request that is under way began.
  private var began: Instant?
  /// How many are under way: at most two.
  private var underWay = 0
  private var failed: (at: Instant, words: String)?
  private var isRefused = false
  private var lastRefusal: Instant?

  static func == (a: TokenState, b: TokenState) -> Bool {
    a.token == b.token && a.version == b.version && a.asked == b.asked && a.began == b.began
      && a.underWay == b.underWay && a.failed?.at == b.failed?.at && a.isRefused == b.isRefused
      && a.lastRefusal == b.lastRefusal
  }

  var isBeingFetched: Bool { underWay > 0 }

  /// An attempt wants to start.
  ///
  /// - Returns: Whether it may, and whether a token is to be asked for.
  mutating func ask(at now: Instant) -> (step: Step, fetches: Bool) {
    if isUsable(at: now) {
      let fetches = isDue(at: now) && mayFetch(at: now) && !hasFailed(within: Self.renewalPause, of: now)
      if fetches { begin(at: now) }
      return (.go, fetches)
    }
    if underWay == 0, let failed, hasFailed(within: Self.failurePause, of: now) {
      return (.fail(failed.words), false)
    }
    let fetches = mayFetch(at: now)
    if fetches { begin(at: now) }
    return (.wait(until: now.advanced(by: Self.longestWait)), fetches)
  }

  /// An attempt that has waited since then asks again; nil: it has waited long enough, and fails.
  func overdue(since: Instant, at now: Instant) -> Step? {
    if isUsable(at: now) { return .go }
    let end = since.advanced(by: Self.longestWait)
    return now < end ? .wait(until: end) : nil
  }

  /// The server has given one, however late.
  ///
  /// - Parameter asked: When it was asked for: its lifetime begins there.
  mutating func learn(_ token: AccessToken, asked: Instant) {
    fetchEnded()
    failed = nil
    isRefused = false
    self.token = token
    self.asked = asked
    version += 1
  }

  /// The server has given none.
  mutating func fail(_ words: String, at now: Instant) -> Failure {
    fetchEnded()
    failed = (now, words)
    return isUsable(at: now) ? .harmless : .fatal
  }

  /// A destination has answered 401 to a request with this token.
  ///
  /// - Returns: Whether the request is to be made again, with another one.
  mutating func refuse(_ version: Int, at now: Instant) -> Bool {
    if version != self.version || isRefused { return true }
    if let lastRefusal, lastRefusal.duration(to: now) < Self.refusalPause { return false }
    lastRefusal = now
    isRefused = true
    return true
  }

  private mutating func begin(at now: Instant) {
    began = now
    underWay += 1
  }

  private mutating func fetchEnded() {
    underWay = max(0, underWay - 1)
    if underWay == 0 { began = nil }
  }

  private func mayFetch(at now: Instant) -> Bool {
    guard let began else { return true }
    return underWay < 2 && began.duration(to: now) >= Self.hopeless
  }

  private func isUsable(at now: Instant) -> Bool {
    guard let token, let asked, !isRefused else { return false }
    return asked.duration(to: now) < token.lifetime
  }

  private func isDue(at now: Instant) -> Bool {
    guard let token, let asked else { return true }
    return asked.duration(to: now) >= token.lifetime - min(Self.renewal, token.lifetime / 5)
  }

  private func hasFailed(within pause: Duration, of now: Instant) -> Bool {
    failed.map { $0.at.duration(to: now) < pause } ?? false
  }
}
