import Foundation
import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// Looking for events and deliveries over the API.
struct SearchingTests {
  @Test func conditionsAreReadFromTheAddress() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      _ = try await server.get("/api/v1/events")
      _ = try await server.get(
        "/api/v1/events?type=*Chat,received*&company=15691&channel=null&chat=77&source=huggy&route=a*&destination=crm"
          + "&outcome=dead,pending&text=customer.mobile%3D5575*&since=24h&order=oldest_first&limit=7&after=12"
      )
    }
    let filter = EventFilter(
      types: ["*Chat", "received*"].map { WildcardPattern($0, ignoringCase: true) },
      companies: [.text(WildcardPattern("15691"))], channels: [.null], chats: ["77"],
      sources: [WildcardPattern("huggy")], routes: [WildcardPattern("a*")],
      destinations: [WildcardPattern("crm")],
      outcomes: [.dead, .pending],
      text: .field(FieldPath(keys: ["customer", "mobile"]), .text(WildcardPattern("5575*"))),
      since: Samples.time(86_400))
    #expect(
      operations.calls == [
        .events(EventPageRequest(limit: 50)),
        .events(
          EventPageRequest(
            filter: filter, order: .oldestFirst, after: EventCursor(rawValue: 12), limit: 7)),
      ])
  }

  @Test(arguments: [
    ("outcome=ded", "there is no outcome 'ded'; did you mean 'dead'?"),
    ("after=x", "take it from the 'next'"),
    ("limit=501", "'limit' is '501'"),
    ("text=", "'text' is empty"),
    ("ids=12", "is not an event's id"),
    ("customer=1", "there is no parameter 'customer'"),
  ])
  func aWrongConditionIsRefusedWithWhatWouldBeRight(query: String, message: String) async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/events?\(query)")
      #expect(answer.status == 400)
      #expect(answer.body.contains(message), "\(answer.body)")
    }
    #expect(operations.calls.isEmpty)
  }

  private static var dropped: EventRecord {
    var event = Samples.event(routes: ["all", "noise"], isDropped: true).event
    event.body = []
    return event
  }

  @Test func anEventInAListSaysWhatBecameOfItAndWhy() async throws {
    var died = Samples.delivery(.dead, attempts: 1).record
    died.deathReason = .permanent
    var event = Samples.event().event
    event.deliveries = [died]
    let page = EventPage(
      events: [Self.dropped, event], next: EventCursor(rawValue: 12), reached: Samples.time(9))
    try await withServer(FakeOperations { $0.eventPage = page }) { server in
      let body = try await server.get("/api/v1/events").body
      #expect(body.contains(#""dropped_by":"noise","outcomes":["dropped"],"body_bytes":8,"deliveries":[]"#))
      #expect(body.contains(#""dropped_by":null,"outcomes":["dead"],"body_bytes":8,"deliveries":[{"id":41,"#))
      #expect(body.contains(#""state":"dead","reason":"permanent","attempts":1,"last_status":null"#))
      #expect(body.hasSuffix(#""next":"12","searched_to":"\#(Samples.time(9))"}"#), "\(body)")
      #expect(!body.contains(#""body":"#))
    }
  }

  @Test func deliveriesAreFoundByReasonStatusAndRoute() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      _ = try await server.get(
        "/api/v1/deliveries?state=dead&reason=permanent,expired&status=422,5xx,none&route=a*")
      for (query, message) in [
        ("reason=permanet", "did you mean 'permanent'?"), ("status=42", "write a status such as 422"),
      ] {
        let answer = try await server.get("/api/v1/deliveries?\(query)")
        #expect(answer.status == 400 && answer.body.contains(message), "\(answer.body)")
      }
    }
    let search = DeliverySearch(
      DeliveryFilter(state: .dead), reasons: ["permanent", "expired"],
      statuses: [.status(422), .statusClass(5), .noAnswer], routes: [WildcardPattern("a*")])
    #expect(operations.calls == [.search(search, after: nil, limit: 50)])
  }

  @Test func onlyWhatFitsIsFound() {
    var record = Samples.delivery(.dead, attempts: 1).record
    record.deathReason = .permanent
    record.lastAttempt = DeliveryRecord.LastAttempt(
      at: Samples.now, duration: .zero, status: 422, error: nil)
    func holds(_ search: DeliverySearch) -> Bool { search.holds(record) }
    #expect(holds(DeliverySearch()))
    #expect(holds(DeliverySearch(reasons: ["permanent"])) && !holds(DeliverySearch(reasons: ["expired"])))
    #expect(
      holds(DeliverySearch(statuses: [.statusClass(4)])) && !holds(DeliverySearch(statuses: [.status(400)])))
    #expect(!holds(DeliverySearch(statuses: [.noAnswer])) && !holds(DeliverySearch(statuses: [.noAttempt])))
    #expect(holds(DeliverySearch(routes: [WildcardPattern("whatsapp*")])))
    #expect(!holds(DeliverySearch(routes: [WildcardPattern("sales")])))
    record.lastAttempt?.status = nil
    #expect(holds(DeliverySearch(statuses: [.noAnswer])))
    #expect(!holds(DeliverySearch(statuses: [.statusClass(4)])))
    #expect(!holds(DeliverySearch(statuses: [.noAttempt])))
    record.lastAttempt = nil
    #expect(!holds(DeliverySearch(statuses: [.noAnswer, .statusClass(4)])))
    #expect(holds(DeliverySearch(statuses: [.noAnswer, .noAttempt])))
    for text in ["422", "5xx", "none", "unattempted"] { #expect(StatusTest(text)?.description == text) }
    #expect(StatusTest("unattempted") == .noAttempt && StatusTest("None") == .noAnswer)
  }

  @Test func eventsAreATable() throws {
    var died = Samples.delivery(.dead, attempts: 1).record
    died.deathReason = .permanent
    died.lastAttempt = DeliveryRecord.LastAttempt(at: Samples.now, duration: .zero, status: 422, error: nil)
    var event = Samples.event().event
    event.deliveries = [died]
    let text = EventsText.render(
      [ListedEventAnswer(Self.dropped), ListedEventAnswer(event)], zone: nil, pen: Pen(usesColours: false))
    let lines = text.split(separator: "\n")
    #expect(lines[0].hasPrefix("RECEIVED              EVENT"))
    #expect(lines[1].hasPrefix("2026-01-02T03:00:53Z  \(Samples.eventID)"))
    #expect(lines[1].hasSuffix("dropped by noise"))
    #expect(lines[2].hasSuffix("dead at crm: permanent, status 422"))
  }

  @Test func whereNothingIsFoundItSaysWhatMayHaveBeenMeant() {
    func nothing(_ change: (inout EventFilterInput) -> Void) -> String {
      var filter = EventFilterInput()
      change(&filter)
      return EventsText.nothing(filter)
    }
    #expect(nothing { $0.chat = ["7"] } == "no event matches")
    #expect(nothing { $0.destination = ["crm"] }.contains("why an event has none is seen without it"))
    #expect(nothing { $0.text = "+55 (75) 99999-0000" }.hasSuffix("digits alone: --text 5575999990000"))
    for text in ["5575999990000", "12-34", "João 5575999990000", "customer.mobile=+55 75 99999-0000"] {
      #expect(nothing { $0.text = text } == "no event matches", "\(text)")
    }
  }

  @Test func timesAreShownByTheClockOfAZone() throws {
    let zone = try Zones.of("America/Sao_Paulo")
    #expect(Samples.now.clockText(in: zone) == "2026-01-02 00:04:05")
    #expect(Samples.now.clockText(in: nil) == "2026-01-02T03:04:05Z")
  }

  @Test func countsAreShownMostFrequentFirst() {
    var table = CountTable()
    for values in [["a"], ["b", "a"], [], ["b"], ["b"]] { table.add(values) }
    #expect(
      table.text("reason", "delivery", "deliveries", pen: Pen(usesColours: false)) == """
        DELIVERIES  REASON
                 3  b
                 2  a
                 1  -
        5 deliveries in all; one with several is counted with each
        """)
    #expect(
      String(decoding: table.json("reason"), as: UTF8.self)
        == #"{"count_by":"reason","total":5,"counts":[{"value":"b","count":3},{"value":"a","count":2},{"value":"-","count":1}]}"#
    )
    var one = CountTable()
    one.add(["a"])
    #expect(
      one.text("reason", "delivery", "deliveries", pen: Pen(usesColours: false)).hasSuffix(
        "1 delivery in all"))
  }
}
