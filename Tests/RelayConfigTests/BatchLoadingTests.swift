import RelayConfig
import RelayCore
import Testing

/// `batch`, and what is doubtful about one.
@Suite struct BatchLoadingTests {
  private func batch(_ keys: String) throws -> BatchPolicy? {
    try #require(try configuration(of: destination(keys)).destinations.first).batch
  }

  @Test func withoutTheKeyARequestHoldsOneEvent() throws {
    #expect(try batch("timeout: 20s") == nil)
    #expect(try batch("batch: off") == nil)
  }

  @Test func anEmptyMappingIsFiftyEventsOf96KiBThatWaitForNothing() throws {
    #expect(try batch("batch: {}") == BatchPolicy(maxEvents: 50, maxBytes: 96 << 10, maxWait: .zero))
  }

  @Test(arguments: [
    ("max_events: 1, max_bytes: 1KiB, max_wait: 0ms", BatchPolicy(maxEvents: 1, maxBytes: 1_024)),
    (
      "max_events: 100, max_bytes: 16MiB, max_wait: 1m",
      BatchPolicy(maxEvents: 100, maxBytes: 16 << 20, maxWait: .seconds(60))
    ),
    ("max_bytes: 1MiB", BatchPolicy(maxEvents: 50, maxBytes: 1 << 20)),
  ])
  func eachKeyOfABatchIsReadUpToItsBounds(keys: String, policy: BatchPolicy) throws {
    #expect(try batch("batch: { \(keys) }") == policy)
  }

  @Test func destinationsSayMoreThanTheDefaultsOfABatch() throws {
    let batches = try configuration(
      of: oneSource + """
        defaults:
          format: event
          batch: { max_events: 20, max_wait: 2s }
        destinations:
          plain: { url: "http://plain.example" }
          own: { url: "http://own.example", batch: { max_events: 30 } }
          same: { url: "http://same.example", batch: {} }
          none: { url: "http://none.example", batch: off }
        """
    ).destinations.map(\.batch)
    let usual = BatchPolicy(maxEvents: 20, maxWait: .seconds(2))
    #expect(batches == [usual, BatchPolicy(maxEvents: 30, maxWait: .seconds(2)), usual, nil])
  }

  // MARK: Warnings

  private func warnings(_ keys: String, environment: [String: String] = exampleEnvironment) -> [String] {
    problems(
      of: destination(keys) + "routes: [{ name: a, match: { event: createdChat }, to: crm }]",
      environment: environment)
  }

  private static let firstOnly =
    "many receivers that were written for the platform read only the first event of each list, and would lose the others; "
    + "see that this one loops over them, or write format: event"

  @Test func theFormatHuggyWithABatchIsTold() {
    #expect(warnings("batch: {}") == ["5:5: warning: destinations.crm.batch: \(Self.firstOnly)"])
    #expect(warnings("batch: {}\nformat: event") == [])
    #expect(warnings("batch: { max_events: 1 }") == [], "there is only a first one")
    #expect(warnings("batch: off") == [])
    let text =
      oneSource
      + "defaults: { batch: {} }\ndestinations: { crm: { url: \"http://crm\" }, bi: { url: \"http://bi\", format: event } }\n"
    #expect(
      problems(of: text + "routes: [{ name: a, match: { event: createdChat }, to: [crm, bi] }]") == [
        "3:17: warning: destinations.crm: \(Self.firstOnly)"
      ])
  }

  @Test(arguments: [
    ("[{ name: a, to: crm }]", true), ("[{ name: a, match: { event: \"created*\" }, to: crm }]", true),
    ("[{ name: a, match: { event: [createdChat, closedChat] }, to: crm }]", true),
    (
      "[{ name: a, match: { event: createdChat }, to: crm }, { name: b, match: { event: closedChat }, to: crm }]",
      true
    ),
    (
      "[{ name: a, match: { event: createdChat }, to: crm }, { name: b, match: { event: createdChat, channel: x }, to: crm }]",
      false
    ),
    ("[{ name: a, match: { event: createdChat }, to: crm }]", false),
  ]) func anArrayThatMayHoldSeveralTypesIsTold(routes: String, isTold: Bool) {
    let found = problems(of: destination("format: event\nbatch: {}") + "routes: \(routes)")
    #expect(
      found.contains { $0.contains("6:5: warning: destinations.crm.batch: an array of events does not say") }
        == isTold, "\(found)")
    let single = problems(of: destination("format: event\nbatch: { max_events: 1 }") + "routes: \(routes)")
    #expect(!single.contains { $0.contains("an array of events") })
  }

  @Test func aRateThatLetsNoTwoGoTogetherIsTold() {
    let told =
      "5:5: warning: destinations.crm.batch: its rate lets fewer than two events through in 100ms, so each would go alone; raise the rate, "
      + "or give the batch a max_wait in which several come through"
    #expect(warnings("batch: {}\nrate: 19/s\nformat: event") == [told])
    #expect(warnings("batch: {}\nrate: 20/s\nformat: event") == [])
    #expect(warnings("batch: { max_wait: 2s }\nrate: 1/s\nformat: event") == [])
    #expect(warnings("batch: { max_events: 1 }\nrate: 1/s\nformat: event") == [])
  }

  @Test func aWaitThatMakesEventsLateIsTold() {
    let told =
      "5:5: warning: destinations.crm.batch: its events may wait for 30s to go together, and count as late after 30s: lower max_wait, or "
      + "raise late_after"
    #expect(warnings("batch: { max_wait: 30s }\nlate_after: 30s\nformat: event") == [told])
    #expect(warnings("batch: { max_wait: 29s }\nlate_after: 30s\nformat: event") == [])
  }

  /// With 100 events 5,434 bytes are the relay's own, at most.
  @Test func headersThatLeaveABatchTooLittleRoomAreTold() {
    let most = HeaderBudget.maxBytes - Self.ownBytes(events: 100)
    let name = "X-Long"
    let value = String(repeating: "x", count: most - name.utf8.count - 4)
    func keys(_ value: String, events: Int = 100) -> String {
      "format: event\nbatch: { max_events: \(events) }\nheaders: { \(name): \(value) }"
    }
    #expect(warnings(keys(value)) == [])
    #expect(
      warnings(keys(value + "x")) == [
        "6:5: warning: destinations.crm.batch: its header lines take up to 6001 bytes, more than the 6000 that receivers "
          + "surely take: batches would hold fewer events; shorten headers or auth, or lower max_events"
      ])
    #expect(warnings(keys(value + "x", events: 50)) == [], "fewer ids leave more room")
    #expect(warnings("format: event\nheaders: { \(name): \(value)x }") == [], "one event has one id")
  }

  private static func ownBytes(events: Int) -> Int {
    var destination = Destination(name: "crm", url: Secret("http://crm.example"))
    destination.batch = BatchPolicy(maxEvents: events)
    return HeaderBudget.mostLines(to: destination).bytes
  }

  @Test(arguments: [
    "auth: { bearer: \"${LONG}\" }", "auth: { basic: { username: a, password: \"${LONG}\" } }",
  ])
  func credentialsAreHeadersToo(auth: String) {
    let long = ["LONG": String(repeating: "k", count: 4_000)]
    let found = warnings("format: event\nbatch: {}\n\(auth)", environment: long)
    #expect(found.count == 1)
    #expect(found.first?.contains("its header lines take up to") == true, "\(found)")
  }

  @Test func tooManyHeadersForABatchAreTold() {
    func keys(_ count: Int) -> String {
      let headers = (0..<count).map { "X-\($0): a" }.joined(separator: ", ")
      return "format: event\nbatch: {}\nheaders: { \(headers) }"
    }
    let own = HeaderBudget.mostLines(to: BatchLoadingTests.batched).fields
    #expect(warnings(keys(HeaderBudget.maxFields - own)) == [])
    #expect(
      warnings(keys(HeaderBudget.maxFields - own + 1)) == [
        "6:5: warning: destinations.crm.batch: its requests have up to 31 header lines, more than the 30 that receivers "
          + "surely take; remove some of headers"
      ])
  }

  private static var batched: Destination {
    var destination = Destination(name: "crm", url: Secret("http://crm.example"))
    destination.batch = BatchPolicy()
    return destination
  }
}
