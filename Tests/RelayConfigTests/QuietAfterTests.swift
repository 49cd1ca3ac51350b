import Foundation
import RelayConfig
import RelayCore
import Testing

@Suite struct QuietAfterTests {
  private static let hasZones = FileManager.default.fileExists(
    atPath: "/usr/share/zoneinfo/America/Sao_Paulo")

  private static func source(_ quietAfter: String) -> String {
    "sources:\n  huggy:\n    token: t\n    quiet_after: \(quietAfter)\n"
  }

  private func rule(_ quietAfter: String) throws -> QuietRule? {
    try configuration(of: Self.source(quietAfter)).sources.first?.quietAfter
  }

  @Test func aDurationAloneHoldsAtAllHours() throws {
    #expect(try rule("30m") == QuietRule(limit: .seconds(1_800)))
    #expect(try rule("{ for: 30m }") == QuietRule(limit: .seconds(1_800)))
    #expect(try configuration(of: oneSource).sources.first?.quietAfter == nil)
  }

  @Test(.enabled(if: hasZones)) func everyKeyIsRead() throws {
    let read = try rule(
      "{ for: 30m, weekdays: [sat-mon, wed], times: [\"13:00-20:00\", \"22:00-02:00\"], location: America/Sao_Paulo, "
        + "except: [\"2026-12-25\", 2027-01-01] }")
    let hours = try #require(read?.hours)
    #expect(hours.weekdays == [.mon, .wed, .sat, .sun])
    #expect(hours.spans == [.init(begin: 780, end: 1_200), .init(begin: 1_320, end: 120)])
    #expect(hours.zone.name == "America/Sao_Paulo" && hours.zone.offset(at: 1_767_323_045) == -10_800)
    #expect(hours.daysOff.sorted().map(\.description) == ["2026-12-25", "2027-01-01"])
  }

  @Test(arguments: [
    ("mon-fri", "mon tue wed thu fri"), ("sat", "sat"), ("[sun, mon]", "mon sun"),
    ("fri-mon", "mon fri sat sun"),
    ("mon-mon", "mon"), ("mon-sun", "mon tue wed thu fri sat sun"),
  ])
  func weekdaysAreARangeOrAList(text: String, days: String) throws {
    let hours = try #require(try rule("{ for: 1m, weekdays: \(text), location: UTC }")?.hours)
    #expect(hours.weekdays.map(\.word).joined(separator: " ") == days)
  }

  static let faults = [
    ("0s", "4:18: sources.huggy.quiet_after: '0s' is too short; at least 1s"),
    (
      "soon",
      "4:18: sources.huggy.quiet_after: 'soon' is not a duration; write a whole number and its unit: 250ms, 5s, 10m, 24h or 7d"
    ),
    (
      "{ times: \"08:00-18:00\", location: UTC }",
      "4:18: sources.huggy.quiet_after: for is missing; write { for: 30m, … }, or 30m alone for all hours"
    ),
    (
      "{ for: 1h, day: mon }",
      "4:29: sources.huggy.quiet_after.day: unknown key 'day'; known here: for, weekdays, times, location, except"
    ),
    (
      "{ for: 1h, weekdays: monday, location: UTC }",
      "4:39: sources.huggy.quiet_after.weekdays: 'monday' is not a weekday; write mon, tue, wed, thu, fri, sat, sun, or a range such as mon-fri"
    ),
    (
      "{ for: 1h, weekdays: [], location: UTC }",
      "4:39: sources.huggy.quiet_after.weekdays: an empty list is no day; remove the key for every day"
    ),
    (
      "{ for: 1h, times: \"8-18\", location: UTC }",
      "4:36: sources.huggy.quiet_after.times: '8-18' is not a time of day; write it as \"08:00-18:00\""
    ),
    (
      "{ for: 1h, times: [\"08:00-08:00\"], location: UTC }",
      "4:37: sources.huggy.quiet_after.times[0]: '08:00-08:00' has no length; write \"00:00-24:00\" for the whole day"
    ),
    (
      "{ for: 1h, times: [\"22:00-02:00\", \"01:00-03:00\"], location: UTC }",
      "4:52: sources.huggy.quiet_after.times[1]: is in part the same time as 22:00-02:00; write each once"
    ),
    (
      "{ for: 1h, except: \"2026-02-29\", location: UTC }",
      "4:37: sources.huggy.quiet_after.except: '2026-02-29' is no day of the calendar"
    ),
    (
      "{ for: 1h, except: \"25.12.2026\", location: UTC }",
      "4:37: sources.huggy.quiet_after.except: '25.12.2026' is not a day; write it as year, month and day: \"2026-12-25\""
    ),
    (
      "{ for: 1h, times: \"08:00-18:00\", location: ../etc }",
      "4:61: sources.huggy.quiet_after.location: '../etc' is not a time zone's name; write one such as America/Sao_Paulo"
    ),
    (
      "{ for: 8h, times: [\"08:00-12:00\", \"13:00-20:00\"], location: UTC }",
      "4:25: sources.huggy.quiet_after.for: is longer than the hours ever last without a break (7h), and each beginning of them counts anew: nothing would ever be silent; shorten it, or lengthen the hours"
    ),
    (
      "{ for: 1h, times: \"08:00-18:00\" }",
      "4:18: sources.huggy.quiet_after: warning: the hours are UTC's; name the time zone they are meant in with location: America/Sao_Paulo"
    ),
    (
      "{ for: 1h, location: UTC }",
      "4:39: sources.huggy.quiet_after.location: warning: says nothing without weekdays, times or except; remove it, or add the hours"
    ),
  ]

  @Test(arguments: faults) func eachFaultIsToldWithItsPlace(quietAfter: String, problem: String) {
    let told = problems(of: Self.source(quietAfter)).filter { !$0.contains("there are no routes") }
    // The place of a warning's words is behind the key path's.
    #expect(
      told.map { $0.replacing("warning: sources.huggy", with: "sources.huggy") }.map(Self.plain) == [
        Self.plain(problem)
      ])
  }

  private static func plain(_ text: String) -> String { text.replacing("warning: ", with: "") }

  @Test(.enabled(if: hasZones)) func aZoneThatIsNotThereIsToldWithTheNearest() {
    func told(_ name: String, zones: String? = nil) -> String {
      problems(
        of: Self.source("{ for: 1h, times: \"08:00-18:00\", location: \(name) }"),
        environment: zones.map { ["TZDIR": $0] } ?? [:]
      ).first ?? ""
    }
    #expect(
      told("America/SaoPaulo")
        == "4:61: sources.huggy.quiet_after.location: 'America/SaoPaulo' is not a time zone that this machine knows "
        + "(looked at /usr/share/zoneinfo/America/SaoPaulo); did you mean 'America/Sao_Paulo'?")
    #expect(told("Sao_Paulo").hasSuffix("did you mean 'America/Sao_Paulo'?"))
    #expect(told("America").contains("can't be read"))
    #expect(
      told("UTC", zones: "/nowhere/at/all").contains(
        "this machine has no time zones (there is no /nowhere/at/all); install the package tzdata"))
  }

  @Test func aFileThatIsNoZoneIsTold() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("TZif".utf8).write(to: folder.appending(path: "Odd"))
    let told = problems(
      of: Self.source("{ for: 1h, times: \"08:00-18:00\", location: Odd }"),
      environment: ["TZDIR": folder.path])
    #expect(
      told.first?.contains("'Odd' is not a time zone's file, or is cut off (looked at \(folder.path)/Odd)")
        == true, "\(told)")
  }
}
