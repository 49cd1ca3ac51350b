import Testing

@testable import RelayCore

/// The zone of whoever runs a process.
@Suite struct LocalZoneTests {
  private static let files = [
    "/etc/localtime": ZoneFiles.file(rule: "<+01>-1"),
    "/usr/share/zoneinfo/Far/East": ZoneFiles.file(rule: "<+09>-9"),
    "/zones/Far/East": ZoneFiles.file(rule: "<+10>-10"), "/zones/EST5": ZoneFiles.file(rule: "<+02>-2"),
    "/zones/broken": [1, 2, 3],
  ]

  private func hours(_ environment: [String: String]) -> Int64 {
    TimeZoneRules.local(environment: environment) { Self.files[$0] }.offset(at: 0) / 3_600
  }

  @Test func withoutTZItIsTheMachines() {
    #expect(hours([:]) == 1)
    #expect(TimeZoneRules.local(environment: [:]) { _ in nil } == .utc)
  }

  @Test func aNameIsLookedUp() {
    #expect(hours(["TZ": "Far/East"]) == 9)
    #expect(hours(["TZ": ":Far/East"]) == 9)
    #expect(hours(["TZ": "Far/East", "TZDIR": "/zones"]) == 10)
    #expect(hours(["TZ": "Far/East", "TZDIR": ""]) == 9)
    #expect(hours(["TZ": "/zones/Far/East"]) == 10)
  }

  @Test func aRuleIsTakenWhereNoFileHasItsName() {
    #expect(hours(["TZ": "EST5"]) == -5)
    #expect(hours(["TZ": "EST5", "TZDIR": "/zones"]) == 2)
    #expect(hours(["TZ": "<-03>3"]) == -3)
  }

  @Test(arguments: ["", "Nowhere", "/nowhere", "../zones/Far/East", "broken", ":"])
  func whatCanNotBeReadIsUTC(name: String) {
    #expect(hours(["TZ": name, "TZDIR": "/zones"]) == 0)
  }
}
