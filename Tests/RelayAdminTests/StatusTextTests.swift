import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What people see of who is late and who is silent.
@Suite struct StatusTextTests {
  private static let plain = Pen(usesColours: false)

  @Test func theRelaysThatShareTheStoreAreATableOfTheirOwn() {
    var status = Samples.status
    func text() -> String {
      StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    }
    #expect(!text().contains("RELAY"), "the store is its own")
    status.nodes = Samples.nodes
    status.destinations = [Samples.destination("crm"), Samples.destination("bi") { $0.servedBy = "beta" }]
    let shown = text()
    let rows = shown.split(separator: "\n").map { $0.split(separator: "  ").map { $0.drop { $0 == " " } } }
    #expect(
      rows.contains { $0.first == "alpha (this one)" && $0.contains("2") && $0.last == "bi, crm" }, "\(shown)"
    )
    #expect(rows.contains { $0.first == "beta" && $0.contains("ba9876543210") && $0.last == "-" })
    #expect(rows.contains { $0.first == "bi" && $0.last == "served by beta" })
    #expect(shown.contains("\nthe relays have different configurations: reload each with the same file"))
    #expect(shown.contains("\nserved by no relay yet: lake\n"))
  }

  @Test func statusSaysWhyNoAttemptStarts() {
    var status = Samples.status
    status.store.attemptsHeld = AttemptHold(.leaseUnconfirmed, reason: "nobody knows", since: Samples.time(7))
    let text = StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    #expect(text.contains("\nno attempts start: nobody knows; nothing was confirmed for 7s\n"), "\(text)")
  }

  /// Broken by an "ok" of a destination of which most goes well.
  @Test func whatFailsWhileOthersGoWellIsNotOK() {
    var status = Samples.status
    status.destinations = [
      Samples.destination("crm") { ($0.oldestRetrying, $0.attempts) = (.seconds(1_346), [Samples.window]) },
      Samples.destination("bi") { $0.attempts = [Samples.window] },
      Samples.destination("erp") { $0.attempts = [AttemptWindow(length: .seconds(300))] },
    ]
    let text = StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    #expect(text.contains("  retrying: the oldest is 22m26s old (422)\n"), "\(text)")
    #expect(text.contains("  failing in part: 25 % of the attempts in 5 min, most by 422\n"))
    #expect(text.contains("  ok\n"))
  }

  @Test func statusSaysWhenTheSlotsAreTheLimitAndWhatWouldLiftIt() {
    func text(suggested: Int?, _ change: (inout DestinationStatus) -> Void = { _ in }) -> String {
      var status = Samples.status
      status.destinations = [
        Samples.destination("crm") {
          ($0.concurrencyLimit, $0.suggestedConcurrency) = (Samples.concurrencyLimit, suggested)
          $0.capacity = Samples.capacity
          change(&$0)
        }
      ]
      return StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    }
    let taken = "\ncrm: all 16 slots are taken 97 % of the time: answers take 243 ms, so at most 66"
    let all = text(suggested: 40)
    #expect(all.contains("\(taken) a second; `concurrency: 40` or `batch` would lift it\n"), "\(all)")
    #expect(!all.contains("is held back by its answers"), "once is enough")
    #expect(text(suggested: nil).contains("\(taken) a second; more `concurrency` or `batch` would lift it\n"))
    let batched = text(suggested: 40) { $0.batch = BatchPolicy() }
    #expect(batched.contains("\(taken) requests a second; `concurrency: 40` would lift it\n"), "\(batched)")
    let one = text(suggested: 2) {
      $0.concurrencyLimit = ConcurrencyLimit.Reading(share: 1, meanDuration: .seconds(4), concurrency: 1)
    }
    #expect(
      one.contains(
        "\ncrm: the one slot is taken 100 % of the time: answers take 4 s, so at most 0.25 a second; "),
      "\(one)")
    let free = text(suggested: nil) { $0.concurrencyLimit = nil }
    #expect(!free.contains("slots are taken") && free.contains("is held back by its answers"))
  }

  @Test func theTableSaysHowManyEventsARequestCarriesWhereItMayBeSeveral() {
    var status = Samples.status
    status.destinations = [
      Samples.destination("crm") { $0.eventsPerRequest = 1 },
      Samples.destination("bi") { ($0.batch, $0.eventsPerRequest) = (BatchPolicy(), 12.34) },
      Samples.destination("erp") { $0.batch = BatchPolicy(maxEvents: 20) },
    ]
    func columns() -> [[Substring]] {
      StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
        .split(separator: "\n").map { $0.split(separator: "  ").map { $0.drop { $0 == " " } } }
    }
    #expect(columns().contains { $0.first == "DESTINATION" && $0.contains("A REQUEST") })
    #expect(columns().contains { $0.first == "crm" && $0[5] == "-" })
    #expect(columns().contains { $0.first == "bi" && $0[5] == "12 of 50" })
    #expect(columns().contains { $0.first == "erp" && $0[5] == "- of 20" })
    status.destinations = [Samples.destination("crm") { $0.eventsPerRequest = 1 }]
    #expect(!columns().contains { $0.contains("A REQUEST") }, "it would only be in the way")
  }

  @Test func statusShowsWhatIsLateAndWhoIsSilent() {
    var status = Samples.status
    let late: (inout DestinationStatus) -> Void = { ($0.oldestDue, $0.isLate) = (.seconds(1_200), true) }
    status.destinations = [
      Samples.destination("crm") { late(&$0) },
      Samples.destination("bi") {
        late(&$0)
        ($0.circuit, $0.lastFailure) = (.open, "status 503")
      },
      Samples.destination("erp") { $0.oldestDue = .seconds(1_200) },
    ]
    status.sources = [
      SourceStatus(
        name: "huggy", path: "/huggy", token: .configured, lastEnvelope: Samples.time(3_600),
        silence: SourceSilence(since: Samples.time(1_800))),
      SourceStatus(name: "app", path: "/app", token: .configured, silence: SourceSilence(since: nil)),
    ]
    let text = StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    #expect(text.contains("  late: due for 20m00s\n"), "\(text)")
    #expect(text.contains("  failing: status 503; late: due for 20m00s\n"))
    #expect(text.components(separatedBy: "late:").count == 3, "what is due for as long and is not late is ok")
    #expect(
      text.contains(
        "huggy is silent since 2026-01-02T02:34:05.678Z (30m00s ago): its last envelope was accepted 1h00m ago. "
      ))
    #expect(!text.contains("app is silent"))
  }
}
