/// The hours in which something is expected: days of the week, spans of a day, days off, by the clocks of a time zone.
package struct ServiceHours: Sendable, Equatable {
  package enum Weekday: Int, Sendable, CaseIterable {
    case mon, tue, wed, thu, fri, sat, sun

    package var word: String { "\(self)" }
  }

  /// A part of a day, in minutes since midnight. One whose end is not after its beginning ends on the next day.
  package struct Span: Sendable, Equatable {
    /// 0 to 1,439.
    package var begin: Int
    /// 1 to 1,440; or up to `begin`: on the next day.
    package var end: Int

    package static let day = Span(begin: 0, end: 1_440)

    package init(begin: Int, end: Int) {
      self.begin = begin
      self.end = end
    }

    /// As routes.yaml writes it: `08:00-18:00`.
    package var text: String {
      [begin, end].map { "\(Int64($0 / 60).padded(to: 2)):\(Int64($0 % 60).padded(to: 2))" }.joined(
        separator: "-")
    }

    var length: Int { end > begin ? end - begin : end + 1_440 - begin }
  }

  /// A day of the calendar, by which days off are named.
  package struct Day: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Since 1970-01-01.
    package let number: Int64

    /// nil: there is no such day.
    package init?(year: Int, month: Int, day: Int) {
      guard let number = CivilDate.days(year: Int64(year), month: Int64(month), day: Int64(day)) else {
        return nil
      }
      self.number = number
    }

    fileprivate init(number: Int64) {
      self.number = number
    }

    package static func < (a: Day, b: Day) -> Bool { a.number < b.number }
    package var description: String { CivilDate(daysSinceEpoch: number).description }
  }

  /// In the order of the week.
  package var weekdays: [Weekday] = Weekday.allCases
  /// In order, none over another.
  package var spans: [Span] = [.day]
  package var zone: TimeZoneRules
  /// Spans that begin on these days are none.
  package var daysOff: Set<Day> = []

  package init(
    weekdays: [Weekday] = Weekday.allCases, spans: [Span] = [.day], zone: TimeZoneRules = .utc,
    daysOff: Set<Day> = []
  ) {
    self.weekdays = weekdays
    self.spans = spans
    self.zone = zone
    self.daysOff = daysOff
  }

  /// The spans that begin on a day, as moments in seconds since 1970. An hour that the zone's clocks show twice is in them twice;
  /// one that they pass over is in none.
  func moments(onDay number: Int64) -> [Range<Int64>] {
    // 1970-01-01 was a Thursday.
    let weekday = Int((number + 3).flooredDivision(by: 7).remainder)
    guard weekdays.contains(where: { $0.rawValue == weekday }),
      !daysOff.contains(Day(number: number))
    else { return [] }
    return spans.compactMap { span in
      let begin = number * 86_400 + Int64(span.begin) * 60
      let first = zone.moments(showing: begin).lowerBound
      let end = zone.moments(showing: begin + Int64(span.length) * 60).upperBound
      return first < end ? first..<end : nil
    }
  }

  /// The longest time that they last without a break, in a week without days off; nil: they never end.
  package var longest: Duration? {
    let week = 7 * 1_440
    var isOpen = [Bool](repeating: false, count: 2 * week)
    for weekday in weekdays {
      for span in spans {
        let begin = weekday.rawValue * 1_440 + span.begin
        // The week before reaches into this one.
        for minute in begin..<begin + span.length {
          isOpen[minute % week] = true
          isOpen[minute % week + week] = true
        }
      }
    }
    guard isOpen.contains(false) else { return nil }
    var (longest, current) = (0, 0)
    for minute in isOpen {
      current = minute ? current + 1 : 0
      longest = max(longest, current)
    }
    return .seconds(longest * 60)
  }
}
