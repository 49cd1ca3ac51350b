import RelayTestSupport
import Testing

@testable import RelayCore

@Suite struct TimeZoneRulesTests {
  /// Every change of every zone from 1900 to 2200: those of the table, and those that only the rule after it tells.
  @Test(.enabled(if: ZoneFiles.areThere)) func eachChangeIsWhereTheSystemHasIt() throws {
    let names = try ZoneFiles.names()
    let lines = try ZoneFiles.dump(names)
    #expect(lines.count > 50_000)
    let zones = try Dictionary(uniqueKeysWithValues: names.map { ($0, try ZoneFiles.zone($0)) })
    for line in lines {
      let offset = try #require(zones[line.zone]).offset(at: line.moment)
      if offset != line.offset { Issue.record("\(line): \(offset)") }
    }
  }

  @Test(.enabled(if: ZoneFiles.areThere)) func aTimeIsFoundAtEachMomentThatShowsIt() throws {
    var random = SplitMix64(seed: 7)
    let zones = [
      "America/Sao_Paulo", "America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Pacific/Apia",
    ]
    for name in zones {
      let zone = try ZoneFiles.zone(name)
      // Near changes, where it matters; half hours, since no change is finer.
      let changes = (0..<500).compactMap { _ -> Int64? in
        let moment = Int64.random(in: 0..<3_000_000_000, using: &random) / 1_800 * 1_800
        return (0..<2_000).map { moment + $0 * 7_200 }.first {
          zone.offset(at: $0) != zone.offset(at: $0 + 7_200)
        }
      }
      for change in Set(changes) {
        for half in Int64(-60)...60 {
          let local = change + half * 1_800 + zone.offset(at: change)
          expectMoments(of: local, in: zone)
        }
      }
    }
  }

  private func expectMoments(of local: Int64, in zone: TimeZoneRules) {
    let near = stride(from: local - 54_000, through: local + 54_000, by: 1_800)
    let showing = near.filter { $0 + zone.offset(at: $0) == local }
    let found = zone.moments(showing: local)
    if let first = showing.first, let last = showing.last {
      if found != first...last { Issue.record("\(zone.name) \(local): \(found), not \(first...last)") }
    } else {
      let moment = found.lowerBound
      let isPassedOver =
        found.count == 1 && moment - 1 + zone.offset(at: moment - 1) < local
        && moment + zone.offset(at: moment) > local
      if !isPassedOver { Issue.record("\(zone.name) \(local): \(found)") }
    }
  }

  /// New York's second Sunday of March 2026 is the 8th, its first of November the 1st.
  @Test func aRuleSetsTheClocksBothWays() throws {
    let zone = try ZoneFiles.made("EST5EDT,M3.2.0,M11.1.0")
    let march = try moment(2026, 3, 8, 7)
    let november = try moment(2026, 11, 1, 6)
    #expect(zone.offset(at: march - 1) == -18_000)
    #expect(zone.offset(at: march) == -14_400)
    #expect(zone.offset(at: november - 1) == -14_400)
    #expect(zone.offset(at: november) == -18_000)
    // 02:30 is passed over, 01:30 comes twice.
    #expect(zone.moments(showing: try moment(2026, 3, 8, 2) + 1_800) == march...march)
    let halfPastOne = try moment(2026, 11, 1, 1) + 1_800
    #expect(zone.moments(showing: halfPastOne) == halfPastOne + 14_400...halfPastOne + 18_000)
  }

  /// What zoneinfo has of rules beside months and weeks.
  @Test(arguments: [
    // Daylight all the year, as RFC 9636 writes it.
    ("XXX3EDT4,0/0,J365/23", 2026, 1, 1, -14_400), ("XXX3EDT4,0/0,J365/23", 2026, 7, 1, -14_400),
    // By days of the year: day 59 is 1 March, or 29 February; J60 is always 1 March.
    ("A0B,59/0,J300", 2026, 3, 1, 3_600), ("A0B,59/0,J300", 2028, 2, 29, 3_600),
    ("A0B,J60/0,J300", 2028, 2, 29, 0), ("A0B,J60/0,J300", 2028, 3, 1, 3_600),
    // Winter is the exception, as in Ireland; names in signs; hours below zero and beyond a day.
    ("IST-1GMT0,M10.5.0,M3.5.0/1", 2026, 1, 1, 0), ("IST-1GMT0,M10.5.0,M3.5.0/1", 2026, 7, 1, 3_600),
    ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2026, 7, 1, -3_600),
    ("EET-2EEST,M3.4.4/50,M10.4.4/50", 2026, 7, 1, 10_800),
    ("<+0545>-5:45", 2026, 1, 1, 20_700),
  ])
  func eachFormOfARuleIsRead(rule: String, year: Int, month: Int, day: Int, offset: Int) throws {
    let moment = try moment(year, month, day, 12) - Int64(offset)
    #expect(try ZoneFiles.made(rule).offset(at: moment) == Int64(offset))
  }

  @Test func theTableHoldsUpToItsEndAndTheRuleAfterIt() throws {
    let file = ZoneFiles.file(rule: "X-3", offset: -100, changes: [(1_000, 7_200), (2_000, 3_600)])
    let zone = try TimeZoneRules(name: "x", file: file)
    for (moment, offset) in [(-5, -100), (999, -100), (1_000, 7_200), (1_999, 7_200), (2_000, 10_800)] {
      #expect(zone.offset(at: Int64(moment)) == Int64(offset))
    }
    let unruled = ZoneFiles.file(rule: "", offset: -100, changes: [(1_000, 7_200)])
    #expect(try TimeZoneRules(name: "x", file: unruled).offset(at: 5_000) == 7_200)
  }

  /// Broken by an index that trusts the file's counts.
  @Test func aFileThatIsCutOffOrNoneIsAFault() throws {
    let file = ZoneFiles.file(rule: "EST5EDT,M3.2.0,M11.1.0", changes: [(1_000, 7_200)])
    for count in 0..<file.count {
      #expect(throws: TimeZoneRules.Fault.self) { try TimeZoneRules(name: "x", file: Array(file[..<count])) }
    }
    var random = SplitMix64(seed: 1)
    for _ in 0..<2_000 {
      var bytes = file
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = try? TimeZoneRules(name: "x", file: bytes).offset(at: 5_000)
    }
    for rule in [
      "5", "EST", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.2.0,M11.1.0x",
    ] {
      #expect(throws: TimeZoneRules.Fault.self, "\(rule)") { try ZoneFiles.made(rule) }
    }
  }

  @Test func aNameLeadsNowhereElse() {
    for name in [
      "America/Sao_Paulo", "Etc/GMT+5", "UTC", "America/Argentina/Buenos_Aires", "America/Port-au-Prince",
    ] {
      #expect(TimeZoneRules.isName(name), "\(name)")
    }
    for name in [
      "", "/etc/passwd", "../passwd", "America/../x", "America//x", "America/", "zone.tab", "a b", "+5",
    ] {
      #expect(!TimeZoneRules.isName(name), "\(name)")
    }
  }

  private func moment(_ year: Int, _ month: Int, _ day: Int, _ hour: Int64) throws -> Int64 {
    try #require(ServiceHours.Day(year: year, month: month, day: day)).number * 86_400 + hour * 3_600
  }
}
