import RelayCore
import Testing

@testable import RelayAdmin

/// Which events, as addresses and bodies say it.
@Suite struct EventFilterInputTests {
  private static func address(_ query: String) throws -> EventFilter {
    let members = QueryItems(query).items.mapValues { JSONInput.parameter($0) }
    return try RecordDecoder.decode(EventFilterInput.self, from: .object(members), .request)
      .filter(now: Samples.now)
  }

  private static func body(_ text: String) throws -> EventFilter {
    let json = try #require(JSONInput.parse(Array(text.utf8)))
    return try RecordDecoder.decode(EventFilterInput.self, from: json, .request).filter(now: Samples.now)
  }

  @Test func anAddressAndABodySayTheSame() throws {
    let address = try Self.address(
      "type=*Message,createdChat&company=15691&channel=null&chat=7&outcome=dead&outcome=pending&since=1h&text=a,b"
    )
    let body = try Self.body(
      #"{"type":["*Message","createdChat"],"company":15691,"channel":null,"chat":[7],"outcome":"dead,pending","#
        + #""since":"1h","text":"a,b"}"#)
    #expect(address == body)
    #expect(address.types.count == 2 && address.outcomes == [.dead, .pending])
    #expect(address.channels == [.null] && address.chats == ["7"])
    #expect(address.since == Samples.time(3_600))
  }

  @Test func nothingSaidIsEveryEvent() throws {
    #expect(try Self.body("{}").isEmpty)
    #expect(try Self.address("").isEmpty)
  }

  /// In a JSON list each item stands for itself.
  @Test func aCommaInAListIsNoSeparator() throws {
    #expect(try Self.body(#"{"chat":["a,b"]}"#).chats == ["a,b"])
    #expect(try Self.body(#"{"chat":"a,b"}"#).chats == ["a", "b"])
  }

  /// Broken by commas as the only rule: what is empty, or has one, could be asked for by nobody.
  @Test(arguments: [
    (#""""#, [""]), (#"a,"",b"#, ["a", "", "b"]), (#""a,b",c"#, ["a,b", "c"]),
    (#""say ""hi""""#, [#"say "hi""#]),
    (#"""""#, [#"""""#]), (#""a"b"#, [#""a"b"#]), (#""a,b"#, [#""a"#, "b"]), ("a,,b,", ["a", "b"]), (",", []),
  ])
  func aTextInQuotesStandsForItself(text: String, texts: [String]) throws {
    #expect(TextList(splitting: [text]).texts == texts)
    #expect(TextList(splitting: [texts.map(TextList.item).joined(separator: ",")]).texts == texts)
  }

  /// A comma or a quote that an accent follows is one all the same.
  @Test(arguments: [["a", "\u{301}b"], ["\"\u{FE0F}", "\",\u{301}\""], [",\u{200D}"]])
  func textsThatBeginWithAnAccentAreReadAsTheyWereWritten(texts: [String]) {
    let read = TextList(splitting: [texts.map(TextList.item).joined(separator: ",")]).texts
    #expect(read.map { Array($0.utf8) } == texts.map { Array($0.utf8) })
  }

  @Test func whatIsEmptyIsAConditionLikeOthers() throws {
    let address = try Self.address("type=%22%22&company=%22%22&channel=%22%22,null&chat=%22%22")
    let body = try Self.body(#"{"type":[""],"company":[""],"channel":["","null"],"chat":[""]}"#)
    #expect(address == body)
    #expect(address.types == [WildcardPattern("", ignoringCase: true)] && address.chats == [""])
    #expect(address.companies == [.text(WildcardPattern(""))])
    #expect(address.channels == [.text(WildcardPattern("", ignoringCase: true)), .null])
  }

  @Test(arguments: [
    (#"{"type":[]}"#, "'type' is an empty list; leave it out"),
    (#"{"type":""}"#, "'type' is empty; leave it out"),
    (#"{"type":null}"#, "'type' is null; leave it out"),
    (#"{"type":true}"#, "'type' is not a string or a list of them"),
    (#"{"type":["a",null]}"#, "'type' is not a string or a list of them"),
    (
      #"{"type":","}"#, #"'type' is empty; leave it out, or give it a value ("" in quotes is the empty text)"#
    ),
    (#"{"text":["a"]}"#, "'text' is not a string"),
    (#"{"outcome":"ded"}"#, "there is no outcome 'ded'; did you mean 'dead'?"),
    (#"{"ids":"1"}"#, "'1' is not an event's id"),
    (#"{"since":"now"}"#, "'since' is 'now', which is no time"),
    (#"{"since":"1h","until":"2h"}"#, "is not before 'until'"),
    (#"{"typ":"a"}"#, "there is no key 'typ'; did you mean 'type'?"),
  ])
  func whatIsWrongIsSaid(text: String, message: String) throws {
    let error = #expect(throws: APIError.self) { try Self.body(text) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test func whatACommandSendsIsReadAsItWasMeant() throws {
    var input = EventFilterInput()
    input.type = TextList(splitting: ["a,b", "c"])
    (input.channel, input.chat) = (["null"], ["", "a,b", "\"c"])
    (input.text, input.until) = ("customer.mobile=55*", "2026-01-02T03:04:05Z")
    let sent = try RequestText.body(input, reason: "because")
    #expect(
      String(decoding: sent, as: UTF8.self)
        == #"{"reason":"because","type":["a","b","c"],"channel":["null"],"chat":["","a,b","\"c"],"text":"customer.mobile=55*","#
        + #""until":"2026-01-02T03:04:05Z"}"#)
    #expect(try Self.address(try RequestText.query(input)) == input.filter(now: Samples.now))
  }
}
