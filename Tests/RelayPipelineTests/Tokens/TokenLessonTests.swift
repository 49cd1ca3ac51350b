import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

struct TokenLessonTests {
  private static let huggy = TokenOrigin(peer: "198.51.100.7", forwardedFor: nil, userAgent: "GuzzleHttp/7")
  private var lesson = TokenLesson()

  private func now(_ second: Int) -> ClockReading {
    // The wall clock is an hour ahead: what is shown is its time, and what closes a window is not.
    ClockReading(steady: .second(second), wall: .second(second + 3_600))
  }

  /// A new candidate is called by its number.
  private mutating func offer(
    _ token: String, at second: Int, isHandshake: Bool = true
  ) -> TokenLesson.Verdict {
    let id = "c\(lesson.candidates.count + 1)"
    return lesson.judge(token, isHandshake: isHandshake, from: Self.huggy, at: now(second)) { id }
  }

  private var ids: [String] { lesson.candidates.map(\.id) }

  @Test mutating func withoutAWindowEverybodyIsRefused() {
    #expect(lesson.state(at: .second(0)) == .closed)
    #expect(offer("t", at: 0) == .refused(.closed))
    #expect(offer("t", at: 0, isHandshake: false) == .refused(.closed))
    #expect(lesson.candidates.isEmpty)
  }

  @Test mutating func aHandshakeWithinTheWindowIsACandidateAndNoMore() throws {
    lesson.open(for: .seconds(900), at: now(0))
    #expect(lesson.state(at: .second(0)) == .learning)
    #expect(lesson.end(at: .second(0)) == .second(4_500), "shown by the wall clock")
    guard case .candidate(let candidate, isNew: true) = offer("t", at: 899) else {
      Issue.record("it was not taken")
      return
    }
    #expect(candidate.token == Secret("t") && candidate.origin == Self.huggy)
    #expect(lesson.state(at: .second(899)) == .candidates)
    #expect(
      offer("t", at: 899, isHandshake: false) == .refused(.unconfirmed("c1")), "an envelope of it is refused")
  }

  /// Broken by `<=`.
  @Test mutating func theWindowClosesByItself() {
    lesson.open(for: .seconds(900), at: now(0))
    #expect(offer("t", at: 900) == .refused(.closed))
    #expect(lesson.state(at: .second(900)) == .closed)
    #expect(lesson.end(at: .second(900)) == nil)
  }

  @Test mutating func theSameTokenTwiceIsOneCandidate() throws {
    lesson.open(for: .seconds(900), at: now(0))
    _ = offer("t", at: 1)
    guard case .candidate(let candidate, isNew: false) = offer("t", at: 5) else {
      Issue.record("it was not known again")
      return
    }
    #expect(candidate.count == 2 && candidate.firstAt == .second(3_601) && candidate.lastAt == .second(3_605))
    #expect(try lesson.confirmed("c1") == Secret("t"))
  }

  /// Broken by a confirmation that takes the first, or the one that is named.
  @Test mutating func ofTwoDifferentOnesNeitherCanBeConfirmed() {
    lesson.open(for: .seconds(900), at: now(0))
    _ = offer("t", at: 1)
    _ = offer("u", at: 2)
    #expect(lesson.isAmbiguous && ids == ["c1", "c2"])
    for id in ids { #expect(throws: TokenLesson.ConfirmError.ambiguous) { try lesson.confirmed(id) } }
    lesson.open(for: .seconds(900), at: now(10))
    #expect(lesson.candidates.isEmpty && !lesson.isAmbiguous, "another window begins anew")
    _ = offer("u", at: 11)
    #expect((try? lesson.confirmed("c1")) == Secret("u"))
  }

  @Test mutating func aCandidateWaitsForItsPersonAlsoWhenTheWindowHasClosed() throws {
    lesson.open(for: .seconds(900), at: now(0))
    _ = offer("t", at: 1)
    #expect(offer("u", at: 901) == .refused(.closed), "nobody else gets in")
    #expect(lesson.state(at: .second(90_000)) == .candidates)
    #expect(try lesson.confirmed("c1") == Secret("t"))
  }

  @Test mutating func whatIsNoCandidateIsNotConfirmed() {
    lesson.open(for: .seconds(900), at: now(0))
    _ = offer("t", at: 1)
    #expect(throws: TokenLesson.ConfirmError.noCandidate) { try lesson.confirmed("c2") }
  }

  @Test mutating func learningEndsTheWindowAndForgettingOpensNone() {
    let token = LearnedToken(Secret("t"), salt: [1], learnedAt: .second(0))
    lesson.open(for: .seconds(900), at: now(0))
    _ = offer("t", at: 1)
    lesson.learn(token)
    #expect(lesson.state(at: .second(2)) == .learned && lesson.learned == token)
    #expect(offer("u", at: 2) == .refused(.wrong), "the window is over")
    lesson.learn(nil)
    #expect(lesson.state(at: .second(3)) == .closed)
    #expect(offer("t", at: 3) == .refused(.closed))
  }

  /// A new token at the sender's takes over without a gap.
  @Test mutating func aWindowLeavesWhatWasLearned() {
    let token = LearnedToken(Secret("t"), salt: [1], learnedAt: .second(0))
    lesson.learn(token)
    lesson.open(for: .seconds(900), at: now(0))
    #expect(lesson.state(at: .second(1)) == .learning && lesson.learned == token)
    _ = offer("u", at: 2)
    lesson.close()
    #expect(lesson.state(at: .second(3)) == .learned)
  }

  @Test(arguments: ["", "a\nb", String(repeating: "x", count: 1_025)])
  mutating func whatTheConfigurationCouldNotHoldIsNoToken(_ token: String) {
    lesson.open(for: .seconds(900), at: now(0))
    #expect(offer(token, at: 1) == .refused(.closed) || offer(token, at: 1) == .refused(.wrong))
    #expect(lesson.candidates.isEmpty)
  }

  @Test mutating func aFloodOfTokensFillsNoMemory() {
    lesson.open(for: .seconds(900), at: now(0))
    for number in 0..<100 { _ = offer("t\(number)", at: 1) }
    #expect(lesson.candidates.count == TokenLesson.maxCandidates)
  }

  // MARK: What is kept

  @Test func aLearnedTokenIsKnownByItsTokenAlone() {
    let token = LearnedToken(Secret("8187ce0c2e5d0aef"), salt: [1, 2, 3], learnedAt: .second(0))
    #expect(token.isKnown(by: "8187ce0c2e5d0aef"))
    for other in ["", "8187ce0c2e5d0ae", "8187ce0c2e5d0aef0", "8187CE0C2E5D0AEF"] {
      #expect(!token.isKnown(by: other))
    }
    #expect(token.hash != LearnedToken(Secret("8187ce0c2e5d0aef"), salt: [1], learnedAt: .second(0)).hash)
  }

  @Test(arguments: [
    ("8187ce0c2e5d0aefd626fa4999f62974", "81…74 (32 characters)"), ("short", "… (5 characters)"),
    ("x", "… (1 character)"),
  ])
  func aTokenIsShownByItsEndsAtMost(_ token: String, _ shown: String) {
    #expect(Secret(token).masked == shown)
  }
}
