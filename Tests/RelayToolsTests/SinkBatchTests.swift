import RelayCore
import RelayPipeline
import RelaySystem
import Testing

@testable import RelayTools

/// What the sink says of requests that hold several events.
@Suite struct SinkBatchTests {
  private typealias Event = SinkBatch.Event

  private func batch(_ ids: String, _ body: String, type: String? = nil) -> SinkBatch {
    SinkBatch(ids: ids, body: Array(body.utf8), type: type)
  }

  @Test func anEnvelopesListsFollowEachOtherAsTheyStand() {
    let found = batch(
      "evt_1,evt_2,evt_3",
      #"{"time":1,"messages":{"closedChat":[{"id":7},{"id":8,"company":{"id":"1"}}],"createdChat":[{"id":9}]},"token":"t"}"#
    )
    #expect(
      found.events == [
        Event(type: "closedChat", company: nil, chat: "7", id: "evt_1"),
        Event(type: "closedChat", company: "1", chat: "8", id: "evt_2"),
        Event(type: "createdChat", company: nil, chat: "9", id: "evt_3"),
      ])
    #expect(found.summary == "3 events")
  }

  @Test func theEventsOfAListAreOfTheTypeThatTheRequestNames() {
    let body = #" [ {"id":7,"company":{"id":15691}}, {"id":8} ]"#
    #expect(
      batch("evt_1,evt_2", body, type: "closedChat").events == [
        Event(type: "closedChat", company: "15691", chat: "7", id: "evt_1"),
        Event(type: "closedChat", company: nil, chat: "8", id: "evt_2"),
      ])
    #expect(
      batch("evt_1,evt_2", body).events == [
        Event(type: nil, company: "15691", chat: nil, id: "evt_1"), Event(type: nil, id: "evt_2"),
      ], "where they are of several, nobody says it")
  }

  @Test(arguments: [
    ("evt_1", "2 events, BUT 1 id in huggy-relay-events"),
    ("evt_1,evt_2,evt_3", "2 events, BUT 3 ids in huggy-relay-events"),
    ("", "2 events, BUT 0 ids in huggy-relay-events"), ("evt_1,evt_2", "2 events"),
    (" evt_1 , evt_2 ", "2 events"),
  ])
  func otherwiseManyIDsThanEventsAreTold(ids: String, summary: String) {
    #expect(batch(ids, #"[{"id":1},{"id":2}]"#).summary == summary)
  }

  private static let cloudEvent =
    #"{"specversion":"1.0","id":"evt_1","source":"/huggy/15691","type":"io.huggy.closedChat","subject":"chat/7","#
    + #""time":"2020-03-05T20:11:54.000Z","huggycompany":"15691","data":{"id":7}}"#

  @Test func cloudEventsSayThemselvesWhatTheyAre() {
    let other = Self.cloudEvent.replacing("evt_1", with: "evt_2").replacing("closedChat", with: "x")
      .replacing(#""subject":"chat/7","#, with: "").replacing(#""huggycompany":"15691","#, with: "")
    let found = SinkBatch(
      ids: "evt_1,evt_2", body: Array("[\(Self.cloudEvent),\(other)]".utf8), type: nil, isOfCloudEvents: true)
    #expect(
      found.events == [
        Event(type: "closedChat", company: "15691", chat: "7", id: "evt_1"), Event(type: "x", id: "evt_2"),
      ])
    #expect(found.summary == "2 events")
  }

  @Test(arguments: [
    (#""specversion":"1.0","#, "", "it is no CloudEvent of specversion 1.0"),
    (#""1.0""#, #""0.3""#, "it is no CloudEvent of specversion 1.0"),
    (#""/huggy/15691""#, #""""#, "source is no text, or an empty one"),
    (#""chat/7""#, #""""#, "subject is no text, or an empty one"),
    (#""2020-03-05T20:11:54.000Z""#, "1583439114", "time is no text, or an empty one"),
    (#","data":{"id":7}"#, "", "it has no data"),
    ("evt_1", "evt_2", "its id is not the one that the headers say"),
  ])
  func whatIsWrongWithACloudEventIsTold(part: String, with other: String, flaw: String) async throws {
    let body = Self.cloudEvent.replacing(part, with: other)
    let batch = SinkBatch(
      ids: "evt_1", body: Array("[\(body)]".utf8), type: nil, isOfCloudEvents: true)
    #expect(batch.summary == "1 event, BUT of event 1: \(flaw)")
    try await withSink { _, address, requests in
      let headers = ["webhook-id: evt_1", "content-type: application/CloudEvents+json; charset=utf-8"]
      _ = try await request(to: address, headers: headers, body: Array(body.utf8)).get()
      _ = try await request(to: address, headers: headers, body: Array(Self.cloudEvent.utf8)).get()
      _ = try await request(to: address, headers: headers, body: Array("[".utf8)).get()
      #expect(requests.all.map(\.flaw) == [flaw, nil, "it is no CloudEvent"])
      #expect(requests.all[0].line.hasSuffix("  BUT \(flaw)") && requests.all[1].chat == "7")
    }
  }

  @Test func whatIsNeitherAnEnvelopeNorAListHoldsNothing() {
    for body in ["", "{", #"{"id":1}"#, "1", "[1]"] {
      #expect(batch("evt_1", body).events == [], "\(body)")
      #expect(batch("evt_1", body).summary == "0 events, BUT 1 id in huggy-relay-events")
    }
  }

  @Test func aBatchIsALineAndOneForEachOfItsEvents() async throws {
    let secret = SigningSecret(key: Array(1...32))
    let now = wallClockMicroseconds() / 1_000_000
    let body = Array(
      #"{"messages":{"closedChat":[{"id":7}],"createdCustomer":[{"id":1,"companyID":5}]}}"#.utf8)
    let signature = WebhookSignature.header(
      id: "bat_0123456789ABCDEFGHJKMNPQRS", timestamp: now, body: body, secrets: [secret])
    let headers = [
      "webhook-id: bat_0123456789ABCDEFGHJKMNPQRS", "webhook-timestamp: \(now)",
      "webhook-signature: \(signature)", "huggy-relay-events: evt_1,evt_2",
    ]
    try await withSink(SinkSettings(verifier: WebhookVerifier(of: secret))) { _, address, requests in
      _ = try await request(to: address, path: "/crm", headers: headers, body: body).get()
      _ = try await request(to: address, path: "/crm", headers: headers, body: body + [32]).get()
      let reported = try #require(requests.all.first)
      #expect(requests.all.map(\.signature) == [.ok, .bad], "one signature, over the whole body")
      #expect(reported.eventIDs == ["evt_1", "evt_2"])
      #expect(reported.chat == nil)
      let lines = reported.lines.map { $0.split(separator: " ").joined(separator: " ") }
      #expect(lines.count == 3)
      #expect(
        lines[0].hasSuffix("200 /crm - - - bat_0123456789ABCDEFGHJKMNPQRS attempt - signature ok 2 events"))
      #expect(lines[1] == "· closedChat - 7 evt_1")
      #expect(lines[2] == "· createdCustomer 5 - evt_2")
    }
  }

  @Test func aRequestWithoutTheHeaderIsOneLine() async throws {
    try await withSink { _, address, requests in
      let body = Array(#"{"messages":{"closedChat":[{"id":7}],"createdCustomer":[{"id":1}]}}"#.utf8)
      _ = try await request(to: address, headers: ["webhook-id: evt_1"], body: body).get()
      let reported = try #require(requests.all.first)
      #expect(reported.batch == nil && reported.lines == [reported.line] && reported.eventIDs == ["evt_1"])
    }
  }
}
