import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// What a person puts in by hand, over the real store.
@Suite(.timeLimit(.minutes(15))) struct PublishTests {
  private static let chat = #"{"messages":{"createdChat":[{"id":1}]}}"#

  private func publish(
    _ middle: Middle, _ body: String = chat, to source: String = "huggy", again: Bool = false
  ) async throws(OperationError) -> (status: Int, text: String) {
    let reply = try await middle.controller.publish(Array(body.utf8), to: source, again: again)
    return (reply.status, String(decoding: reply.body, as: UTF8.self))
  }

  @Test func itIsTakenAsIfItsSourceHadSentIt() async throws {
    let middle = try await Middle(.middle())
    let (status, text) = try await publish(middle)
    #expect(status == 200 && text.hasPrefix(#"{"accepted":1,"deliveries":1,"#))
    await middle.rest()
    let request = try middle.request()
    #expect(request.header("huggy-source") == "huggy" && request.number == 1)
    #expect(
      try await middle.status().sources[0].lastEnvelope == nil, "the source was not heard of")
  }

  /// Broken by the receiver's own authentication.
  @Test(arguments: ["", #","token":"no token of this source""#])
  func noTokenIsNeededAndAnyIsTaken(_ token: String) async throws {
    let middle = try await Middle(.middle())
    let body = #"{"messages":{"createdChat":[{"id":1}]}\#(token)}"#
    #expect(await middle.post(body, to: "/closed").value.status == 401)
    #expect(try await publish(middle, body, to: "closed").status == 200)
  }

  @Test func aTokenOfTheSourceSaysTheCompany() async throws {
    let middle = try await Middle(
      .middle { $0.sources[1].tokens[0].company = "6618" })
    let body = #"{"messages":{"createdChat":[{"id":1}]},"token":"s3cret-token"}"#
    #expect(try await publish(middle, body, to: "closed").status == 200)
    await middle.rest()
    #expect(try middle.request().header("huggy-company") == "6618")
  }

  @Test func withoutATokenOfItsTheSourceSaysTheCompany() async throws {
    let middle = try await Middle(
      .middle {
        $0.sources[1].company = "15691"
        $0.sources[1].tokens[0].company = "6618"
      })
    #expect(try await publish(middle, to: "closed").status == 200)
    await middle.rest()
    #expect(try middle.request().header("huggy-company") == "15691")
  }

  /// Broken by a fingerprint that `again` has, too.
  @Test func theSameBytesAreADuplicateUnlessItIsSaidAgain() async throws {
    let middle = try await Middle(.middle())
    _ = await middle.post(Self.chat).value
    let first = try await publish(middle)
    #expect(first.text.contains(#""accepted":0"#) && first.text.contains(#""duplicate":true"#))
    let again = try await publish(middle, again: true)
    #expect(again.text.contains(#""accepted":1"#) && again.text.contains(#""duplicate":false"#))
    await middle.rest()
    #expect(middle.numbersInFlight == [1, 1])
  }

  @Test(arguments: [
    (#"{"messages":"#, 400), ("[]", 400), (#"{"token":"t","validToken":true}"#, 400),
  ])
  func whatIsNoEnvelopeIsAnsweredAsASenderIsAndNotListed(_ body: String, _ status: Int) async throws {
    let middle = try await Middle(.middle())
    #expect(try await publish(middle, body).status == status)
    #expect(middle.controller.refusedRequests().isEmpty)
    #expect(try await middle.status().sources[0].refused == 0)
  }

  @Test func whatIsLargerThanASenderMaySendIsRefused() async throws {
    let middle = try await Middle(.middle { $0.server.maxBodyBytes = 20 })
    #expect(try await publish(middle).status == 413)
  }

  @Test func aSourceThatThereIsNotIsNotFound() async throws {
    let middle = try await Middle(.middle())
    let refusal = await #expect(throws: OperationError.self) { try await publish(middle, to: "hugy") }
    #expect(refusal?.code == .notFound && refusal?.message.contains("huggy") == true)
  }
}
