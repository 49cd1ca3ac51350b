import Logging
import RelayCore
import RelaySystem
import RelayThreads

/// The tokens that sources learn, by the sources' names: kept over reloads, since a confirmed one holds as long as nobody
/// forgets it.
final class TokenLessons: Sendable {
  private let lessons = Locked<[String: SourceLesson]>([:])
  private let clock: any SteadyClock
  private let logger: Logger

  init(clock: any SteadyClock, logger: Logger) {
    self.clock = clock
    self.logger = logger
  }

  /// A source's. Made when it is asked for first: few names are ever configured.
  func lesson(of source: String) -> SourceLesson {
    lessons.withLock { lessons in
      if let lesson = lessons[source] { return lesson }
      let lesson = SourceLesson(source: source, clock: clock, logger: logger)
      lessons[source] = lesson
      return lesson
    }
  }

  /// Those that an earlier run has kept.
  func begin(with kept: [String: LearnedToken]) {
    for (source, token) in kept { lesson(of: source).learn(token) }
  }

  /// Another configuration: sources that learn no more have no window.
  func configure(_ sources: [Source]) {
    let learning = Set(sources.filter(\.learnsToken).map(\.name))
    let others = lessons.withLock { $0.filter { !learning.contains($0.key) }.map(\.value) }
    for lesson in others { lesson.close() }
  }
}

extension TokenLessons: TokenHost {
  func tokensAre(_ learned: [String: LearnedToken]) {
    let sources = Set(lessons.withLock { $0 }.keys).union(learned.keys)
    for source in sources { lesson(of: source).know(learned[source]) }
  }
}

/// What one source learns. For any thread.
final class SourceLesson: Sendable {
  private let source: String
  private let lesson = Locked(TokenLesson())
  private let clock: any SteadyClock
  private let logger: Logger

  init(source: String, clock: any SteadyClock, logger: Logger) {
    self.source = source
    self.clock = clock
    self.logger = logger
  }

  /// Whether what came with this token is taken, or a handshake answered.
  ///
  /// - Throws: 401.
  func check(_ token: String, isHandshake: Bool, from origin: any RequestOrigin) throws(Refusal) {
    // The usual case waits for nobody.
    if let learned = lesson.withLock(\.learned), learned.isKnown(by: token) { return }
    let (now, origin) = (clock.reading(), TokenOrigin(origin))
    let verdict = lesson.withLock {
      $0.judge(token, isHandshake: isHandshake, from: origin, at: now, makeID: Self.makeID)
    }
    switch verdict {
    case .candidate(let candidate, let isNew): if isNew { log(candidate) }
    case .refused(let reason): throw .unlearned(reason, source: source)
    }
  }

  private func log(_ candidate: TokenLesson.Candidate) {
    var metadata: Logger.Metadata = [
      "source": "\(source)", "candidate": "\(candidate.id)", "token": "\(candidate.token.masked)",
    ]
    if let peer = candidate.origin.peer { metadata["peer"] = "\(peer)" }
    if let forwardedFor = candidate.origin.forwardedFor { metadata["forwarded_for"] = "\(forwardedFor)" }
    logger.notice("a handshake was answered; its token is a candidate", metadata: metadata)
  }

  // MARK: What a person does

  func open(for duration: Duration) {
    let now = clock.reading()
    lesson.withLock { $0.open(for: duration, at: now) }
    logger.notice(
      "a token may be learned",
      metadata: ["source": "\(source)", "until": "\(now.wall.advanced(by: duration))"])
  }

  /// What a candidate's token would be kept as. Nothing has changed yet.
  func confirmed(_ id: String) throws(TokenLesson.ConfirmError) -> LearnedToken {
    let token = try lesson.withLock({ $0 }).confirmed(id)
    return LearnedToken(token, salt: Self.makeSalt(), learnedAt: clock.reading().wall)
  }

  /// It is in the store; nil: it is in there no more.
  func learn(_ token: LearnedToken?) {
    lesson.withLock { $0.learn(token) }
  }

  /// It is in the store, and may have been for long; nil: it is not.
  func know(_ token: LearnedToken?) {
    let isNew = lesson.withLock { lesson in
      guard lesson.learned != token else { return false }
      lesson.learn(token)
      return true
    }
    guard isNew else { return }
    logger.notice(
      token == nil ? "a token was forgotten at another relay" : "a token was confirmed at another relay",
      metadata: ["source": "\(source)"])
  }

  func close() {
    lesson.withLock { $0.close() }
  }

  /// As it is now.
  var status: LearningStatus {
    let now = clock.reading()
    let lesson = lesson.withLock { $0 }
    return LearningStatus(
      state: lesson.state(at: now.steady), until: lesson.end(at: now.steady),
      learnedAt: lesson.learned?.learnedAt, isAmbiguous: lesson.isAmbiguous,
      candidates: lesson.candidates.map { LearningStatus.Candidate($0) })
  }

  // MARK: Randomness

  private static func makeID() -> String {
    var randomness = SystemRandomness()
    let digits = String(UInt32.random(in: 0 ... .max, using: &randomness), radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  private static func makeSalt() -> [UInt8] {
    var randomness = SystemRandomness()
    return (0..<LearnedToken.saltBytes).map { _ in UInt8.random(in: 0 ... .max, using: &randomness) }
  }
}

/// How far a source is with the token that it learns.
package struct LearningStatus: Sendable, Equatable {
  package struct Candidate: Sendable, Equatable {
    package var id: String
    /// The token's ends and length.
    package var maskedToken: String
    package var origin: TokenOrigin
    package var firstAt: Timestamp
    package var lastAt: Timestamp
    package var count: Int

    package init(
      id: String, maskedToken: String, origin: TokenOrigin, firstAt: Timestamp, lastAt: Timestamp, count: Int
    ) {
      self.id = id
      self.maskedToken = maskedToken
      self.origin = origin
      self.firstAt = firstAt
      self.lastAt = lastAt
      self.count = count
    }
  }

  package var state: TokenState
  /// When the window closes by itself; nil: none is open.
  package var until: Timestamp?
  /// When the token that is believed was confirmed; nil: none was.
  package var learnedAt: Timestamp?
  /// Different tokens have come: none of them can be confirmed.
  package var isAmbiguous: Bool
  package var candidates: [Candidate]

  package init(
    state: TokenState, until: Timestamp? = nil, learnedAt: Timestamp? = nil, isAmbiguous: Bool = false,
    candidates: [Candidate] = []
  ) {
    self.state = state
    self.until = until
    self.learnedAt = learnedAt
    self.isAmbiguous = isAmbiguous
    self.candidates = candidates
  }
}

extension LearningStatus.Candidate {
  init(_ candidate: TokenLesson.Candidate) {
    self.init(
      id: candidate.id, maskedToken: candidate.token.masked, origin: candidate.origin,
      firstAt: candidate.firstAt, lastAt: candidate.lastAt, count: candidate.count)
  }
}
