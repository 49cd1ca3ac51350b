import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// A source that learns its token, over the real store.
@Suite(.timeLimit(.minutes(15))) struct TokenLearningTests {
  private static let token = "8187ce0c2e5d0aefd626fa4999f62974"
  private static let configuration = Configuration.middle { configuration in
    configuration.sources[0].learnsToken = true
  }

  private static func handshake(_ token: String = token) -> String {
    #"{"token":"\#(token)","validToken":true}"#
  }

  private static func envelope(_ token: String = token, id: Int = 1) -> String {
    #"{"messages":{"createdChat":[{"id":\#(id)}]},"token":"\#(token)"}"#
  }

  private func learned(_ middle: Middle) async throws {
    _ = try await middle.controller.learnToken(of: "huggy", for: .seconds(900))
    #expect(await middle.post(Self.handshake()).value.status == 200)
    let id = try #require(try await learning(middle).candidates.first?.id)
    _ = try await middle.controller.confirmToken(of: "huggy", candidate: id)
  }

  private func learning(_ middle: Middle) async throws -> LearningStatus {
    try #require(try await middle.status().sources.first { $0.name == "huggy" }?.learning)
  }

  /// Broken by a source without tokens that believes everybody.
  @Test func itIsClosedUntilAPersonOpensAWindow() async throws {
    let middle = try await Middle(Self.configuration)
    for body in [Self.handshake(), Self.envelope()] {
      let reply = await middle.post(body).value
      #expect(reply.status == 401)
      #expect(String(decoding: reply.body, as: UTF8.self).contains(#""code":"invalid_token""#))
    }
    #expect(await middle.post(#"{"messages":{"createdChat":[{}]}}"#).value.status == 401, "no token at all")
    let refused = middle.controller.refusedRequests().map(\.reason)
    #expect(
      refused.contains { $0.contains("huggy-relay token learn huggy") }, "the operator is told what to do")
    let status = try await middle.status().sources
    #expect(status.map(\.token) == [.closed, .configured])
    #expect(status[0].refused == 3 && status[1].refused == 0)
  }

  @Test func whatIsConfirmedOrForgottenAtAnotherRelayHoldsHere() async throws {
    let middle = try await Middle(Self.configuration)
    let lessons = middle.receiver.lessons
    let token = LearnedToken(Secret(Self.token), salt: [1, 2, 3], learnedAt: .second(5))
    lessons.tokensAre(["huggy": token])
    #expect(await middle.post(Self.envelope()).value.status == 200)
    // What is known already closes no window.
    _ = try await middle.controller.learnToken(of: "huggy", for: .seconds(900))
    lessons.tokensAre(["huggy": token])
    #expect(try await middle.status().sources[0].token == .learning)
    lessons.tokensAre([:])
    #expect(await middle.post(Self.envelope(id: 2)).value.status == 401)
  }

  @Test func aHandshakeInTheWindowIsAnsweredAndItsEnvelopesOnlyOnceItIsConfirmed() async throws {
    let middle = try await Middle(Self.configuration)
    _ = try await middle.controller.learnToken(of: "huggy", for: .seconds(900))
    let reply = await middle.post(Self.handshake()).value
    #expect(reply.status == 200 && reply.body == Array(Self.token.utf8))
    #expect(await middle.post(Self.envelope()).value.status == 401, "nobody has confirmed it yet")
    let candidate = try #require(try await learning(middle).candidates.first)
    #expect(candidate.maskedToken == "81…74 (32 characters)")
    let status = try await middle.controller.confirmToken(of: "huggy", candidate: candidate.id)
    #expect(status.token == .learned && status.lastHandshake == .second(0))
    #expect(await middle.post(Self.envelope()).value.status == 200)
    #expect(await middle.post(Self.envelope("another", id: 2)).value.status == 401)
    #expect(await middle.post(Self.handshake()).value.status == 200, "as any source's")
    #expect(await middle.post(Self.handshake("another")).value.status == 401)
    await middle.rest()
    #expect(try middle.request().header("huggy-company") == "15691")
  }

  /// Broken by a confirmation that goes by the id alone.
  @Test func ofTwoDifferentHandshakesNeitherIsBelieved() async throws {
    let middle = try await Middle(Self.configuration)
    _ = try await middle.controller.learnToken(of: "huggy", for: .seconds(900))
    #expect(await middle.post(Self.handshake()).value.status == 200)
    #expect(await middle.post(Self.handshake("a stranger's token")).value.status == 200)
    let learning = try await learning(middle)
    #expect(learning.isAmbiguous && learning.candidates.count == 2)
    for candidate in learning.candidates {
      let refusal = await #expect(throws: OperationError.self) {
        try await middle.controller.confirmToken(of: "huggy", candidate: candidate.id)
      }
      #expect(refusal?.code == .conflict && refusal?.message.contains("neither") == true)
    }
    #expect(await middle.post(Self.envelope()).value.status == 401)
    #expect(try await middle.store.allLearnedTokens() == [:])
  }

  /// Broken by what keeps it in memory alone, or keeps the token itself.
  @Test func whatWasLearnedOutlivesARestartAndAWindowDoesNot() async throws {
    let middle = try await Middle(Self.configuration)
    try await learned(middle)
    let kept = try #require(try await middle.store.allLearnedTokens()["huggy"])
    #expect(kept.hash.count == 32 && kept.salt.count == 16 && kept.hash != Array(Self.token.utf8))
    _ = try await middle.controller.learnToken(of: "huggy", for: .seconds(900))
    let again = try await Middle(Self.configuration, in: middle.end())
    #expect(await again.post(Self.envelope()).value.status == 200)
    #expect(await again.post(Self.handshake("another")).value.status == 401, "no window is open")
    #expect(try await learning(again).state == .learned)
  }

  @Test func aForgottenTokenIsRefusedAlsoAfterARestart() async throws {
    let middle = try await Middle(Self.configuration)
    try await learned(middle)
    _ = try await middle.controller.learnToken(of: "huggy", for: .seconds(900))
    let status = try await middle.controller.forgetToken(of: "huggy")
    #expect(status.token == .closed)
    #expect(await middle.post(Self.handshake()).value.status == 401, "forgetting opens nothing")
    let again = try await Middle(Self.configuration, in: middle.end())
    #expect(await again.post(Self.envelope()).value.status == 401)
  }

  private func reload(
    _ middle: Middle, _ change: @escaping @Sendable (inout Configuration) -> Void
  ) async throws {
    middle.source.write(change)
    _ = try await middle.during { [controller = middle.controller] in try? await controller.reload() }
    await middle.rest()
  }

  /// Broken by lessons that stand with the rules, which a reload makes anew, and by one that keeps the window open.
  @Test func aReloadKeepsWhatWasLearnedAndEndsTheWindowOfWhoLearnsNoMore() async throws {
    let middle = try await Middle(Self.configuration)
    try await learned(middle)
    try await reload(middle) { $0.hash = "c2" }
    #expect(await middle.post(Self.envelope()).value.status == 200)
    _ = try await middle.controller.learnToken(of: "huggy", for: .seconds(900))
    try await reload(middle) {
      $0.hash = "c3"
      $0.sources[0].learnsToken = false
      $0.sources[0].tokens = [Source.Token(value: Secret("configured"))]
    }
    #expect(await middle.post(Self.envelope(id: 2)).value.status == 401)
    #expect(await middle.post(Self.envelope("configured", id: 3)).value.status == 200)
    #expect(try await middle.status().sources[0].token == .configured)
    let refusal = await #expect(throws: OperationError.self) {
      try await middle.controller.learnToken(of: "huggy", for: .seconds(900))
    }
    #expect(refusal?.code == .conflict && refusal?.message.contains("token: learn") == true)
    try await reload(middle) {
      $0.hash = "c4"
      $0.sources[0].learnsToken = true
      $0.sources[0].tokens = []
    }
    #expect(await middle.post(Self.handshake("another")).value.status == 401, "the window has not come back")
    #expect(await middle.post(Self.envelope(id: 4)).value.status == 200, "what was learned has")
  }

  @Test func aReloadLeavesAnOpenWindowOpen() async throws {
    let middle = try await Middle(Self.configuration)
    _ = try await middle.controller.learnToken(of: "huggy", for: .seconds(900))
    try await reload(middle) { $0.hash = "c2" }
    #expect(await middle.post(Self.handshake()).value.status == 200)
  }

  @Test func whatIsLoggedOfACandidateIsNotItsToken() async throws {
    let middle = try await Middle(Self.configuration)
    try await learned(middle)
    let line = try #require(middle.recorder.lines.first { $0.message.contains("candidate") })
    #expect(line.metadata["source"] == "huggy" && line.metadata["token"] == "81…74 (32 characters)")
    #expect(!middle.recorder.lines.contains { "\($0)".contains(Self.token) })
  }

  @Test func aSourceThatThereIsNotIsNamedWithTheNearest() async throws {
    let middle = try await Middle(Self.configuration)
    let refusal = await #expect(throws: OperationError.self) {
      try await middle.controller.learnToken(of: "hugy", for: .seconds(1))
    }
    #expect(refusal?.code == .notFound && refusal?.message.contains("huggy") == true)
  }
}
