import RelayCore
import Testing

@testable import RelayPipeline

@Suite struct RequestBuilderTests {
  private static let now = ClockReading(
    steady: Timestamp(microseconds: 7_900_000), wall: Timestamp(microseconds: 1_700_000_000_900_000))

  private func event(
    type: String = "createdChat", rawType: String? = nil, time: String? = "1583439114",
    token: String? = #""t""#,
    company: String? = "15691", channel: String? = "widget", body: String = #"{ "id": 1 }"#
  ) -> Event {
    let envelope = EnvelopeContext(
      source: "huggy", receivedAt: .epoch, time: time.map { Array($0.utf8) },
      token: token.map { Array($0.utf8) })
    return Event(
      id: EventID("evt_0193b0a0-7c1d-7abc-8def-0123456789ab")!, envelope: envelope, type: type,
      rawType: Array((rawType ?? type).utf8), company: company, channel: channel, chat: nil,
      body: Array(body.utf8))
  }

  private func request(
    _ event: Event, attempts: Int = 0, _ change: (inout Destination) -> Void = { _ in }
  ) -> AttemptRequest {
    var destination = Destination(name: "crm", url: Secret("http://x/"))
    change(&destination)
    let delivery = Delivery(
      id: DeliveryID(rawValue: 1), event: event, destination: "crm", attempts: attempts, since: .epoch)
    return RequestBuilder.request(
      for: delivery, to: destination, at: Self.now)
  }

  private func headerText(_ text: String) -> String {
    var bytes: [UInt8] = []
    RequestBuilder.appendHeaderText(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func body(_ request: AttemptRequest) -> String { String(decoding: request.body, as: UTF8.self) }

  @Test func whatAReplaySendsSaysSoAndKeepsItsID() {
    let live = request(event())
    let delivery = Delivery(
      id: DeliveryID(rawValue: 1), event: event(), destination: "crm", run: 7, since: .epoch)
    let replay = RequestBuilder.request(
      for: delivery, to: Destination(name: "crm", url: Secret("http://x/")), at: Self.now)
    #expect(replay.header("huggy-relay-replay") == "true" && live.header("huggy-relay-replay") == nil)
    #expect(replay.header("webhook-id") == live.header("webhook-id") && replay.body == live.body)
    #expect(replay.header("huggy-relay-attempt") == "1")
  }

  @Test func theHuggyFormatIsWhatHuggyWouldHavePosted() {
    #expect(
      body(request(event())) == #"{"time":1583439114,"messages":{"createdChat":[{ "id": 1 }]}}"#)
    #expect(
      body(request(event()) { $0.forwardsToken = true })
        == #"{"time":1583439114,"messages":{"createdChat":[{ "id": 1 }]},"token":"t"}"#)
    #expect(body(request(event(time: nil))) == #"{"messages":{"createdChat":[{ "id": 1 }]}}"#)
    #expect(
      body(request(event(time: #""x""#, token: nil)) { $0.forwardsToken = true })
        == #"{"time":"x","messages":{"createdChat":[{ "id": 1 }]}}"#)
  }

  @Test func theTraceOfTheRequestThatBroughtItGoesOn() throws {
    let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let envelope = EnvelopeContext(
      source: "huggy", receivedAt: .epoch, time: nil, token: nil, trace: TraceParent(header: text.utf8))
    let event = Event(
      id: EventID("evt_0193b0a0-7c1d-7abc-8def-0123456789ab")!, envelope: envelope, type: "a",
      rawType: Array("a".utf8), company: nil, channel: nil, chat: nil, body: [])
    #expect(request(event, attempts: 3).headers.lines.contains("traceparent: \(text)"))
  }

  @Test func theTypeLeavesAsItWasSpelled() {
    let spelled = event(type: "aé", rawType: #"a\u00e9"#)
    #expect(body(request(spelled)).contains(#"{"a\u00e9":["#))
    #expect(request(spelled).headers.lines.contains("huggy-event: a%C3%A9"))
  }

  @Test func theEventFormatIsTheEventAlone() {
    #expect(body(request(event()) { $0.format = .event }) == #"{ "id": 1 }"#)
  }

  @Test func aCloudEventHoldsTheEventsBytesAndIsTheSameOnEachAttempt() throws {
    let secret = SigningSecret(key: Array(repeating: 7, count: 24))
    func sent(_ attempts: Int, to name: String) -> AttemptRequest {
      request(event(type: "aé", rawType: #"a\u00e9"#), attempts: attempts) {
        $0.name = name
        $0.format = .cloudevents
        // It has no place for it.
        $0.forwardsToken = true
        $0.signingSecrets = [secret]
      }
    }
    let first = sent(0, to: "crm")
    #expect(
      body(first)
        == #"{"specversion":"1.0","id":"evt_0193b0a0-7c1d-7abc-8def-0123456789ab","source":"/huggy/15691","#
        + #""type":"io.huggy.aé","time":"2020-03-05T20:11:54.000Z","datacontenttype":"application/json","#
        + #""huggycompany":"15691","huggychannel":"widget","data":{ "id": 1 }}"#)
    #expect(first.header("content-type") == "application/cloudevents+json")
    #expect(first.header("webhook-id") == "evt_0193b0a0-7c1d-7abc-8def-0123456789ab")
    #expect(sent(3, to: "bi").body == first.body)
    #expect(
      WebhookSignature.verifies(
        header: try #require(first.header("webhook-signature")),
        id: "evt_0193b0a0-7c1d-7abc-8def-0123456789ab",
        timestamp: 1_700_000_000, body: first.body, by: .secret(secret.revealKey)),
      "what is sent is what is signed")
  }

  @Test func theHeadersTellTheEventWithoutItsBody() {
    #expect(
      request(event(), attempts: 2).headers.lines == [
        "content-type: application/json", "user-agent: huggy-relay/\(RelayVersion.number)",
        "webhook-id: evt_0193b0a0-7c1d-7abc-8def-0123456789ab", "webhook-timestamp: 1700000000",
        "huggy-event: createdChat", "huggy-source: huggy", "huggy-relay-attempt: 3",
        "huggy-relay-age: 7",
        "huggy-company: 15691", "huggy-channel: widget",
      ])
    let headers = request(event(company: nil, channel: nil)).headers.lines
    #expect(!headers.contains { $0.hasPrefix("huggy-company") || $0.hasPrefix("huggy-channel") })
  }

  @Test func aSecretSignsWhatIsSent() throws {
    let secret = SigningSecret(key: Array(repeating: 7, count: 24))
    let signed = request(event()) { $0.signingSecrets = [secret] }
    let header = try #require(signed.headers.lines.first { $0.hasPrefix("webhook-signature: ") })
    #expect(
      WebhookSignature.verifies(
        header: String(header.dropFirst("webhook-signature: ".count)),
        id: "evt_0193b0a0-7c1d-7abc-8def-0123456789ab", timestamp: 1_700_000_000, body: signed.body,
        by: .secret(secret.revealKey)))
  }

  @Test func textInHeadersCanNotBreakThem() {
    #expect(headerText("a b\r\nx: y") == "a%20b%0D%0Ax:%20y")
    #expect(headerText("~!") == "~!")
    let long = headerText(String(repeating: "é", count: 100))
    #expect(long.utf8.count == 252)
    #expect(long.hasSuffix("%C3%A9"))
    #expect(headerText(String(repeating: "a", count: 300)).utf8.count == 256)
  }
}
