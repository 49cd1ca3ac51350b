import RelayCore
import RelayPipeline
import RelayText
import Testing

@testable import RelayTools

@Suite struct SinkRequestTests {
  private func made(
    path: String = "/crm", headers: [(name: String, value: String)] = [], body: String = "{}"
  ) -> SinkRequest {
    SinkRequest(
      receivedAt: Timestamp(microseconds: 1_583_439_671_005_000), method: "POST", path: path,
      allHeaders: headers,
      body: Array(body.utf8), signature: .ok, answeredStatus: 200)
  }

  @Test func theLineNamesAllThatMatters() {
    var request = made(headers: [
      (name: "Webhook-Id", value: "evt_0190a8c0-0000-7000-8000-000000000001"),
      (name: "huggy-event", value: "receivedAllMessage"), (name: "huggy-company", value: "15691"),
      (name: "huggy-relay-attempt", value: "2"),
    ])
    request.chat = "30608118"
    #expect(
      request.line == "20:21:11.005Z  200  /crm          receivedAllMessage       15691   30608118    "
        + "evt_0190a8c0-0000-7000-8000-000000000001  attempt 2   signature ok")
  }

  @Test func whatIsMissingIsADash() {
    var request = made()
    request.signature = .notChecked
    let words = request.line.split(separator: " ").map(String.init)
    #expect(words.dropFirst(2) == ["/crm", "-", "-", "-", "-", "attempt", "-", "signature", "-"])
  }

  @Test func noSenderCanForgeALine() {
    let request = made(
      path: "/a\u{1B}[2Jb\u{202E}c", headers: [(name: "huggy-event", value: "x%0Ay%1B%5B31m%E2%80%A8z")])
    #expect(request.line.contains("/a\u{FFFD}[2Jb\u{FFFD}c"))
    #expect(request.line.contains("x\u{FFFD}y\u{FFFD}[31m\u{FFFD}z"))
    #expect(!request.line.unicodeScalars.contains { $0.properties.generalCategory == .control })
  }

  @Test func aLongValueIsCut() {
    let request = made(path: "/" + String(repeating: "x", count: 10_000))
    #expect(request.line.count < 250)
  }

  @Test(arguments: [
    ("caf%C3%A9", "café"), ("100%", "100%"), ("%4", "%4"), ("%zz%41", "%zzA"), ("%FF", "\u{FFFD}"), ("", ""),
  ])
  func percentEncodingIsUndone(encoded: String, decoded: String) {
    #expect(encoded.percentDecoded == decoded)
  }

  static let chats: [(body: String, type: String?, chat: String?)] = [
    (#"{"time":1,"messages":{"receivedMessage":[{"id":"9","chat":{"id":7}}]}}"#, nil, "7"),
    (#"{"messages":{"closedChat":[{"id":30608118}]}}"#, nil, "30608118"),
    (#"{"messages":{"createdCustomer":[{"id":5}]}}"#, nil, nil),
    (#"{"messages":{"startedAutomationFlow":[{"chatID":99999}]},"token":"t"}"#, nil, "99999"),
    (#"{"id":"9","chat":{"id":"7"}}"#, "receivedMessage", "7"),
    (#"{"id":30608118}"#, "agentEntered", "30608118"),
    (#"{"id":30608118}"#, "createdCustomer", nil),
    (#"{"id":1}"#, nil, nil), ("", nil, nil), ("[]", "closedChat", nil), ("{", "closedChat", nil),
  ]

  @Test(arguments: chats)
  func theChatIsReadFromBothFormats(body: String, type: String?, chat: String?) {
    #expect(ChatReader.chat(in: Array(body.utf8), eventType: type) == chat)
  }

  @Test(arguments: [
    (0 as Int64, SinkRequest.Signature.ok), (300, .ok), (-300, .ok), (301, .bad), (-301, .bad),
    (Int64.min, .bad), (Int64.max, .bad),
  ])
  func aTimestampMoreThanFiveMinutesOffIsBad(offset: Int64, expected: SinkRequest.Signature) {
    let secret = SigningSecret(key: Array(1...24))
    let now = Timestamp(microseconds: 1_583_439_671_000_000)
    let timestamp = offset.magnitude > 1_000 ? offset : now.seconds + offset
    // No relay signs at the ends of time.
    let signature = WebhookSignature.header(
      id: "evt_1", timestamp: offset.magnitude > 1_000 ? now.seconds : timestamp, body: [123, 125],
      secrets: [secret])
    let request = made(headers: [
      (name: "webhook-id", value: "evt_1"), (name: "webhook-timestamp", value: String(timestamp)),
      (name: "webhook-signature", value: signature),
    ])
    #expect(request.checkedSignature(with: WebhookVerifier(of: secret), at: now) == expected)
  }
}
