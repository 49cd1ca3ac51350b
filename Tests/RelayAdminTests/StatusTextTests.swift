import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What people see of who is late and who is silent.
@Suite struct StatusTextTests {
  private static let plain = Pen(usesColours: false)

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
