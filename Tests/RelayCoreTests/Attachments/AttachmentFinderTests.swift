import Foundation
import RelayCore
import RelayTestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct AttachmentFinderTests {
  private func urls(_ body: String) -> [String] { AttachmentFinder.links(in: Array(body.utf8)).map(\.url) }

  @Test(arguments: [
    (#"{"file":"https://a.b/c"}"#, ["https://a.b/c"]),
    (#"{"fileUrl":"http://a.b/c"}"#, ["http://a.b/c"]),
    (#" { "id":1, "file" : "HTTPS://a.b/c" } "#, ["HTTPS://a.b/c"]),
    (#"{"file":{"name":"x","url":"https://a.b/c"}}"#, ["https://a.b/c"]),
    (
      #"{"files":[{"url":"https://a.b/1"},"https://a.b/2",{"url":"https://a.b/3"}]}"#,
      ["https://a.b/1", "https://a.b/2", "https://a.b/3"]
    ),
    (#"{"files":{"url":"https://a.b/1"}}"#, ["https://a.b/1"]),
    (#"{"file":"https:\/\/a.b\/\u0063?d=\u00e9"}"#, ["https://a.b/c?d=é"]),
    (#"{"file":"https://a.b/1","file":"https://a.b/2"}"#, ["https://a.b/1", "https://a.b/2"]),
    (
      #"{"fileUrl":"https://a.b/1","x":[{"y":"z"}],"file":"https://a.b/2"}"#,
      ["https://a.b/1", "https://a.b/2"]
    ),
    (#"{"files":[{"url":"https://a.b/1","url":"https://a.b/2"}]}"#, ["https://a.b/1", "https://a.b/2"]),
  ]) func theLinksOfAnEventAreFoundInTheirOrder(body: String, expected: [String]) {
    #expect(urls(body) == expected)
  }

  @Test(arguments: [
    #"{"file":null}"#, #"{"file":""}"#, #"{"file":"ftp://a.b/c"}"#, #"{"file":"https:/a.b"}"#,
    #"{"file":"httpsx://a.b"}"#,
    #"{"file":"x https://a.b"}"#, #"{"file":3,"fileUrl":true,"files":[1,null,[]]}"#,
    #"{"message":{"file":"https://a.b/c"}}"#, #"{"files":[["https://a.b/c"]]}"#,
    #"{"files":[{"link":"https://a.b/c"}]}"#,
    #"{"file":{"url":{"url":"https://a.b/c"}}}"#, #"{"fileName":"https://a.b/c"}"#,
    #"{"body":"\"file\":\"https://a.b/c\""}"#,
    #"{"\u0066ile":"https://a.b/c"}"#, #"{}"#, "", #"["file","https://a.b/c"]"#, #""file""#,
  ]) func whatIsNoLinkIsNotFound(body: String) {
    #expect(urls(body).isEmpty)
  }

  @Test func theRangeIsWhatStandsBetweenTheQuotes() throws {
    let body = Array(#"{"file":"https:\/\/a.b\/é","id":1}"#.utf8)
    let link = try #require(AttachmentFinder.links(in: body).first)
    #expect(String(decoding: body[link.range], as: UTF8.self) == #"https:\/\/a.b\/é"#)
  }

  @Test func noMoreThanThirtyTwoAreFoundAndTheyAreTheFirst() {
    let links = (0..<40).map { "https://a.b/\($0)" }
    let body = #"{"files":["# + links.map { "\"\($0)\"" }.joined(separator: ",") + "]}"
    #expect(urls(body) == Array(links.prefix(32)))
  }

  @Test func documentsThatWereMadeWithTheirLinksAreReadAsTheyWereMade() {
    var maker = LinkedEventMaker(seed: 11)
    var count = 0
    for _ in 0..<3_000 {
      let (body, expected) = maker.event()
      #expect(AttachmentFinder.links(in: body) == expected, "\(String(decoding: body, as: UTF8.self))")
      count += expected.count
    }
    #expect(count > 1_000, "too few links for the test to mean much")
  }

  /// What somebody has damaged is judged by what is found: each is a string of the document, decoded as Foundation does it.
  @Test func whateverTheBytesAreWhatIsFoundStandsThere() throws {
    var random = SplitMix64(seed: 12)
    var maker = LinkedEventMaker(seed: 12)
    for _ in 0..<3_000 {
      var body = maker.event().body
      for _ in 0...random.below(3) {
        let place = random.below(body.count)
        switch random.below(3) {
        case 0: body.remove(at: place)
        case 1: body[place] = random.pick(Array(#"{}[]",:\ef"#.utf8))
        default: body.removeLast(body.count - max(1, place))
        }
        if body.isEmpty { body = [0x7B] }
      }
      for link in AttachmentFinder.links(in: body) {
        let quoted = body[link.range.lowerBound - 1...link.range.upperBound]
        #expect(quoted.first == UInt8(ascii: "\"") && quoted.last == UInt8(ascii: "\""))
        let text = try JSONSerialization.jsonObject(with: Data(quoted), options: .fragmentsAllowed)
        #expect(text as? String == link.url)
      }
    }
  }
}
