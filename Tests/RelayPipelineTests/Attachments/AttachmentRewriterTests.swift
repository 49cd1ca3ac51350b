import RelayCore
import RelayHarness
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite(.timeLimit(.minutes(15))) struct AttachmentRewriterTests {
  private static let id = EventID("evt_0193b0a0-7c1d-7abc-8def-0123456789ab")!
  private static let now = Timestamp(microseconds: 1_700_000_000_900_000)
  private let signer = AttachmentSigner(key: SigningSecret(key: Array(0..<32)))

  private func configuration(url: String = "http://relay.internal:8082") -> Configuration {
    .middle {
      $0.server.attachmentsURL = url
      $0.sources[0].attachments = AttachmentPolicy(hosts: ["*.files.example"])
      $0.destination("crm") { $0.attachments = .rewrite }
    }
  }

  private func event(_ body: String, source: String = "huggy") -> Event {
    Event(
      id: Self.id, envelope: EnvelopeContext(source: source, receivedAt: .epoch, time: nil, token: nil),
      type: "receivedMessage", rawType: Array("receivedMessage".utf8), company: nil, channel: nil, chat: nil,
      body: Array(body.utf8))
  }

  private func content(_ body: String, url: String = "http://relay.internal:8082") throws -> String {
    let rewriter = try #require(AttachmentRewriter(configuration(url: url), signer: signer))
    return String(decoding: rewriter.content(of: event(body), at: Self.now), as: UTF8.self)
  }

  /// Seven days from now.
  private func link(_ place: Int) -> String {
    "http://relay.internal:8082"
      + signer.target(of: AttachmentLink(event: Self.id, place: place, until: 1_700_604_800))
  }

  @Test func aLinkIsReplacedAndEveryOtherByteStays() throws {
    let (head, tail) = (#"{ "id" : 1.50,"a":"\u00e9","file" : ""#, "\" ,\n\"b\":[ ]}")
    #expect(try content(head + "https://eu.files.example/x?token=1" + tail) == head + link(0) + tail)
    #expect(try content(head + #"https:\/\/eu.files.example\/x"# + tail) == head + link(0) + tail)
  }

  @Test func eachLinkHasItsPlaceAndThoseOfOtherHostsStay() throws {
    let body =
      #"{"files":["https://a.files.example/1",{"url":"https://b.org/2"},{"url":"https://c.files.example/3"}]}"#
    #expect(
      try content(body) == #"{"files":["\#(link(0))",{"url":"https://b.org/2"},{"url":"\#(link(2))"}]}"#)
  }

  @Test(arguments: [
    #"{"id":1}"#, #"{"file":null}"#, #"{"file":"http://a.files.example/plain"}"#,
    #"{"file":"https://files.example/x"}"#,
    #"{"file":"https://me@a.files.example/x"}"#, #"{"text":"https://a.files.example/x"}"#,
  ]) func whereNothingIsReplacedTheArrayIsTheEventsOwn(body: String) throws {
    let rewriter = try #require(AttachmentRewriter(configuration(), signer: signer))
    let event = event(body)
    let content = rewriter.content(of: event, at: Self.now)
    let isSame = content.withUnsafeBufferPointer { new in
      event.body.withUnsafeBufferPointer { new.baseAddress == $0.baseAddress && new.count == $0.count }
    }
    #expect(isSame)
  }

  @Test func ofASourceWithoutAttachmentsNothingIsReplaced() throws {
    let rewriter = try #require(AttachmentRewriter(configuration(), signer: signer))
    let event = event(#"{"file":"https://a.files.example/x"}"#, source: "closed")
    #expect(rewriter.content(of: event, at: Self.now) == event.body)
  }

  @Test func whatAnAddressHoldsThatJSONMustEscapeIsEscaped() throws {
    #expect(
      try content(#"{"file":"https://a.files.example/x"}"#, url: #"http://r/"q\"#).hasPrefix(
        #"{"file":"http://r/\"q\\/files/"#))
  }

  @Test func withoutAnAddressOrADestinationThatWantsItNothingIsRewritten() {
    var configuration = configuration()
    configuration.server.attachmentsURL = nil
    #expect(AttachmentRewriter(configuration, signer: signer) == nil)
    configuration = self.configuration()
    configuration.destination("crm") { $0.attachments = .off }
    #expect(AttachmentRewriter(configuration, signer: signer) == nil)
  }

  /// Random events: what is left when the signed links are taken out again is the event.
  @Test func rewritingChangesTheLinksAndNothingElse() throws {
    let rewriter = try #require(AttachmentRewriter(configuration(), signer: signer))
    var random = SplitMix64(seed: 5)
    for _ in 0..<500 {
      let links = (0..<random.below(5)).map { _ in
        "https://\(random.pick(["a.files.example", "b.org"]))/\(random.below(99))"
      }
      let body =
        #"{"x":"\#(random.below(9))","files":[\#(links.map { "\"\($0)\"" }.joined(separator: " ,"))],"y":[{}]}"#
      let content = String(decoding: rewriter.content(of: event(body), at: Self.now), as: UTF8.self)
      var expected = body
      for (place, link) in links.enumerated().reversed() where link.contains("files.example") {
        let found = try #require(
          expected.ranges(of: "\"\(link)\"").last { range in
            expected[..<range.lowerBound].ranges(of: "\"https://").count == place
          })
        expected.replaceSubrange(found, with: "\"\(self.link(place))\"")
      }
      #expect(content == expected)
    }
  }

  // MARK: From the store to the transport

  private static let envelope =
    #"{"messages":{"receivedMessage":[{"id":1,"file":"https://a.files.example/x?token=t"}]}}"#

  private func middle(_ folder: TemporaryFolder, _ change: (inout Configuration) -> Void = { _ in })
    async throws -> (Middle, AttachmentLinker)
  {
    var configuration = configuration()
    change(&configuration)
    let linker = AttachmentLinker(file: AttachmentKeyFile(path: folder.path + "/key"))
    try linker.prepare(for: configuration.server)
    return (try await Middle(configuration, linker: linker), linker)
  }

  private func body(of request: AttemptRequest?) throws -> String {
    String(decoding: try #require(request).body, as: UTF8.self)
  }

  /// The target of the link in a body.
  private func target(in body: String) throws -> String {
    let match = try #require(body.firstMatch(of: #/http:\/\/relay\.internal:8082(\/files\/[^"]+)"/#))
    return String(match.1)
  }

  @Test func aDestinationThatRewritesGetsLinksOfTheRelayAndAnotherTheEventsOwn() async throws {
    let folder = try TemporaryFolder()
    let (middle, linker) = try await middle(folder)
    #expect(await middle.post(Self.envelope).value.status == 200)
    await middle.rest()
    let sent = try body(of: middle.inFlight.first { $0.destination == "crm" })
    let link = try target(in: sent)
    guard case .valid(let valid) = linker.check(link, at: middle.clock.now()) else {
      Issue.record("the link is not the relay's")
      return
    }
    #expect(valid.place == 0 && valid.until == middle.clock.now().seconds + 7 * 86_400)
    #expect(
      try body(of: middle.inFlight.first { $0.destination == "bi" }).contains(
        "https://a.files.example/x?token=t"))
  }

  @Test func eachAttemptHasALinkOfItsOwnTime() async throws {
    let folder = try TemporaryFolder()
    let (middle, _) = try await middle(folder)
    #expect(await middle.post(Self.envelope).value.status == 200)
    await middle.rest()
    let first = try #require(middle.inFlight.first { $0.destination == "crm" })
    await middle.answer(first, 503)
    await middle.pass(.seconds(2))
    let second = try #require(middle.inFlight.first { $0.destination == "crm" })
    #expect(second.header("huggy-relay-attempt") == "2")
    #expect(try target(in: body(of: first)) != target(in: body(of: second)))
  }

  @Test func theSignatureOfARequestIsOverTheBodyThatIsSent() async throws {
    let folder = try TemporaryFolder()
    let secret = SigningSecret(key: Array(repeating: 7, count: 24))
    let (middle, _) = try await middle(folder) { $0.destination("crm") { $0.signingSecrets = [secret] } }
    #expect(await middle.post(Self.envelope).value.status == 200)
    await middle.rest()
    let request = try #require(middle.inFlight.first { $0.destination == "crm" })
    #expect(try target(in: body(of: request)).hasPrefix("/files/"))
    #expect(
      WebhookSignature.verifies(
        header: request.header("webhook-signature") ?? "", id: request.header("webhook-id") ?? "",
        timestamp: middle.clock.now().seconds, body: request.body, by: .secret(secret.revealKey)))
  }

  @Test func aReloadSwitchesRewritingOnAndOff() async throws {
    let folder = try TemporaryFolder()
    let (middle, _) = try await middle(folder) { $0.destination("crm") { $0.attachments = .off } }
    for (links, isRewritten) in [(AttachmentLinks.rewrite, true), (.off, false)] {
      middle.source.state.withLock {
        $0.configuration.destination("crm") { $0.attachments = links }
        $0.configuration.hash += "x"
      }
      let controller = middle.controller
      _ = try await middle.during {
        do throws(OperationError) {
          return Result<ReloadReport, OperationError>.success(try await controller.reload())
        } catch {
          return .failure(error)
        }
      }.get()
      await middle.rest()
      #expect(
        await middle.post(Self.envelope + String(repeating: " ", count: isRewritten ? 1 : 2)).value.status
          == 200)
      await middle.rest()
      let request = try #require(middle.inFlight.last { $0.destination == "crm" })
      #expect(try body(of: request).contains("http://relay.internal:8082/files/") == isRewritten)
    }
  }

  @Test func aTestOfADestinationShowsItsLinksMasked() async throws {
    let folder = try TemporaryFolder()
    let prober = ScriptedProber()
    let linker = AttachmentLinker(file: AttachmentKeyFile(path: folder.path + "/key"))
    var configuration = configuration()
    configuration.sources.remove(at: 1)
    try linker.prepare(for: configuration.server)
    let middle = try await Middle(configuration, prober: prober, linker: linker)
    let report = try await middle.controller.test("crm", with: .envelope(Array(Self.envelope.utf8), event: 1))
    let sent = try body(of: prober.requests.first)
    guard case .valid = linker.check(try target(in: sent), at: middle.clock.now()) else {
      Issue.record("the link is not the relay's")
      return
    }
    #expect(String(decoding: report.body, as: UTF8.self).contains("&signature=[secret]\""))
  }

  /// A receiver that answers with what it was sent.
  @Test func theSignatureOfALinkIsNowhereToBeSeen() async throws {
    let folder = try TemporaryFolder()
    let (middle, _) = try await middle(folder)
    #expect(await middle.post(Self.envelope).value.status == 200)
    await middle.rest()
    let request = try #require(middle.inFlight.first { $0.destination == "crm" })
    let sent = try body(of: request)
    let link = try target(in: sent)
    let signature = try #require(link.split(separator: "signature=").last)
    await middle.answer(request, 500, body: "I can't take \(sent)")
    let id = try #require(EventID(request.header("webhook-id") ?? ""))
    let controller = middle.controller
    let found = try await middle.during { try? await controller.event(id) }
    let report = try #require(found)
    let answers = report.deliveries.flatMap(\.record.failures).map {
      String(decoding: $0.answer ?? [], as: UTF8.self)
    }
    #expect(answers.contains { $0.hasPrefix("I can't take") && $0.contains("signature=[secret]") })
    #expect(!"\(answers)\(report)\(try await middle.status())\(middle.recorder.lines)".contains(signature))
    // What came is shown as it came.
    #expect(String(decoding: report.event.body, as: UTF8.self).contains("https://a.files.example/x?token=t"))
    // Sent to the relay itself, by mistake: to no source's path, and as no envelope.
    #expect(await middle.post("x", to: link).value.status == 404)
    #expect(await middle.post("{\"x\":\"\(link)\"}").value.status == 400)
    #expect(!"\(middle.controller.refusedRequests())".contains(signature))
    #expect(
      !middle.controller.refusedRequests().contains {
        String(decoding: $0.body, as: UTF8.self).contains(signature)
      })
    #expect(middle.controller.refusedRequests().contains { $0.path.contains("signature=[secret]") })
  }
}
