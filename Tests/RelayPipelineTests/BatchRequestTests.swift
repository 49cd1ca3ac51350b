import RelayTestSupport
import Testing

@testable import RelayCore
@testable import RelayPipeline

/// Requests of several events.
@Suite struct BatchRequestTests {
  private static let now = ClockReading(
    steady: .second(100), wall: Timestamp(microseconds: 1_700_000_000_000_000))

  private func delivery(
    _ id: Int64, type: String = "a", rawType: String? = nil, body: String, time: String? = "1",
    token: String? = nil, company: String? = "15691", channel: String? = "widget", attempts: Int = 0,
    received: Timestamp = .second(90), trace: String? = nil, run: Int = 0
  ) -> Delivery {
    let envelope = EnvelopeContext(
      source: "huggy", receivedAt: received, time: time.map { Array($0.utf8) },
      token: token.map { Array($0.utf8) }, trace: trace.flatMap { TraceParent(header: $0.utf8) })
    let event = Event(
      id: EventID(high: 0, low: UInt64(id)), envelope: envelope, type: type,
      rawType: Array((rawType ?? type).utf8), company: company, channel: channel, chat: nil,
      body: Array(body.utf8))
    return Delivery(
      id: DeliveryID(rawValue: id), event: event, destination: "crm", run: run, attempts: attempts,
      since: .epoch)
  }

  private func destination(_ change: (inout Destination) -> Void = { _ in }) -> Destination {
    var destination = Destination(name: "crm", url: Secret("http://x/"))
    destination.batch = BatchPolicy()
    change(&destination)
    return destination
  }

  private func request(
    _ deliveries: [Delivery], _ change: (inout Destination) -> Void = { _ in }
  ) -> AttemptRequest {
    RequestBuilder.request(for: deliveries, to: destination(change), at: Self.now)
  }

  private func body(_ request: AttemptRequest) -> String { String(decoding: request.body, as: UTF8.self) }

  @Test func theHuggyFormatIsOneEnvelopeWithAListOfEachType() {
    let deliveries = [
      delivery(1, type: "a", body: #"{"n": 1}"#, time: "10"),
      delivery(2, type: "b", rawType: #"\u0062"#, body: #"{"n":2.0}"#, time: "30", received: .second(95)),
      delivery(3, type: "a", body: #"{"n":3}"#, time: "20"),
    ]
    let sent = request(deliveries)
    #expect(body(sent) == #"{"time":30,"messages":{"a":[{"n": 1},{"n":3}],"\u0062":[{"n":2.0}]}}"#)
    let ids = [0, 2, 1].map { deliveries[$0].event.id.description }.joined(separator: ",")
    #expect(sent.header("huggy-relay-events") == ids, "in the order of the body")
  }

  @Test func theHuggyFormatCarriesTheTokenOfAll() {
    let deliveries = [1, 2].map { delivery($0, body: "{}", time: nil, token: #""t""#) }
    #expect(
      body(request(deliveries) { $0.forwardsToken = true }) == #"{"messages":{"a":[{},{}]},"token":"t"}"#)
    #expect(body(request(deliveries)) == #"{"messages":{"a":[{},{}]}}"#)
  }

  @Test func theEventFormatIsAnArrayAlsoOfOne() {
    let deliveries = [delivery(1, body: #"{ "id":1}"#), delivery(2, type: "b", body: "{}")]
    #expect(body(request(deliveries) { $0.format = .event }) == #"[{ "id":1},{}]"#)
    #expect(body(request([deliveries[1]]) { $0.format = .event }) == "[{}]")
  }

  @Test func oneEventHasTheShapeOfABatchAndItsOwnID() {
    let one = delivery(7, body: "{}")
    let sent = RequestBuilder.request(for: one, to: destination { $0.format = .event }, at: Self.now)
    #expect(body(sent) == "[{}]")
    #expect(sent.header("webhook-id") == one.event.id.description)
    #expect(sent.header("huggy-relay-events") == one.event.id.description)
    #expect(sent.header("huggy-channel") == "widget" && sent.header("huggy-relay-attempt") == "1")
  }

  @Test func theSameBatchKeepsItsIDAndAnotherHasAnother() {
    let deliveries = (1...3).map { delivery($0, body: "{}") }
    let id = request(deliveries).header("webhook-id")
    #expect(id?.hasPrefix("bat_") == true && id?.utf8.count == 36)
    #expect(request(deliveries).header("webhook-id") == id)
    #expect(request(deliveries.dropLast()).header("webhook-id") != id)
  }

  @Test func aHeaderOfOneEventStandsOnlyWhereItIsSoForAll() {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let alike = request([
      delivery(1, body: "{}", attempts: 2, trace: trace), delivery(2, body: "{}", attempts: 2, trace: trace),
    ])
    #expect(alike.header("huggy-event") == "a" && alike.header("huggy-relay-attempt") == "3")
    #expect(alike.header("huggy-relay-age") == "10" && alike.header("traceparent") == trace)
    let mixed = request([
      delivery(1, body: "{}"),
      delivery(
        2, type: "b", body: "{}", channel: nil, attempts: 1, received: .second(50), trace: trace),
    ])
    for name in ["huggy-event", "huggy-channel", "huggy-relay-attempt", "huggy-relay-age", "traceparent"] {
      #expect(mixed.header(name) == nil, "\(name)")
    }
    #expect(mixed.header("huggy-company") == "15691" && mixed.header("huggy-source") == "huggy")
  }

  @Test func cloudEventsAreABatchOfThemInTheirOrder() {
    let deliveries = [
      delivery(1, type: "a", body: #"{"n": 1}"#), delivery(2, type: "b", body: "{}", channel: nil),
      delivery(3, type: "a", body: "{}"),
    ]
    let sent = request(deliveries) { $0.format = .cloudevents }
    let alone = deliveries.map { CloudEvent($0.event).body(of: $0.event.body) }
    #expect(sent.body == [0x5B] + Array(alone.joined(separator: [0x2C])) + [0x5D])
    #expect(sent.header("content-type") == "application/cloudevents-batch+json")
    #expect(
      sent.header("huggy-relay-events") == deliveries.map(\.event.id.description).joined(separator: ","))
    let single = request([deliveries[0]]) { $0.format = .cloudevents }
    #expect(single.body == [0x5B] + alone[0] + [0x5D], "also one alone")
    #expect(single.header("content-type") == "application/cloudevents-batch+json")
  }

  @Test func aReplayedBatchSaysSo() {
    #expect(request([delivery(1, body: "{}", run: 3)]).header("huggy-relay-replay") == "true")
  }

  @Test func itIsSignedAsOneMessage() throws {
    let secret = SigningSecret(key: Array(repeating: 7, count: 24))
    let signed = request((1...3).map { delivery($0, body: "{}") }) { $0.signingSecrets = [secret] }
    let (id, signature) = try (
      #require(signed.header("webhook-id")), #require(signed.header("webhook-signature"))
    )
    #expect(
      WebhookSignature.verifies(
        header: signature, id: id, timestamp: 1_700_000_000, body: signed.body, by: .secret(secret.revealKey))
    )
  }

  @Test func aFullBatchsHeaderLinesStayWithinTheirBounds() {
    let text = String(repeating: "é", count: 100)
    let deliveries = (1...100).map {
      delivery(
        $0, type: text, body: "{}", company: text, channel: text, attempts: 9,
        trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", run: 1)
    }
    let sent = request(deliveries) {
      $0.signingSecrets = [SigningSecret(key: Array(repeating: 7, count: 24))]
    }
    #expect(
      sent.headers.bytes.count <= HeaderBudget.maxBytes && sent.headers.lines.count <= HeaderBudget.maxFields)
    #expect(sent.header("huggy-relay-events").map { $0.utf8.count <= HeaderBudget.maxEventIDsBytes } == true)
    #expect(HeaderBudget.mostEvents(to: destination()) >= 100)
  }

  @Test func configuredHeadersLeaveRoomForFewerEvents() {
    let long = destination {
      $0.headers = [.init(name: "X-Team", value: Secret(String(repeating: "a", count: 3_000)))]
    }
    let most = HeaderBudget.mostEvents(to: long)
    #expect((20...40).contains(most), "\(most)")
  }

  /// Random batches are as large as was reckoned while they were put together.
  @Test func theMeterKnowsEveryBodysSize() {
    var random = SplitMix64(seed: 3)
    for _ in 0..<400 {
      let tokens: [String?] = [nil, #""t""#, #""a longer one""#]
      let token = random.pick(tokens)
      let deliveries = (1...(1 + random.below(9))).map { id in
        delivery(
          Int64(id), type: random.pick(["a", "bb", "receivedMessage"]),
          body: String(repeating: " ", count: random.below(40)) + "{}",
          time: random.pick([nil, "1", #""2026-11-29 12:00:00""#]), token: token,
          received: .second(random.below(5)))
      }
      for format in Destination.Format.allCases {
        let destination = destination {
          $0.format = format
          $0.forwardsToken = token != nil
        }
        var meter = BatchMeter(for: destination)
        for delivery in deliveries { meter.add(delivery.event) }
        let sent = RequestBuilder.request(for: deliveries, to: destination, at: Self.now)
        #expect(meter.bytes == sent.body.count, "\(body(sent))")
      }
    }
  }
}
