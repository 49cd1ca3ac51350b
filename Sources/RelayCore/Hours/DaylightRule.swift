/// The rule by which a zone's clocks are set each year, as POSIX writes it in `TZ`: `EST5EDT,M3.2.0,M11.1.0`; with what RFC 9636
/// adds: hours of a change may be negative or lie days ahead (`<-02>2<-01>,M3.5.0/-1,M10.5.0/0`).
struct DaylightRule: Sendable, Equatable {
  /// The day on which clocks are set, and when on it.
  fileprivate struct Change: Equatable {
    enum Day: Equatable {
      /// From 1; 29 February is never counted.
      case julian(Int64)
      /// From 0; 29 February counts.
      case ofYear(Int64)
      /// The week is from 1, where 5 is the month's last; the weekday is from 0, a Sunday.
      case ofMonth(Int64, week: Int64, weekday: Int64)
    }

    var day: Day
    /// By the clocks that are set, in seconds.
    var time: Int64
  }

  private struct Daylight: Equatable {
    var offset: Int64
    var begin: Change
    var end: Change
  }

  /// Seconds ahead of UTC.
  private let standard: Int64
  private let daylight: Daylight?

  init(_ text: [UInt8]) throws(TimeZoneRules.Fault) {
    var reader = Reader(rest: text[...])
    try reader.skipName()
    standard = -(try reader.time())
    guard !reader.rest.isEmpty else {
      daylight = nil
      return
    }
    try reader.skipName()
    let offset = reader.rest.first == 0x2C ? standard + 3_600 : -(try reader.time())
    let begin = try reader.change()
    let end = try reader.change()
    guard reader.rest.isEmpty else { throw Reader.fault }
    daylight = Daylight(offset: offset, begin: begin, end: end)
  }

  func offset(at moment: Int64) -> Int64 {
    guard let daylight else { return standard }
    let days = (moment + standard).flooredDivision(by: 86_400).quotient
    let year = CivilDate(daysSinceEpoch: days).year
    // A rule's change may lie in the year before its own, or after it. Where daylight's end meets its next begin, it goes on.
    var latest: (at: Int64, offset: Int64)?
    for year in year - 1...year + 1 {
      for change in [
        (at: daylight.end.moment(in: year) - daylight.offset, offset: standard),
        (at: daylight.begin.moment(in: year) - standard, offset: daylight.offset),
      ] where change.at <= moment && latest.map({ $0.at <= change.at }) ?? true {
        latest = change
      }
    }
    return latest?.offset ?? standard
  }

  private struct Reader {
    static let fault = TimeZoneRules.Fault(message: "has a rule for the future that can't be read")

    var rest: ArraySlice<UInt8>

    /// Letters, or anything between `<` and `>`.
    mutating func skipName() throws(TimeZoneRules.Fault) {
      if rest.first == 0x3C {
        guard let end = rest.firstIndex(of: 0x3E) else { throw Self.fault }
        rest = rest[(end + 1)...]
      } else {
        let letters = rest.prefix { (0x41...0x5A).contains($0 & 0xDF) }
        guard !letters.isEmpty else { throw Self.fault }
        rest = rest[letters.endIndex...]
      }
    }

    /// `[+|-]hh[:mm[:ss]]`, in seconds.
    mutating func time() throws(TimeZoneRules.Fault) -> Int64 {
      let isNegative = take(0x2D)
      if !isNegative { _ = take(0x2B) }
      var seconds = try number() * 3_600
      if take(0x3A) { seconds += try number() * 60 }
      if take(0x3A) { seconds += try number() }
      return isNegative ? -seconds : seconds
    }

    mutating func change() throws(TimeZoneRules.Fault) -> Change {
      guard take(0x2C) else { throw Self.fault }
      let day: Change.Day
      if take(0x4A) {
        day = .julian(try number(1...365))
      } else if take(0x4D) {
        let month = try number(1...12)
        guard take(0x2E) else { throw Self.fault }
        let week = try number(1...5)
        guard take(0x2E) else { throw Self.fault }
        day = .ofMonth(month, week: week, weekday: try number(0...6))
      } else {
        day = .ofYear(try number(0...365))
      }
      return Change(day: day, time: take(0x2F) ? try time() : 7_200)
    }

    private mutating func number(_ range: ClosedRange<Int64> = 0...167) throws(TimeZoneRules.Fault) -> Int64 {
      let digits = rest.prefix(4).prefix { (0x30...0x39).contains($0) }
      let number = digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
      guard !digits.isEmpty, range.contains(number) else { throw Self.fault }
      rest = rest[digits.endIndex...]
      return number
    }

    private mutating func take(_ byte: UInt8) -> Bool {
      guard rest.first == byte else { return false }
      rest = rest.dropFirst()
      return true
    }
  }
}

extension DaylightRule.Change {
  /// In seconds since 1970, as if the clocks that are set showed UTC.
  fileprivate func moment(in year: Int64) -> Int64 { dayNumber(in: year) * 86_400 + time }

  private func dayNumber(in year: Int64) -> Int64 {
    let newYear = Int64(daysSinceEpoch: year, 1, 1)
    switch day {
    case .julian(let day):
      let isLeap = CivilDate.days(year: year, month: 2, day: 29) != nil
      return newYear + day - 1 + (isLeap && day >= 60 ? 1 : 0)
    case .ofYear(let day): return newYear + day
    case .ofMonth(let month, let week, let weekday):
      let first = Int64(daysSinceEpoch: year, month, 1)
      let next =
        month == 12 ? Int64(daysSinceEpoch: year + 1, 1, 1) : Int64(daysSinceEpoch: year, month + 1, 1)
      // 1970-01-01 was a Thursday.
      let firstWeekday = (first + 4).flooredDivision(by: 7).remainder
      var found = first + (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
      if found >= next { found -= 7 }
      return found
    }
  }
}
