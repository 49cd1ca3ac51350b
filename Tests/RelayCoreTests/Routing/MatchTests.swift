import RelayCore
import Testing

@Suite struct MatchTests {
  @Test func anAbsentMatchMatchesAll() throws {
    #expect(try Posted().meets(Match()))
    #expect(try Posted(#"{"chat":false}"#, type: "neverHeardOf", source: "").meets(Match()))
  }

  @Test(arguments: [
    ("huggy", true), ("hug*", true), ("h?ggy", true), ("*", true), ("Huggy", false), ("hugg", false),
    ("huggyy", false), ("h?gy", false),
  ])
  func aSourceIsMatchedByItsNameWithCase(pattern: String, expected: Bool) throws {
    #expect(try Posted(source: "huggy").meets(Match(sources: .words(pattern))) == expected)
  }

  @Test(arguments: [
    ("receivedAllMessage", "receivedALLMessage", true), ("RECEIVEDALLMESSAGE", "receivedAllMessage", true),
    ("*message", "receivedMessage", true), ("received*", "ReceivedX", true), ("a?b", "AxB", true),
    ("receivedMessage", "receivedAllMessage", false), ("a[*]b", "a*b", true), ("a[*]b", "axb", false),
    ("newType", "newtype", true), ("É", "é", false), ("", "", true), ("?", "", false),
  ])
  func eventTypesIgnoreTheCaseOfASCIILetters(pattern: String, type: String, expected: Bool) throws {
    #expect(try Posted(type: type).meets(.event(pattern)) == expected)
  }

  @Test(arguments: [
    ("15691", #"{"companyID":15691}"#, true), ("15691", #"{"companyID":"15691"}"#, true),
    ("1569*", #"{"companyID":15691}"#, true), ("15691", #"{"companyID":156910}"#, false),
    ("15691", #"{"companyID":15691.0}"#, false), ("acme", #"{"companyID":"Acme"}"#, false),
    ("null", #"{"companyID":null}"#, false), ("*", "{}", false),
  ])
  func companiesHeedCaseAndSpelling(pattern: String, event: String, expected: Bool) throws {
    #expect(try Posted(event).meets(.company(pattern)) == expected)
  }

  @Test(arguments: [
    ("whatsapp", #"{"channel":"WhatsApp"}"#, true), ("WHATSAPP*", #"{"channel":"whatsapp-2"}"#, true),
    ("widget", #"{"channel":"whatsapp"}"#, false), ("*", #"{"channel":"x"}"#, true), ("*", "{}", false),
    ("null", #"{"channel":null}"#, false), ("7", #"{"channel":7}"#, true),
  ])
  func channelsIgnoreCase(pattern: String, event: String, expected: Bool) throws {
    #expect(try Posted(event).meets(.channel(pattern)) == expected)
  }

  @Test func nullIsMetByAnEventWithoutACompanyOrAChannel() throws {
    #expect(try Posted("{}").meets(.company(nil)))
    #expect(try !Posted(#"{"companyID":1}"#).meets(.company(nil)))
    #expect(try Posted(#"{"channel":false}"#).meets(.channel(nil)))
    #expect(try !Posted(#"{"channel":"null"}"#).meets(.channel(nil)))
  }

  @Test func aListHoldsIfOneOfItsItemsDoes() throws {
    let match = Match(
      sources: .words("other", "huggy"), events: .words("x", "received*", ignoringCase: true),
      companies: .words("1", "15691", nil), channels: .words(nil, "widget"))
    #expect(try Posted(#"{"companyID":15691}"#).meets(match))
    #expect(try Posted(#"{"channel":"widget"}"#).meets(match))
    #expect(try !Posted(#"{"channel":"phone"}"#).meets(match))
    #expect(try !Posted(#"{"companyID":2}"#).meets(match))
    #expect(try !Posted("{}", type: "createdChat").meets(match))
    #expect(try !Posted("{}", source: "third").meets(match))
  }

  @Test func everyKeyMustHold() throws {
    var match = Match(
      sources: .words("huggy"), events: .words("receivedmessage", ignoringCase: true),
      companies: .words("1"), channels: .words("widget", ignoringCase: true),
      fields: [
        FieldCondition(path: FieldPath("a")!, test: .oneOf("1")),
        FieldCondition(path: FieldPath("b")!, test: .oneOf("2")),
      ])
    let event = Posted(#"{"companyID":1,"channel":"Widget","a":1,"b":2}"#)
    #expect(try event.meets(match))
    for breaking in [
      Posted(event.event, source: "x"), Posted(event.event, type: "x"),
      Posted(#"{"companyID":2,"channel":"Widget","a":1,"b":2}"#),
      Posted(#"{"companyID":1,"channel":"phone","a":1,"b":2}"#),
      Posted(#"{"companyID":1,"channel":"Widget","a":2,"b":2}"#),
      Posted(#"{"companyID":1,"channel":"Widget","a":1,"b":1}"#),
    ] { #expect(try !breaking.meets(match), "\(breaking)") }
    match.fields.removeLast()
    #expect(try Posted(#"{"companyID":1,"channel":"Widget","a":1,"b":1}"#).meets(match))
  }
}
