import RelayJSON
import Testing

@testable import RelayCore

@Suite struct CloudEventTests {
  private static let id = EventID("evt_0193b0a0-7c1d-7abc-8def-0123456789ab")!

  private static let noncharacters: String = {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: [0xFDD0, 0xFFFF, 0x10_FFFE].map { Unicode.Scalar($0 as UInt32)! })
    return String(text)
  }()

  private func cloudEvent(
    _ content: String = "{}", type: String = "createdChat", company: String? = "15691",
    channel: String? = "widget", chat: String? = "7", time: String? = "1583439114"
  ) -> [UInt8] {
    CloudEvent(
      id: Self.id, type: type, company: company, channel: channel, chat: chat,
      envelopeTime: time.map { Array($0.utf8) }
    ).body(of: Array(content.utf8))
  }

  /// The attributes by name, decoded, and `data` as it is spelled: read by the relay's own scanner.
  private func attributes(of body: [UInt8]) throws -> [String: String] {
    let names = [
      "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "huggycompany",
      "huggychannel", "data",
    ]
    let document = Array(#"{"messages":{"":"#.utf8) + body + Array("}}".utf8)
    let scanned = try EnvelopeScanner(fields: FieldTree(paths: names.map { [$0] })).scan(document)
    let event = try #require(scanned.events.first)
    var found: [String: String] = [:]
    for field in scanned.fields[event.fields] {
      #expect(field.value.kind == (names[field.slot] == "data" ? .object : .string))
      found[names[field.slot]] = field.value.text(in: document)
    }
    return found
  }

  @Test func itHasAllThereIsToSayOfAnEvent() {
    #expect(
      String(decoding: cloudEvent(#"{ "id": 7.0 }"#), as: UTF8.self)
        == #"{"specversion":"1.0","id":"evt_0193b0a0-7c1d-7abc-8def-0123456789ab","source":"/huggy/15691","#
        + #""type":"io.huggy.createdChat","subject":"chat/7","time":"2020-03-05T20:11:54.000Z","#
        + #""datacontenttype":"application/json","huggycompany":"15691","huggychannel":"widget","data":{ "id": 7.0 }}"#
    )
  }

  @Test func whatAnEventDoesNotHaveIsLeftOut() throws {
    let bare = try attributes(of: cloudEvent(company: nil, channel: nil, chat: nil))
    #expect(bare["source"] == "/huggy")
    #expect(bare.keys.sorted() == ["data", "datacontenttype", "id", "source", "specversion", "time", "type"])
  }

  @Test func dataIsTheEventsBytesUnchanged() throws {
    for content in [
      #"{ "n":1.50e+2,"a":"é\u00e9\ud800","a":[ ],"data":{"data":"}"} }"#, "{\n\t\"x\" : null }", "{}",
    ] {
      #expect(try attributes(of: cloudEvent(content))["data"] == content)
    }
  }

  @Test(arguments: [
    (#"a"b\c"#, #"a"b\c"#), ("café", "café"), ("😀", "😀"), ("a\u{0}\n\u{7F}\u{85}b", "a%00%0A%7F%C2%85b"),
    (noncharacters, "%EF%B7%90%EF%BF%BF%F4%8F%BF%BE"), ("", ""), ("\u{2028}", "\u{2028}"),
  ])
  func textsAreEscapedAndHoldNothingThatCloudEventsForbids(text: String, told: String) throws {
    let read = try attributes(of: cloudEvent(type: text, company: text, channel: text, chat: text))
    #expect(read["type"] == "io.huggy.\(told)" && read["subject"] == "chat/\(told)")
    #expect(read["huggycompany"] == told && read["huggychannel"] == told)
  }

  @Test(arguments: [
    ("15691", "/huggy/15691"), ("a/b c", "/huggy/a%2Fb%20c"), ("é?#%", "/huggy/%C3%A9%3F%23%25"),
    (#"""#, "/huggy/%22"),
  ])
  func theSourceIsAURIReferenceWhateverTheCompany(company: String, source: String) throws {
    #expect(try attributes(of: cloudEvent(company: company))["source"] == source)
  }

  @Test(arguments: [
    ("1583439114", "2020-03-05T20:11:54.000Z"), (#""1583439114""#, "2020-03-05T20:11:54.000Z"),
    ("1", "1970-01-01T00:00:01.000Z"), (#""2020-03-05T17:11:54.25-03:00""#, "2020-03-05T20:11:54.250Z"),
    ("253402300799", "9999-12-31T23:59:59.000Z"),
  ])
  func theTimeIsTheEnvelopesWhereItCanBeRead(time: String, told: String) throws {
    #expect(try attributes(of: cloudEvent(time: time))["time"] == told)
  }

  @Test(arguments: [
    nil, "0", "-1", "1.5", "1e9", "253402300800", "1583439114000", "99999999999999999999999", #""""#, #"""#,
    #""x""#, "null", "{}", #""2020-03-05""#,
  ])
  func anyOtherTimeIsThatOfTheReceipt(time: String?) throws {
    #expect(try attributes(of: cloudEvent(time: time))["time"] == "2024-12-10T12:52:07.837Z")
  }
}
