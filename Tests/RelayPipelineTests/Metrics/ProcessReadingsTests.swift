import RelayCore
import Testing

@testable import RelayPipeline

@Suite struct ProcessReadingsTests {
  /// As proc(5) has it: user 14, system 15, start 22, virtual 23, resident 24.
  private let stat =
    "4242 (a (relay) 1) S 1 4242 4242 0 -1 4194560 5000 0 10 0 1234 66 7 8 20 0 12 0 500 987654321 4096 18446744073709551615\n"

  @Test func theFieldsOfProcStatAreRead() throws {
    let boot = Timestamp(microseconds: 1_700_000_000_000_000)
    let readings = try #require(
      ProcessReadings(stat: stat, bootTime: boot, ticksPerSecond: 100, pageBytes: 4_096))
    #expect(readings.cpuTime == .seconds(13))
    #expect(readings.startedAt == boot.advanced(by: .seconds(5)))
    #expect(readings.virtualBytes == 987_654_321)
    #expect(readings.residentBytes == 4_096 * 4_096)
  }

  @Test(arguments: [
    "", "4242", "4242 (relay) S 1 2 3", "4242 (relay) S a b c d e f g h i j k l m n o p q r s t u v w",
  ])
  func whatIsNoProcStatIsNotRead(stat: String) {
    #expect(ProcessReadings(stat: stat, bootTime: .epoch, ticksPerSecond: 100, pageBytes: 4_096) == nil)
  }

  @Test func theBootTimeIsALineOfItsOwn() {
    let stat = "cpu  1 2 3\nintr 99 btime 7\nctxt 5\nbtime 1700000000\nprocesses 9\n"
    #expect(ProcessReadings.bootTime(inStat: stat) == Timestamp(microseconds: 1_700_000_000_000_000))
    #expect(ProcessReadings.bootTime(inStat: "cpu 1\n") == nil)
  }

  /// Mounted with `subset=pid`, /proc has the processes' own folders and nothing else.
  @Test func withoutProcStatTheClocksSayWhenTheSystemStarted() {
    let (now, up) = (Duration.seconds(1_700_000_100), Duration.seconds(100))
    let boot = Timestamp(microseconds: 1_700_000_000_000_000)
    #expect(ProcessReadings.bootTime(stat: nil, now: now, sinceBoot: up) == boot)
    #expect(ProcessReadings.bootTime(stat: "cpu 1\n", now: now, sinceBoot: up) == boot)
    #expect(
      ProcessReadings.bootTime(stat: "btime 7\n", now: now, sinceBoot: up)
        == Timestamp(microseconds: 7_000_000))
  }

  @Test func thisProcessHasReadings() throws {
    let readings = try #require(ProcessReadings.now())
    #expect(readings.residentBytes > 1 << 20)
    #expect(readings.virtualBytes >= readings.residentBytes)
    #expect(readings.startedAt > Timestamp(microseconds: 1_600_000_000_000_000))
    #expect(try #require(readings.openFiles) >= 3)
    #expect(try #require(readings.maxFiles) >= #require(readings.openFiles))
    #expect(ProcessReadings.now()?.startedAt == readings.startedAt)
  }
}
