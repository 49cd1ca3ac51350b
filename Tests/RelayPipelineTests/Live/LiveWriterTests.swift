import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// The texts of the stream.
@Suite struct LiveWriterTests {
  private let samples = LiveSamples()

  @Test func aMessageHasItsIDItsKindAndOneObject() throws {
    let ring = LiveSamples.ring()
    let segment = samples.segment(after: ring, samples.received(1), samples.settled(.dead(.permanent)))
    let text = segment.plain[0..<2].text
    let messages = text.components(separatedBy: "\n\n").dropLast()
    #expect(messages.count == 2)
    let id = segment.events[0]
    #expect(
      messages[0].hasPrefix(
        "id: \(id).1\nevent: received\ndata: {\"kind\":\"received\",\"event_id\":\"\(id)\","))
    #expect(
      messages[1].hasPrefix("id: \(id).2\nevent: settled\ndata: {"),
      "the last event that came in stands for the time")
    for message in messages {
      let data = try #require(message.components(separatedBy: "data: ").last)
      #expect(try JSONSerialization.jsonObject(with: Data(data.utf8)) is [String: Any])
    }
    #expect(messages[1].contains(#""state":"dead","reason":"permanent","due_at":null,"#))
  }

  /// Broken by writing a body whose lines end: the rest would be another field, or the end of the message.
  @Test(arguments: ["{\n\"a\":\r\n1,\r\"b\":2}", "{\n\n\"a\":1}", "{\"a\":1\n}"])
  func aBodyWithLineEndsIsOneMessage(body: String) throws {
    let segment = samples.segment(
      after: LiveSamples.ring(), withBodies: true, samples.received(1, body: body))
    let text = try #require(segment.withBodies)[0..<1].text
    #expect(text.hasSuffix("\n\n"))
    #expect(!text.dropLast(2).contains("\n\n") && !text.contains("\r"))
    let data = text.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { $0.dropFirst(6) }
    let object = try JSONSerialization.jsonObject(with: Data(data.joined(separator: "\n").utf8))
    let read = try #require((object as? [String: Any])?["body"] as? [String: Int])
    #expect(read["a"] == 1)
  }

  @Test func bodiesAreWrittenForThoseAloneWhoAskForThem() {
    let segment = samples.segment(
      after: LiveSamples.ring(), withBodies: true, samples.received(1, body: #"{"secret":1}"#))
    #expect(!segment.plain[0..<1].text.contains("secret"))
    #expect(segment.withBodies![0..<1].text.contains(#""time":null,"body":{"secret":1}}"#))
    let without = samples.segment(after: LiveSamples.ring(), samples.received(1))
    #expect(without.withBodies == nil && without.messages[0].body == nil)
  }

  @Test func eventsThatWentNowhereSayWhy() {
    var events = samples.events(2)
    events[0].deliveries = []
    events[0].isDropped = true
    events[1].deliveries = []
    events[1].routes = []
    let segment = samples.segment(after: LiveSamples.ring(), .received(events))
    #expect(segment.messages.map(\.outcome) == [.dropped, .unrouted])
    #expect(segment.plain[0..<1].text.contains(#""outcomes":["dropped"],"routes":["all"],"destinations":[]"#))
    #expect(segment.plain[1..<2].text.contains(#""outcomes":["unrouted"],"routes":[],"destinations":[]"#))
  }

  @Test func aFilterLooksAtWhatAMessageIsAbout() {
    func count(_ subscription: LiveSubscription) -> Int {
      let segment = samples.segment(
        after: LiveSamples.ring(), withBodies: true, samples.received(2, body: #"{"a":"Boleto"}"#),
        samples.received(1, type: "closedChat"), samples.settled(), samples.settled(.dead(.expired)),
        .discarded(3, destination: "crm", reason: .person))
      var filter = LiveFilter(subscription)
      return segment.messages.count { filter.holds($0) }
    }
    #expect(count(LiveSubscription()) == 6)
    #expect(count(LiveSubscription(kinds: [.received])) == 3)
    #expect(
      count(LiveSubscription(filter: EventFilter(types: [WildcardPattern("closedchat", ignoringCase: true)])))
        == 1)
    #expect(count(LiveSubscription(filter: EventFilter(outcomes: [.dead]))) == 1)
    #expect(count(LiveSubscription(filter: EventFilter(destinations: [WildcardPattern("bi")]))) == 0)
    #expect(count(LiveSubscription(filter: EventFilter(destinations: [WildcardPattern("c*")]))) == 6)
    #expect(count(LiveSubscription(filter: EventFilter(text: BodyCondition("boleto")))) == 2)
    #expect(
      count(LiveSubscription(filter: EventFilter(routes: [WildcardPattern("all")]))) == 3,
      "of settlements none is known")
  }
}
