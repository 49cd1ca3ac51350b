import RelayJSON
import Testing

@Suite struct EnvelopeTests {
  /// `TYPE[INDEX]=BODY` of each event, and `TYPE[INDEX]:KIND` of each rejected item.
  private func outline(_ document: String) throws -> (events: [String], rejected: [String]) {
    let bytes = Array(document.utf8)
    let envelope = try scan(document)
    return (
      envelope.events.map {
        "\($0.type.text(in: bytes))[\($0.index)]=\(String(decoding: bytes[$0.body], as: UTF8.self))"
      },
      envelope.rejected.map { "\($0.type.text(in: bytes))[\($0.index)]:\($0.kind)" }
    )
  }

  @Test func aLoneObjectCountsAsAnArrayOfOne() throws {
    let found = try outline(#"{"messages":{"a": {"id":1} ,"b":[{"id":2}]}}"#)
    #expect(found.events == [#"a[0]={"id":1}"#, #"b[0]={"id":2}"#])
    #expect(found.rejected.isEmpty)
  }

  @Test func aTypeThatStandsTwiceCountsTwice() throws {
    let found = try outline(#"{"messages":{"a":[{},{"x":1}],"b":{},"a":[{"y":2}]}}"#)
    #expect(found.events == ["a[0]={}", #"a[1]={"x":1}"#, "b[0]={}", #"a[0]={"y":2}"#])
  }

  @Test func anItemThatIsNoObjectCostsOnlyItself() throws {
    let found = try outline(
      #"{"messages":{"a":[1,{"x":1},null,[{"y":{}}],"s",{},true,false],"b":7,"c":"x","d":[]}}"#)
    #expect(found.events == [#"a[1]={"x":1}"#, "a[5]={}"])
    #expect(
      found.rejected == [
        "a[0]:number", "a[2]:null", "a[3]:array", "a[4]:string", "a[6]:true", "a[7]:false", "b[0]:number",
        "c[0]:string",
      ])
  }

  @Test func theEventsOfTwoMessagesBothCount() throws {
    let document = #"{"messages":{"a":{"x":1}},"time":1,"messages":{"b":{"x":2}},"messages":5}"#
    #expect(try outline(document).events == [#"a[0]={"x":1}"#, #"b[0]={"x":2}"#])
    let envelope = try scan(document, noting: ["x"])
    #expect(envelope.hasMessages)
    #expect(envelope.messagesKind == .number)
    #expect(envelope.events.map(\.fields) == [0..<1, 1..<2])
  }

  static let messages: [(String, Bool, JSONKind?)] = [
    ("{}", false, nil), (#"{"messages":{}}"#, true, .object), (#"{"messages":[]}"#, true, .array),
    (#"{"messages":[ ]}"#, true, .array), (#"{"messages":[{}]}"#, false, .array),
    (#"{"messages":[[]]}"#, false, .array), (#"{"messages":null}"#, false, .null),
    (#"{"messages":"x"}"#, false, .string), (#"{"messages":1,"messages":{}}"#, true, .object),
    (#"{"x":{"messages":{"a":{}}}}"#, false, nil), (#"{"messages":[{"messages":{"a":{}}}]}"#, false, .array),
    (#"{"\u006dessages":{}}"#, true, .object), (#"{"Messages":{}}"#, false, nil),
  ]

  @Test(arguments: messages)
  func messagesIsAnObjectOrAnEmptyArray(document: String, hasMessages: Bool, kind: JSONKind?) throws {
    let envelope = try scan(document)
    #expect(envelope.hasMessages == hasMessages)
    #expect(envelope.messagesKind == kind)
    #expect(envelope.events.isEmpty && envelope.rejected.isEmpty)
  }

  @Test func theLastOfDuplicateEnvelopeKeysCounts() throws {
    let document =
      #"{"token":"a","t\u006fken":"b","time":1,"time":{"a":[1]},"validToken":false,"validToken":[ 1 ]}"#
    let bytes = Array(document.utf8)
    let envelope = try scan(document)
    #expect(envelope.token?.text(in: bytes) == "b")
    #expect(envelope.time?.text(in: bytes) == #"{"a":[1]}"#)
    #expect(envelope.time?.kind == .object)
    #expect(envelope.validToken?.text(in: bytes) == "[ 1 ]")
    #expect(envelope.validToken?.kind == .array)
  }

  @Test func theHandshakeIsScanned() throws {
    let document = #"{"token":"7f\n","validToken":true}"#
    let envelope = try scan(document)
    #expect(envelope.validToken?.kind == .true)
    #expect(envelope.token?.text(in: Array(document.utf8)) == "7f\n")
    #expect(!envelope.hasMessages)
  }

  @Test func aScalarTokenInMessagesIsNoTypeAndAnyOtherIs() throws {
    let document =
      #"{"messages":{"token":"a","a":[{}],"tok\u0065n":null,"token":[{"b":1},2],"token":{"c":2}}}"#
    let bytes = Array(document.utf8)
    let envelope = try scan(document)
    #expect(envelope.token == nil)
    #expect(envelope.messagesToken?.text(in: bytes) == "null")
    let found = try outline(document)
    #expect(found.events == ["a[0]={}", #"token[0]={"b":1}"#, #"token[0]={"c":2}"#])
    #expect(found.rejected == ["token[1]:number"])
  }

  @Test func envelopeKeysMeanNothingFurtherDown() throws {
    let envelope = try scan(
      #"{"x":{"token":1,"time":2},"messages":{"time":[{"token":3,"messages":{"a":{}}}]}}"#)
    #expect(envelope.token == nil && envelope.time == nil && envelope.messagesToken == nil)
    #expect(envelope.events.count == 1)
  }

  @Test func typesAreDecoded() throws {
    #expect(try outline(#"{"messages":{"r\u00e9\"":[{}],"":{}}}"#).events == [#"ré"[0]={}"#, "[0]={}"])
  }

  @Test func eventsAndRejectedItemsTogetherAreBounded() throws {
    let document = #"{"messages":{"a":[{},1,{}],"b":"2"}}"#
    #expect(try scan(document, maxEvents: 4).events.count == 2)
    for (limit, offset) in [(0, 18), (1, 21), (2, 23), (3, 31)] {
      let error = try #require(scanError(Array(document.utf8), maxEvents: limit))
      #expect(error == ScanError(code: .tooManyEvents, message: "more than \(limit) events", offset: offset))
    }
  }

  @Test func tenThousandEventsAreTheDefaultLimit() throws {
    func document(_ count: Int) -> String {
      #"{"messages":{"a":["# + Array(repeating: "{}", count: count).joined(separator: ",") + "]}}"
    }
    #expect(try scan(document(10_000)).events.count == 10_000)
    #expect(scanError(document(10_001))?.code == .tooManyEvents)
  }

  @Test func anErrorSaysWhatAndWhereAndQuotesNothing() throws {
    let error = try #require(scanError(#"{"secret" "hunter2"}"#))
    #expect(error.description == "expected ':' after a key (at byte 10)")
  }
}
