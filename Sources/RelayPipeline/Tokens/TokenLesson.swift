import RelayCore
import RelayDigest
import RelayText

/// What is known of a token that one source is to learn (`token: learn`). Decides; `SourceLesson` is its shell.
///
/// It is closed until a person opens a **window**. A handshake within the window is answered, and its token becomes a
/// **candidate**, which is not believed yet: a person looks where it came from and confirms it. Two different ones in a window
/// can't be told apart by anybody who does not know the token, so then neither can be confirmed: another window begins anew.
/// Nothing but a person opens a window, and none outlives the process.
struct TokenLesson: Sendable {
  struct Candidate: Sendable, Equatable {
    /// Names it to people. It says nothing of the token.
    var id: String
    var token: Secret
    var origin: TokenOrigin
    /// By the wall clock.
    var firstAt: Timestamp
    var lastAt: Timestamp
    /// How often it has come.
    var count = 1
  }

  enum Verdict: Sendable, Equatable {
    /// It is to be answered, and no more than that.
    case candidate(Candidate, isNew: Bool)
    case refused(Reason)
  }

  enum Reason: Sendable, Equatable {
    /// No token is known, and no window is open.
    case closed
    /// It is the candidate with this id; what it sends is taken once a person has confirmed it.
    case unconfirmed(String)
    /// It is not the one that was confirmed, nor a candidate.
    case wrong
  }

  enum ConfirmError: Error, Equatable {
    case noCandidate
    /// There is another one, too.
    case ambiguous
  }

  /// More different ones than that only say once more that none can be confirmed.
  static let maxCandidates = 8

  /// What the confirmed token is known by.
  private(set) var learned: LearnedToken?
  /// In the order in which they first came.
  private(set) var candidates: [Candidate] = []
  /// When the window closes by itself, by both clocks: it is the steady one that closes it.
  private var window: ClockReading?

  func isOpen(at now: Timestamp) -> Bool { window.map { now < $0.steady } ?? false }

  /// When the window closes, by the wall clock; nil: it is closed.
  func end(at now: Timestamp) -> Timestamp? { isOpen(at: now) ? window?.wall : nil }

  /// Different ones have come: none of them can be confirmed.
  var isAmbiguous: Bool { candidates.count > 1 }

  func state(at now: Timestamp) -> TokenState {
    if !candidates.isEmpty { return .candidates }
    if isOpen(at: now) { return .learning }
    return learned == nil ? .closed : .learned
  }

  /// What a token is, of a request that came at this time. It is known not to be the one that was learned.
  ///
  /// - Parameter makeID: Gives the id of a new candidate.
  mutating func judge(
    _ token: String, isHandshake: Bool, from origin: TokenOrigin, at now: ClockReading, makeID: () -> String
  ) -> Verdict {
    let known = candidates.firstIndex { $0.token.isSame(as: token) }
    guard isHandshake, isOpen(at: now.steady) else {
      if let known { return .refused(.unconfirmed(candidates[known].id)) }
      return .refused(learned == nil ? .closed : .wrong)
    }
    if let known {
      candidates[known].count += 1
      candidates[known].lastAt = now.wall
      return .candidate(candidates[known], isNew: false)
    }
    guard candidates.count < Self.maxCandidates, Self.mayBeToken(token) else { return .refused(.wrong) }
    let candidate = Candidate(
      id: makeID(), token: Secret(token), origin: origin, firstAt: now.wall, lastAt: now.wall)
    candidates.append(candidate)
    return .candidate(candidate, isNew: true)
  }

  /// As routes.yaml could hold it; and it is kept in memory.
  private static func mayBeToken(_ text: String) -> Bool {
    (1...maxTokenBytes).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }

  private static let maxTokenBytes = 1_024

  /// Opens a window. What came in one before is no candidate any more; a token that was confirmed is believed on.
  mutating func open(for duration: Duration, at now: ClockReading) {
    candidates.removeAll()
    window = ClockReading(
      steady: now.steady.advanced(by: duration), wall: now.wall.advanced(by: duration))
  }

  /// The token of a candidate, if it may be kept.
  func confirmed(_ id: String) throws(ConfirmError) -> Secret {
    guard let candidate = candidates.first(where: { $0.id == id }) else { throw .noCandidate }
    guard !isAmbiguous else { throw .ambiguous }
    return candidate.token
  }

  /// What was learned is this now, or nothing; a window ends by it.
  mutating func learn(_ token: LearnedToken?) {
    learned = token
    close()
  }

  /// Ends a window, and forgets who came in it.
  mutating func close() {
    window = nil
    candidates.removeAll()
  }
}

/// How it stands with a source's token.
package enum TokenState: String, Sendable, CaseIterable {
  /// The configuration says it.
  case configured
  /// Every sender is believed.
  case none
  /// It is to be learned, and no window is open: everybody is refused.
  case closed
  /// A window is open, and nobody has come yet.
  case learning
  /// One has come, or several: a person is to look.
  case candidates
  /// A person has confirmed one.
  case learned
}

/// Where a handshake came from.
package struct TokenOrigin: Sendable, Equatable {
  package var peer: String?
  /// As its headers say.
  package var forwardedFor: String?
  package var userAgent: String?

  package init(peer: String?, forwardedFor: String?, userAgent: String?) {
    self.peer = peer
    self.forwardedFor = forwardedFor
    self.userAgent = userAgent
  }

  init(_ origin: any RequestOrigin) {
    self.init(peer: origin.peer, forwardedFor: origin.forwardedFor, userAgent: origin.userAgent)
  }
}

extension LearnedToken {
  static let saltBytes = 16

  init(_ token: Secret, salt: [UInt8], learnedAt: Timestamp) {
    self.init(salt: salt, hash: Self.hash(token.reveal, salt), learnedAt: learnedAt)
  }

  /// Whether this is the token. Its time says nothing of how much of it is right.
  func isKnown(by token: String) -> Bool { Self.hash(token, salt).equalsInConstantTime(hash) }

  private static func hash(_ token: String, _ salt: [UInt8]) -> [UInt8] {
    SHA256.hash(salt + Array(token.utf8))
  }
}

extension Secret {
  /// Enough for a person to tell two apart, where it is long: its ends. `81…74 (32 characters)`.
  var masked: String {
    let count = reveal.count
    guard count >= 16 else { return "… (\(count.counted("character", "characters")))" }
    return "\(reveal.prefix(2))…\(reveal.suffix(2)) (\(count.counted("character", "characters")))"
  }
}
