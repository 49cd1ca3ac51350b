import RelayCore
import RelayPipeline
import RelaySystem
import Testing

@testable import RelayTools

@Suite struct SinkTests {
  static let body = Array(
    #"{"time":1,"messages":{"closedChat":[{"id":30608118,"company":{"id":"15691"}}]}}"#.utf8)

  @Test func aRequestIsReportedWithWhatTheRelaySaysOfIt() async throws {
    try await withSink { _, address, requests in
      let headers = [
        "webhook-id: evt_1", "huggy-event: closedChat", "huggy-company: caf%C3%A9%20S/A",
        "huggy-channel: email",
        "huggy-relay-attempt: 3", "X-Team: crm",
      ]
      let response = try await request(to: address, path: "/crm?x=1", headers: headers, body: Self.body).get()
      #expect(response.status == 200)
      let reported = try #require(requests.all.first)
      #expect(reported.method == "POST")
      #expect(reported.path == "/crm")
      #expect(reported.webhookID == "evt_1")
      #expect(reported.eventType == "closedChat")
      #expect(reported.company == "café S/A")
      #expect(reported.channel == "email")
      #expect(reported.attempt == 3)
      #expect(reported.chat == "30608118")
      #expect(reported.body == Self.body)
      #expect(reported.signature == .notChecked)
      #expect(reported.answeredStatus == 200)
      #expect(reported.header("x-team") == "crm")
      #expect(requests.all.count == 1)
    }
  }

  @Test func aSignatureOfTheRelaysOwnMakingIsVerified() async throws {
    let secret = SigningSecret(key: Array(1...32))
    let now = wallClockMicroseconds() / 1_000_000
    let signature = WebhookSignature.header(
      id: "evt_1", timestamp: now, body: Self.body, secrets: [SigningSecret(key: Array(2...33)), secret])
    let good = ["webhook-id: evt_1", "webhook-timestamp: \(now)", "webhook-signature: \(signature)"]
    let otherID = ["webhook-id: evt_2", "webhook-timestamp: \(now)", "webhook-signature: \(signature)"]
    try await withSink(SinkSettings(verifier: WebhookVerifier(of: secret))) { _, address, requests in
      _ = try await request(to: address, headers: good, body: Self.body).get()
      _ = try await request(to: address, headers: good, body: Self.body + [32]).get()
      _ = try await request(to: address, headers: otherID, body: Self.body).get()
      _ = try await request(to: address, body: Self.body).get()
      #expect(requests.all.map(\.signature) == [.ok, .bad, .bad, .absent])
    }
  }

  @Test func aPublicKeyVerifiesWhatItsSecretKeySigned() async throws {
    let secret = SigningSecret(ed25519Seed: Array(1...32))
    let now = wallClockMicroseconds() / 1_000_000
    let signature = WebhookSignature.header(
      id: "evt_1", timestamp: now, body: Self.body, secrets: [SigningSecret(key: Array(1...32)), secret])
    let headers = ["webhook-id: evt_1", "webhook-timestamp: \(now)", "webhook-signature: \(signature)"]
    let publicKey = try #require(WebhookVerifier(of: secret)?.publicKeyText)
    try await withSink(SinkSettings(verifier: WebhookVerifier(encoded: publicKey))) { _, address, requests in
      _ = try await request(to: address, headers: headers, body: Self.body).get()
      _ = try await request(to: address, headers: headers, body: Self.body + [32]).get()
      #expect(requests.all.map(\.signature) == [.ok, .bad])
    }
  }

  @Test func theStatusCanBeChangedWhileItRuns() async throws {
    try await withSink { sink, address, requests in
      #expect(await request(to: address).status == 200)
      for status in [503, 400, 302, 204] {
        sink.update(SinkSettings(listen: ListenAddress(host: "127.0.0.1", port: 0), status: status))
        #expect(await request(to: address).status == status)
      }
      #expect(requests.all.map(\.answeredStatus) == [200, 503, 400, 302, 204])
    }
  }

  @Test func aFailRateOfOneFailsAllAndOfZeroNone() async throws {
    try await withSink(SinkSettings(failRate: 1, failStatus: 500)) { sink, address, _ in
      #expect(await request(to: address).status == 500)
      sink.update(SinkSettings(failRate: 0))
      #expect(await request(to: address).status == 200)
    }
  }

  /// At an address of its own: whoever else looks for a free port meanwhile would get this one.
  @Test func aStoppedSinkRefusesAndComesBackAtTheSamePort() async throws {
    let settings = SinkSettings(listen: ListenAddress(host: "127.83.1.2", port: 0))
    try await withSink(settings) { sink, address, requests in
      _ = try await request(to: address).get()
      await sink.stop()
      let refused = await request(to: address)
      #expect(throws: TransportFailure.self) { try refused.get() }
      if case .failure(let failure) = refused { #expect(failure.kind == .connectionRefused) }
      #expect(try await sink.start() == address)
      #expect(await request(to: address).status == 200)
      #expect(requests.all.count == 2)
    }
  }

  @Test func anAnswerThatWaitsHoldsUpNobodyElseAndDiesWithTheSink() async throws {
    let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
    let settings = SinkSettings(listen: ListenAddress(host: "127.0.0.1", port: 0), delay: .seconds(3_600))
    let sink = Sink(settings: settings) { _ in arrived.yield() }
    let address = try await sink.start()
    async let slow = request(to: address, timeout: .seconds(600))
    for await _ in arrivals { break }
    var quick = settings
    quick.delay = .zero
    sink.update(quick)
    #expect(await request(to: address).status == 200)
    await sink.stop()
    let dropped = await slow
    #expect(throws: TransportFailure.self) { try dropped.get() }
  }

  @Test func anAnswerComesAfterItsDelay() async throws {
    try await withSink(SinkSettings(delay: .milliseconds(60))) { _, address, _ in
      let response = try await request(to: address).get()
      #expect(response.duration >= .milliseconds(60))
    }
  }

  @Test func aBrowserGetsAGreetingAndIsNotReported() async throws {
    try await withSink(SinkSettings(status: 503)) { _, address, requests in
      let greeting = try await request("GET", to: address, body: nil).get()
      #expect(greeting.status == 200)
      #expect(String(decoding: greeting.body, as: UTF8.self).contains("sink"))
      let head = try await request("HEAD", to: address, body: nil).get()
      #expect(head.status == 200 && head.body.isEmpty)
      #expect(requests.all.isEmpty)
    }
  }

  @Test func aBodyBeyondSixteenMebibytesIsRefused() async throws {
    try await withSink { _, address, requests in
      let limit = [UInt8](repeating: 32, count: 16 << 20)
      #expect(await request(to: address, body: limit).status == 200)
      #expect(await request(to: address, body: limit + [32]).status == 413)
      #expect(requests.all.map(\.body.count) == [16 << 20])
    }
  }

  @Test func aHandshakeIsConfirmed() async throws {
    try await withSink { _, address, _ in
      let response = try await request(
        to: address, body: Array(#"{"token":"a\u0062c","validToken":true}"#.utf8)
      ).get()
      #expect(response.body == Array("abc".utf8))
    }
  }

  @Test func aSeedChoosesTheSameFailures() {
    let settings = SinkSettings(failRate: 0.3, seed: 7)
    func statuses() -> [Int] {
      var randomness = SplitMix64(seed: 7)
      return (0..<1_000).map { _ in settings.answeredStatus(using: &randomness) }
    }
    #expect(statuses() == statuses())
    #expect((250...350).contains(statuses().count { $0 == 503 }))
  }
}
