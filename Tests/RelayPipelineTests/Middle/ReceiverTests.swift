import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// From a posted body to its answer, over the real store.
@Suite(.timeLimit(.minutes(15))) struct ReceiverTests {
  private static let chat = #"{"messages":{"createdChat":[{"id":1}]}}"#

  private static func text(_ reply: IngestReply) -> String { String(decoding: reply.body, as: UTF8.self) }

  // MARK: The answers

  @Test(arguments: [
    (chat, 200, #"{"accepted":1,"deliveries":1,"dropped":0,"unrouted":0,"duplicate":false,"events":["evt_"#),
    (
      #"{"messages":{"noise":[{}],"other":[{},{}],"newMessage":[{}]}}"#, 200,
      #"{"accepted":4,"deliveries":2,"dropped":1,"unrouted":2,"duplicate":false,"#
    ),
    (
      #"{"messages":{}}"#, 200,
      #"{"accepted":0,"deliveries":0,"dropped":0,"unrouted":0,"duplicate":false,"events":[]}"#
    ),
    (
      #"{"messages":{"createdChat":[1,{}]}}"#, 200,
      #""rejected":[{"event":"createdChat","index":0,"reason":"an event is an object, this is a number"}]}"#
    ),
    (#"{"messages":"#, 400, #""code":"invalid_json""#),
    ("[]", 400, #""code":"invalid_envelope""#),
    (#"{"time":1}"#, 400, #""code":"invalid_envelope""#),
  ])
  func eachBodyHasItsAnswer(_ body: String, _ status: Int, _ part: String) async throws {
    let middle = try await Middle(.middle())
    let reply = await middle.post(body).value
    #expect(reply.status == status)
    #expect(Self.text(reply).contains(part), "\(Self.text(reply))")
  }

  @Test(arguments: [
    (#"{"messages":{"createdChat":[{"id":1}]},"token":"s3cret-token"}"#, 200, #""accepted":1"#),
    (#"{"messages":{"createdChat":[{"id":1}]},"token":"another"}"#, 401, #""code":"invalid_token""#),
    (chat, 401, #""code":"missing_token""#),
    (#"{"token":"s3cret-token","validToken":true}"#, 200, "s3cret-token"),
    (#"{"token":"another","validToken":true}"#, 401, #""code":"invalid_token""#),
  ])
  func aSourceWithATokenBelievesNobodyElse(_ body: String, _ status: Int, _ part: String) async throws {
    let middle = try await Middle(.middle())
    let reply = await middle.post(body, to: "/closed").value
    #expect(reply.status == status)
    #expect(Self.text(reply).contains(part))
    if status == 401 {
      await middle.rest()
      #expect(middle.inFlight.isEmpty)
      #expect(middle.receiver.refusedRequests.count == 1)
    }
  }

  /// All events of a request, and all attempts at each, belong to its trace.
  @Test func theTraceOfARequestGoesOnWithEachOfItsEventsAndOneIsMadeWhereThereIsNone() async throws {
    let middle = try await Middle(.middle())
    let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let body = #"{"messages":{"createdChat":[{"id":1},{"id":2}]}}"#
    _ = await middle.post(body, from: Traced(text)).value
    _ = await middle.post(#"{"messages":{"createdChat":[{"id":3},{"id":4}]}}"#).value
    await middle.rest()
    let sent = middle.inFlight.map { $0.header("traceparent") }
    #expect(sent.count == 4)
    #expect(sent[0] == text && sent[1] == text)
    let third = try middle.request(2)
    let id = try #require(third.header("webhook-id").flatMap { EventID($0) })
    #expect(sent[2] == "\(TraceParent(madeFor: id))")
    #expect(sent[3] == sent[2])
    let brought = try middle.request()
    let first = try #require(brought.header("webhook-id").flatMap { EventID($0) })
    let found = try await middle.during { [controller = middle.controller] in
      try? await controller.event(first)
    }
    #expect(try #require(found).event.trace.map { "\($0)" } == text)
  }

  @Test func aHandshakeIsAnsweredWithItsTokenAndNothingElse() async throws {
    let middle = try await Middle(.middle())
    let reply = await middle.post(#"{"token":"s3cret-token","validToken":true}"#, to: "/closed").value
    #expect(Self.text(reply) == "s3cret-token" && reply.contentType.hasPrefix("text/plain"))
  }

  @Test func anEnvelopeOfTooManyEventsIsRefusedWhole() async throws {
    let middle = try await Middle(.middle())
    let events = Array(repeating: "{}", count: 10_001).joined(separator: ",")
    let reply = await middle.post(#"{"messages":{"createdChat":[\#(events)]}}"#).value
    #expect(reply.status == 413 && Self.text(reply).contains(#""code":"too_large""#))
    #expect(try await middle.books()?.pending == 0)
  }

  @Test func anEnvelopeOfTooManyDeliveriesIsRefusedWhole() async throws {
    let names = (0..<101).map { "d\($0)" }
    let configuration = Configuration.middle { configuration in
      configuration.destinations = names.map { Destination(name: $0, url: Secret("http://\($0)/")) }
      configuration.routes = [Route(name: "all", action: .deliver(to: names))]
    }
    let middle = try await Middle(configuration)
    let events = Array(repeating: "{}", count: 1_000).joined(separator: ",")
    let reply = await middle.post(#"{"messages":{"createdChat":[\#(events)]}}"#).value
    #expect(reply.status == 413 && Self.text(reply).contains("deliveries"))
    #expect(try await middle.books("d0")?.pending == 0)
  }

  @Test func aPathThatAReloadTookAwayIsNotFound() async throws {
    let middle = try await Middle(.middle())
    #expect(middle.receiver.entry(at: "/huggy") == .open)
    middle.receiver.replace(.middle { $0.sources.removeFirst() })
    #expect(middle.receiver.entry(at: "/huggy") == .none)
    #expect(await middle.post(Self.chat).value.status == 404)
  }

  @Test func aStoreThatCannotTakeItIsToldSoAndNothingIsKept() async throws {
    let middle = try await Middle(.middle())
    middle.store.close()
    let reply = await middle.post(Self.chat).value
    #expect(reply.status == 503 && Self.text(reply).contains(#""code":"unavailable""#))
    #expect(reply.headers.contains { $0.name == "retry-after" })
    #expect(Self.text(reply).contains("nothing was kept"))
    middle.turn()
    #expect(middle.inFlight.isEmpty)
  }

  // MARK: What a 200 means

  /// Broken by an answer that is given before the store's completion.
  @Test func noEnvelopeIsAcceptedBeforeItIsOnDisk() async throws {
    let middle = try await Middle(.middle())
    let gate = Gate()
    gate.hold(middle.store)
    let reply = middle.post(Self.chat)
    // Another connection to the same file: there is nothing yet, and nobody has been told anything.
    #expect(await counted(middle) == 0)
    #expect(!reply.isKept)
    gate.open()
    #expect(await reply.value.status == 200)
    #expect(await counted(middle) == 1)
  }

  private func counted(_ middle: Middle) async -> Int {
    let page = Promise<Result<DeliveryCountPage, StoreError>>("the count")
    middle.lookup.count(DeliveryFilter(), after: nil) { page.keep($0) }
    return (try? await page.value.get().counts.total) ?? -1
  }

  /// Broken by an envelope without a fingerprint, and by one whose twin is answered before the first is on disk.
  @Test func aTwinWaitsForTheFirstAndIsNoSecondOne() async throws {
    let middle = try await Middle(.middle())
    let gate = Gate()
    gate.hold(middle.store)
    let (first, twin) = (middle.post(Self.chat), middle.post(Self.chat))
    #expect(!first.isKept && !twin.isKept)
    gate.open()
    let (one, two) = (Self.text(await first.value), Self.text(await twin.value))
    #expect(two.contains(#""accepted":0"#) && two.contains(#""duplicate":true"#))
    #expect(one.suffix(48) == two.suffix(48), "both tell the same event's id")
    await middle.rest()
    #expect(middle.inFlight.count == 1)
  }

  @Test func theSameBytesAreAnotherEnvelopeOnceTheirTimeIsOver() async throws {
    let middle = try await Middle(.middle())
    #expect(await middle.post(Self.chat).value.status == 200)
    middle.clock.advance(by: .seconds(24 * 3600 + 1))
    #expect(Self.text(await middle.post(Self.chat).value).contains(#""duplicate":false"#))
    await middle.rest()
    #expect(middle.inFlight.count == 2)
  }

  @Test func whatRulesSentNowhereIsRoutedAnewOnceTheyAreMended() async throws {
    let middle = try await Middle(.middle())
    let body = #"{"messages":{"other":[{"id":1}]}}"#
    #expect(Self.text(await middle.post(body).value).contains(#""unrouted":1"#))
    middle.receiver.replace(.middle { $0.routes.append(Route(name: "chats", action: .deliver(to: ["bi"]))) })
    let again = Self.text(await middle.post(body).value)
    #expect(again.contains(#""duplicate":true"#) && again.contains(#""rerouted":["evt_"#))
    await middle.rest()
    #expect(middle.inFlight.map(\.destination) == ["bi"])
  }

  // MARK: What is made of it

  @Test func anIDIsOfItsTimeAndTheNextEnvelopesIsGreater() async throws {
    let (one, other) = (try await Middle(.middle()), try await Middle(.middle()))
    let first = Self.text(await one.post(Self.chat).value)
    #expect(first.contains("\"evt_019b7c"), "the millisecond in which it came")
    #expect(first == Self.text(await other.post(Self.chat).value), "and nothing but its randomness")
    let second = Self.text(await one.post(#"{"messages":{"createdChat":[{"id":2}]}}"#).value)
    #expect(first.suffix(48) < second.suffix(48))
  }

  /// Broken by whatever writes the JSON anew.
  @Test func anEventsBytesLeaveAsTheyCame() async throws {
    let event = #"{ "id" : 1.50e1 , "a":"\u00e9\/é" ,"b":[ ] , "id":2}"#
    let middle = try await Middle(.middle())
    #expect(await middle.post(#"{"time":12.50,"messages":{"CreatedCHAT":[\#(event)]}}"#).value.status == 200)
    await middle.rest()
    let body = String(decoding: try #require(middle.inFlight.first).body, as: UTF8.self)
    #expect(body == #"{"time":12.50,"messages":{"CreatedCHAT":[\#(event)]}}"#)
  }

  @Test func eachEventGoesWhereItsRoutesSendIt() async throws {
    let middle = try await Middle(.middle())
    _ = await middle.post(
      #"{"messages":{"createdChat":[{"id":1}],"newMessage":[{"id":2}],"noise":[{"id":3}]}}"#
    ).value
    await middle.rest()
    let sent = middle.inFlight.map { "\($0.destination) \($0.number)" }
    #expect(Set(sent) == ["crm 1", "crm 2", "bi 2"] && sent.count == 3)
    #expect(middle.inFlight.allSatisfy { $0.header("huggy-company") == "15691" })
    let ids = middle.inFlight.filter { $0.number == 2 }.map { $0.header("webhook-id") }
    #expect(Set(ids).count == 1, "one event, one id")
  }

  /// Several companies post to one URL, each with its own token.
  @Test func theCompanyOfAnEventThatNamesNoneIsItsTokensElseItsSources() async throws {
    let middle = try await Middle(
      .middle {
        $0.sources[1].company = "15691"
        $0.sources[1].tokens.append(Source.Token(value: Secret("another-token"), company: "6618"))
      })
    for token in ["another-token", "s3cret-token"] {
      let body = #"{"messages":{"createdChat":[{"t":"\#(token)"}]},"token":"\#(token)"}"#
      #expect(await middle.post(body, to: "/closed").value.status == 200)
    }
    await middle.rest()
    #expect(middle.inFlight.map { $0.header("huggy-company") } == ["6618", "15691"])
  }

  @Test func withKeepRoutedWhatGoesNowhereIsInNoStore() async throws {
    let middle = try await Middle(.middle { $0.store.keep = .routed })
    let body = #"{"messages":{"other":[{"id":1}]}}"#
    for _ in 0..<2 {
      #expect(Self.text(await middle.post(body).value).contains(#""unrouted":1,"duplicate":false"#))
    }
  }
}
