import Foundation
import RelayJSON
import Testing

@Suite struct FixtureTests {
  static let types: [String: [String]] = [
    "agent-entered": ["agentEntered"],
    "chain-created-chat-received-message": ["createdChat", "receivedMessage"],
    "closed-chat": ["closedChat"],
    "created-chat-token-inside-messages": ["createdChat"],
    "created-customer": ["createdCustomer"],
    "finished-automation-flow": ["finishedAutomationFlow"],
    "received-all-message": ["receivedAllMessage"],
    "received-all-message-in-chat": ["receivedAllMessage"],
    "received-message": ["receivedMessage"],
    "sended-all-message": ["sendedAllMessage"],
    "started-automation-flow": ["startedAutomationFlow"],
    "started-widget-attendance": ["startedWidgetAttendance"],
  ]

  @Test func thereAreTwelve() {
    #expect(Set(Fixture.all.map(\.name)) == Set(Self.types.keys))
  }

  @Test(arguments: Fixture.all)
  func eachSliceIsTheEventThatFoundationSees(fixture: Fixture) throws {
    let envelope = try EnvelopeScanner(fields: FieldTree(paths: [])).scan(fixture.bytes)
    #expect(envelope.events.map { $0.type.text(in: fixture.bytes) } == Self.types[fixture.name])
    #expect(envelope.rejected.isEmpty && envelope.hasMessages && envelope.messagesKind == .object)

    let whole = try JSONSerialization.jsonObject(with: Data(fixture.bytes)) as? NSDictionary
    let messages = try #require(whole?["messages"] as? NSDictionary)
    for event in envelope.events {
      let slice = fixture.bytes[event.body]
      #expect(slice.first == UInt8(ascii: "{") && slice.last == UInt8(ascii: "}"))
      let items = try #require(messages[event.type.text(in: fixture.bytes)] as? NSArray)
      let alone = try JSONSerialization.jsonObject(with: Data(slice)) as? NSDictionary
      #expect(alone == items[event.index] as? NSDictionary)
    }
  }

  @Test func aSliceHoldsTheBytesAsTheyCame() throws {
    let bytes = Fixture.named("closed-chat")
    let envelope = try EnvelopeScanner(fields: FieldTree(paths: [])).scan(bytes)
    let expected = """
      {
                      "id": 30608118,
                      "channel": "email",
                      "closed_at": "2020-03-05 17:21:10",
                      "tabulation": false,
                      "situation": "finishing",
                      "closed": 1,
                      "company": {
                          "id": "15691"
                      }
                  }
      """
    #expect(envelope.events.map { String(decoding: bytes[$0.body], as: UTF8.self) } == [expected])
  }

  @Test func theEnvelopesOwnFieldsAreNoted() throws {
    let chain = Fixture.named("chain-created-chat-received-message")
    let envelope = try EnvelopeScanner(fields: FieldTree(paths: [])).scan(chain)
    #expect(envelope.time?.text(in: chain) == "1562964573")
    #expect(envelope.token?.text(in: chain) == "8187ce0c2e5d0aefd626fa4999f62974")
    #expect(envelope.messagesToken == nil)

    let inside = Fixture.named("created-chat-token-inside-messages")
    let other = try EnvelopeScanner(fields: FieldTree(paths: [])).scan(inside)
    #expect(other.token == nil)
    #expect(other.messagesToken?.text(in: inside) == "16f64ecc76487a909e278866071b4da8")
  }

  @Test func theFieldsThatRoutingAsksForAreNotedInDocumentOrder() throws {
    let chain = Fixture.named("chain-created-chat-received-message")
    let paths = ["company.id", "chat.id", "id", "sender.email", "chat.channel", "channel", "chat.department"]
    let tree = FieldTree(paths: paths.map { $0.split(separator: ".").map(String.init) })
    let envelope = try EnvelopeScanner(fields: tree).scan(chain)
    let noted = envelope.events.map { event in
      envelope.fields[event.fields].map { "\(paths[$0.slot])=\($0.value.text(in: chain))" }
    }
    #expect(
      noted == [
        ["id=19632057", "channel=widget", "company.id=15691"],
        [
          "id=424921135", "sender.email=null", "channel=widget", "chat.id=19632057", "chat.channel=widget",
          "chat.department=false", "company.id=15691",
        ],
      ])
  }

  @Test(arguments: Fixture.all)
  func everyPrefixIsRefused(fixture: Fixture) throws {
    let end = try #require(fixture.bytes.lastIndex(of: UInt8(ascii: "}")))
    for length in 0...end {
      let error = scanError(Array(fixture.bytes[..<length]))
      #expect(error?.code == .invalidJSON)
      #expect(try #require(error).offset <= length)
    }
  }
}
