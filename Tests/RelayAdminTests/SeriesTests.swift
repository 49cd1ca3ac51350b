import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What charts are drawn of, over real sockets.
@Suite(.timeLimit(.minutes(15))) struct SeriesTests {
  private typealias Numbers = SeriesReport.Numbers

  private static let report: SeriesReport = {
    let none = Numbers.none
    var report = SeriesReport(
      step: .fiveMinutes, since: Samples.time(600), until: Samples.now,
      storeBytes: Numbers([1_288_490_188, none]))
    var crm = SeriesReport.Destination(name: "crm", none: Numbers([none, none]))
    (crm.attempts, crm.failed, crm.delivered) = (
      Numbers([10, none]), Numbers([0, none]), Numbers([105, none])
    )
    (crm.dead, crm.inFlight) = (Numbers([7, none]), Numbers([12, none]))
    crm.oldestPendingSeconds = Numbers([15, none], areTenths: true)
    crm.latencyMedianMilliseconds = Numbers([120, none], areTenths: true)
    crm.latencyTailMilliseconds = Numbers([10_205, none], areTenths: true)
    report.destinations = [crm]
    report.sources = [
      SeriesReport.Source(
        name: "huggy", accepted: Numbers([1, none]), events: Numbers([20, none]), refused: Numbers([0, none]))
    ]
    return report
  }()

  @Test func seriesHaveTheDocumentedShape() async throws {
    try await withServer(FakeOperations { $0.series = Self.report }) { server in
      let answer = try await server.get("/api/v1/series")
      #expect(answer.status == 200)
      let told = """
        {"step_seconds":300,"since":"2026-01-02T02:54:05.678Z","until":"2026-01-02T03:04:05.678Z",\
        "destinations":[{"name":"crm","attempts":[10,null],"failed":[0,null],"delivered":[105,null],\
        "pending":[null,null],"dead":[7,null],"in_flight":[12,null],"oldest_pending_seconds":[1.5,null],\
        "latency_p50_ms":[12,null],"latency_p99_ms":[1020.5,null]}],\
        "sources":[{"name":"huggy","accepted":[1,null],"events":[20,null],"refused":[0,null]}],\
        "store":{"bytes":[1288490188,null]}}
        """
      #expect(answer.body == told)
    }
  }

  @Test func whatIsAskedForReachesTheRelay() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      for path in [
        "", "?step=5m&since=24h&until=2026-01-02T03:00:00Z", "?destination=crm,bi&destination=audit",
      ] {
        let answer = try await server.get("/api/v1/series\(path)")
        #expect(answer.status == 200)
      }
      #expect(
        operations.calls == [
          .series(SeriesRequest()),
          .series(
            SeriesRequest(
              step: .fiveMinutes, since: Samples.time(86_400),
              until: Timestamp(rfc3339: "2026-01-02T03:00:00Z")!)),
          .series(SeriesRequest(destinations: ["crm", "bi", "audit"])),
        ])
    }
  }

  @Test(arguments: ["?step=1m", "?step=", "?since=tomorrow", "?since=1m&until=5m", "?steps=10s"])
  func whatCanNotBeMeantIsRefused(query: String) async throws {
    try await withServer { server in
      let answer = try await server.get("/api/v1/series\(query)")
      #expect(answer.status == 400)
    }
  }

  /// Broken by numbers that go through the encoder one by one: a week of fifty destinations is a million of them.
  @Test func aWeekOfFiftyDestinationsIsWrittenInAMoment() throws {
    let numbers = Numbers((0..<2_016).map { $0 % 7 == 0 ? Numbers.none : $0 * 37 })
    var report = Self.report
    report.destinations = (0..<50).map { SeriesReport.Destination(name: "d\($0)", none: numbers) }
    let bytes = try RecordEncoder.answer(SeriesAnswer(report))
    let commas = bytes.count { $0 == UInt8(ascii: ",") }
    #expect(commas > 900_000)
    let read = try #require(JSONInput.parse(bytes))
    guard case .object = read else { return #expect(Bool(false)) }
  }

  @Test func numbersAreReadAsTheyWereWritten() throws {
    let answer = SeriesAnswer(Self.report)
    let bytes = try RecordEncoder.answer(answer)
    let read = try RecordDecoder.decode(
      SeriesAnswer.self, from: try #require(JSONInput.parse(bytes)), .answer)
    #expect(try RecordEncoder.answer(read) == bytes)
  }
}
