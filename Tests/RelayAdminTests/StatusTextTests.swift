import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What people see of who is late and who is silent.
@Suite struct StatusTextTests {
  private static let plain = Pen(usesColours: false)

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
