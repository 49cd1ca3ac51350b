import RelayCore
import Testing

/// What an event's company, channel and chat are.
@Suite struct AttributeTests {
  private func view<Value>(_ posted: Posted, _ value: (EventView) -> Value) throws -> Value {
    try posted.view(for: RoutingTable([])) { value($0) }
  }

  @Test(arguments: [
    (#"{"company":{"id":1},"companyID":2}"#, "1"), (#"{"companyID":2}"#, "2"), ("{}", "9"),
    (#"{"companyID":"2"}"#, "2"), (#"{"company":{"id":"1.0"}}"#, "1.0"), (#"{"company":{"id":1e3}}"#, "1e3"),
    (#"{"company":false,"companyID":2}"#, "2"), (#"{"company":null,"companyID":2}"#, "2"),
    (#"{"company":{"id":null},"companyID":2}"#, "2"), (#"{"company":{"id":false}}"#, "9"),
    (#"{"company":{"id":""},"companyID":2}"#, "2"), (#"{"company":{},"companyID":null}"#, "9"),
    (#"{"company":7}"#, "9"), (#"{"company":{"id":{"id":3}}}"#, "9"), (#"{"companyid":2}"#, "9"),
    (#"{"company":{"id":1},"company":{"id":4}}"#, "4"), (#"{"company":{"id":1},"company":false}"#, "9"),
  ])
  func theCompanyFallsBackToTheSources(event: String, expected: String) throws {
    #expect(try view(Posted(event, company: "9"), \.company) == expected)
    let without = try view(Posted(event), \.company)
    #expect(without == (expected == "9" ? nil : expected))
  }

  @Test(
    arguments: [
      (#"{"chat":{"channel":"a"},"channel":"b"}"#, "a"), (#"{"channel":"b"}"#, "b"), ("{}", nil),
      (#"{"channel":{"source":"s","name":"n"}}"#, "s"), (#"{"channel":{"name":"n","source":"s"}}"#, "s"),
      (#"{"channel":{"name":"n"}}"#, "n"), (#"{"channel":{"source":null,"name":"n"}}"#, "n"),
      (#"{"channel":{"source":"","name":"n"}}"#, "n"), (#"{"channel":{}}"#, nil), (#"{"channel":null}"#, nil),
      (#"{"channel":false}"#, nil), (#"{"channel":""}"#, nil), (#"{"channel":12}"#, "12"),
      (#"{"chat":{"channel":{"source":"s"}},"channel":"b"}"#, "s"), (#"{"chat":false,"channel":"b"}"#, "b"),
      (#"{"chat":{"channel":{"name":"n"}},"channel":"b"}"#, "n"), (#"{"chat":{"channel":null}}"#, nil),
      (#"{"chat":{"channel":false},"channel":{"name":"n"}}"#, "n"), (#"{"chat":{"id":1}}"#, nil),
      (#"{"channel":"Whats\u0041pp"}"#, "WhatsApp"), (#"{"channel":"a","channel":"b"}"#, "b"),
    ] as [(String, String?)])
  func theChannelIsTheChatsElseTheEventsOwn(event: String, expected: String?) throws {
    #expect(try view(Posted(event), \.channel) == expected)
  }

  @Test(
    arguments: [
      (#"{"chat":{"id":1},"chatID":2,"id":3}"#, "receivedMessage", "1"),
      (#"{"chatID":2,"id":3}"#, "receivedMessage", "2"), (#"{"id":3}"#, "receivedMessage", nil),
      (#"{"chat":{"id":1},"chatID":2,"id":3}"#, "closedChat", "1"),
      (#"{"chatID":"2","id":3}"#, "closedChat", "2"),
      (#"{"id":3}"#, "createdChat", "3"), (#"{"id":3}"#, "startedChat", "3"),
      (#"{"id":3}"#, "agentEntered", "3"),
      (#"{"id":"3"}"#, "closedChat", "3"), (#"{"id":3}"#, "CLOSEDCHAT", "3"),
      (#"{"id":3}"#, "closedChats", nil),
      (#"{"id":null}"#, "closedChat", nil), (#"{"chat":null,"chatID":false,"id":3}"#, "createdchat", "3"),
      (#"{"chat":{"id":""},"chatID":2}"#, "receivedMessage", "2"), (#"{"chat":7}"#, "receivedMessage", nil),
    ] as [(String, String, String?)])
  func theChatIsNamedByItsIDOrByAChatEventsOwn(event: String, type: String, expected: String?) throws {
    #expect(try view(Posted(event, type: type), \.chat) == expected)
  }

  @Test func aConditionOnAStandardFieldSeesWhatStandsThere() throws {
    #expect(try Posted(#"{"chat":{"id":7},"channel":"x"}"#).passes(.oneOf("7"), at: "chat.id"))
    #expect(try Posted(#"{"chat":{"channel":"a"},"channel":"b"}"#).passes(.oneOf("b"), at: "channel"))
    #expect(try !Posted(#"{"chat":{"channel":"a"},"channel":"b"}"#).meets(.channel("b")))
    #expect(try Posted(#"{"companyID":false}"#, company: "9").passes(.oneOf("false"), at: "companyID"))
  }
}
