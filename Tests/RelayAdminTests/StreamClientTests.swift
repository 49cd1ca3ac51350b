import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayAdmin

/// The stream on the side that reads it: its messages, when it is read again, and what is made of it.
@Suite struct StreamClientTests {
  private typealias Message = EventStreamParser.Message

  private func read(_ text: String, in pieces: Int = .max) -> (
    messages: [EventStreamParser.Message], parser: EventStreamParser
  ) {
    var parser = EventStreamParser()
    var messages: [EventStreamParser.Message] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: min(pieces, bytes.count)) {
      _ = Array(bytes[start..<min(bytes.count, start + min(pieces, bytes.count))]).withUnsafeBytes {
        parser.read($0) {
          messages.append($0)
          return true
        }
      }
    }
    return (messages, parser)
  }

  /// Broken by a parser that forgets where it was between two pieces.
  @Test(arguments: [1, 2, 3, 7, 1_000], ["\n", "\r\n", "\r"])
  func aMessageIsTheSameHoweverItComes(size: Int, lineEnd: String) {
    let lines = [
      ": hello", "retry: 3000", "", "id: 1", "event: a", "data: x", "data:y", "", "data: {", "data",
      "data: }", "", "id: 9", "data: cut",
    ]
    let (messages, parser) = read(lines.joined(separator: lineEnd), in: size)
    #expect(
      messages == [
        Message(name: "a", data: Array("x\ny".utf8)), Message(name: "message", data: Array("{\n\n}".utf8)),
      ])
    #expect(parser.retryMilliseconds == 3_000)
    #expect(parser.lastID == "1", "what was cut off is to come again")
  }

  @Test func whatWasCutOffIsForgottenWithItsStream() {
    var (_, parser) = read("id: 1\ndata: a\n\nid: 2\ndata: b")
    parser.begin()
    var messages: [EventStreamParser.Message] = []
    _ = Array("data: c\n\n".utf8).withUnsafeBytes {
      parser.read($0) {
        messages.append($0); return true
      }
    }
    #expect(messages == [Message(name: "message", data: Array("c".utf8))])
    #expect(parser.lastID == "1")
  }

  @Test func aHeartbeatMovesThePlaceWithoutAMessage() {
    let (messages, parser) = read(":\nid: 7\n\n")
    #expect(messages.isEmpty && parser.lastID == "7")
  }

  @Test func whoWasNeverLetInGivesUpAndWhoWasGoesOn() {
    var rule = ReconnectRule()
    #expect(rule.decide(.unreachable, retry: nil, random: 0) == .giveUp)
    #expect(rule.decide(.refused(status: 404), retry: nil, random: 0) == .giveUp)
    #expect(rule.decide(.ended, retry: .seconds(5), random: 1) == .tryAgain(after: .seconds(5)))
    for ending in [ReconnectRule.Ending.unreachable, .refused(status: 502), .refused(status: 404), .ended] {
      guard case .tryAgain = rule.decide(ending, retry: nil, random: 0) else {
        Issue.record("\(ending) ends it")
        continue
      }
    }
    #expect(rule.decide(.refused(status: 401), retry: nil, random: 0) == .giveUp)
    #expect(rule.decide(.refused(status: 403), retry: nil, random: 0) == .giveUp)
  }

  @Test func theWaitGrowsToHalfAMinuteAndBeginsAnew() {
    var rule = ReconnectRule()
    _ = rule.decide(.ended, retry: nil, random: 1)
    let waits = (0..<12).map { _ in rule.decide(.unreachable, retry: nil, random: 1) }
    #expect(waits.first == .tryAgain(after: .seconds(1)))
    #expect(waits.last == .tryAgain(after: .seconds(30)))
    #expect(rule.decide(.ended, retry: nil, random: 1) == .tryAgain(after: .milliseconds(500)))
    #expect(
      rule.decide(.ended, retry: nil, random: 0) == .tryAgain(after: .milliseconds(250)),
      "they do not come together")
  }

  private static let message = Array(
    #"{"kind":"received","event_id":"evt_0193b0a0-7c1d-7abc-8def-0123456789ab","type":"caf\u00e9","source":"huggy","company":"15691","channel":null,"chat":"7","time":1.50,"body":{"a": 1,  "type":"x"}}"#
      .utf8)

  @Test func aCopyIsWhatADestinationGets() throws {
    let copy = try #require(ForwardedCopy(Self.message, format: .huggy, now: .second(9)))
    #expect(
      String(decoding: copy.body, as: UTF8.self)
        == #"{"time":1.50,"messages":{"caf\u00e9":[{"a": 1,  "type":"x"}]}}"#)
    #expect(copy.headers.contains("webhook-id: evt_0193b0a0-7c1d-7abc-8def-0123456789ab"))
    #expect(copy.headers.contains("webhook-timestamp: \(Timestamp.second(9).seconds)"))
    #expect(copy.headers.contains("huggy-relay-listen: true"))
    #expect(copy.headers.contains("huggy-event: caf%C3%A9"))
    #expect(copy.headers.contains("huggy-company: 15691"))
    #expect(!copy.headers.contains { $0.hasPrefix("huggy-channel") })
    let alone = try #require(ForwardedCopy(Self.message, format: .event, now: .second(9)))
    #expect(String(decoding: alone.body, as: UTF8.self) == #"{"a": 1,  "type":"x"}"#)
    let cloudEvent = try #require(ForwardedCopy(Self.message, format: .cloudevents, now: .second(9)))
    #expect(
      String(decoding: cloudEvent.body, as: UTF8.self)
        == #"{"specversion":"1.0","id":"evt_0193b0a0-7c1d-7abc-8def-0123456789ab","source":"/huggy/15691","#
        + #""type":"io.huggy.café","subject":"chat/7","time":"2024-12-10T12:52:07.837Z","#
        + #""datacontenttype":"application/json","huggycompany":"15691","data":{"a": 1,  "type":"x"}}"#)
    #expect(cloudEvent.headers.contains("content-type: application/cloudevents+json"))
  }

  @Test(arguments: ["", "[]", "{}", #"{"event_id":"evt_1","type":"a"}"#]) func whatHoldsNoBodyIsNoCopy(
    text: String
  ) {
    #expect(ForwardedCopy(Array(text.utf8), format: .event, now: .epoch) == nil)
  }

  @Test func aLineSaysWhatHappenedInThisMachinesTime() throws {
    var lines = StreamLines(pen: Pen(usesColours: false), zone: try TimeZoneRules(rule: "<-03>3"))
    func line(_ name: String, _ json: String) -> String? {
      lines.line(EventStreamParser.Message(name: name, data: Array(json.utf8)), now: .epoch)
    }
    let received =
      #""kind":"received","event_id":"evt_1","type":"a","source":"huggy","company":"15691","channel":"whatsapp","chat":"7","received_at":"2026-01-02T03:04:05.678Z","#
    #expect(
      line(
        "received",
        "{\(received)\"outcomes\":[\"pending\"],\"routes\":[\"r\"],\"destinations\":[\"crm\",\"bi\"],\"bytes\":2}"
      )
        == "00:04:05.678  received   a  company 15691  whatsapp  chat 7  to crm, bi  evt_1")
    #expect(
      line(
        "received",
        "{\(received)\"outcomes\":[\"dropped\"],\"routes\":[\"noise\"],\"destinations\":[],\"bytes\":2}")?
        .contains("dropped    a  company 15691  whatsapp  chat 7  by the route noise") == true)
    #expect(
      line("missed", #"{"kind":"missed","count":3,"reason":"slow"}"#)?.hasSuffix(
        "missed     3 messages: slow") == true)
    #expect(line("newer", "{}") == nil)
    #expect(line("received", #"{"kind":"received"}"#) == nil)
  }

  @Test func aLineCanNotMoveTheTerminal() throws {
    var lines = StreamLines(pen: Pen(usesColours: false), zone: .utc)
    let message = EventStreamParser.Message(
      name: "missed", data: Array(#"{"kind":"missed","count":null,"reason":"\u001b[2J"}"#.utf8))
    #expect(lines.line(message, now: .epoch)?.contains("\u{1B}") == false)
  }
}
