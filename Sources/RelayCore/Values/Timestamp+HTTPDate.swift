extension Timestamp {
  /// Reads a date as HTTP has it (RFC 9110, 5.6.7), in any of its three forms:
  ///
  ///     Sun, 06 Nov 1994 08:49:37 GMT      what senders write today
  ///     Sunday, 06-Nov-94 08:49:37 GMT     RFC 850
  ///     Sun Nov  6 08:49:37 1994           C's asctime()
  ///
  /// - Parameter now: What two digits of a year are near to: not more than 50 years ahead.
  /// - Returns: nil for anything else. The day's name must be one, not the right one.
  public init?(httpDate text: String, now: Timestamp) {
    guard text.utf8.count <= 40 else { return nil }
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    let date: (year: Int64, month: Int64, day: Int64)?
    let time: Substring
    switch (words.count, words.last) {
    case (6, "GMT") where Self.isDay(words[0], end: ",", in: Self.dayNames):
      date = Self.date(day: words[1], month: words[2], year: words[3])
      time = words[4]
    case (4, "GMT") where Self.isDay(words[0], end: ",", in: Self.longDayNames):
      let parts = words[1].split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 3, let short = Self.number(parts[2], digits: 2) else { return nil }
      date = Self.date(day: parts[0], month: parts[1], year: Self.year(short, near: now))
      time = words[2]
    case (5, _) where Self.isDay(words[0], end: "", in: Self.dayNames):
      date = Self.date(day: words[2], month: words[1], year: words[4])
      time = words[3]
    case (6, _) where words[2].isEmpty && Self.isDay(words[0], end: "", in: Self.dayNames):
      date = Self.date(day: "0" + words[3], month: words[1], year: words[5])
      time = words[4]
    default: return nil
    }
    guard let date, let seconds = Self.secondsOfDay(time),
      let days = CivilDate.days(year: date.year, month: date.month, day: date.day)
    else { return nil }
    self.init(microseconds: (days * 86_400 + seconds) * 1_000_000)
  }

  private static let dayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  private static let longDayNames = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]
  private static let monthNames = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func isDay(_ word: Substring, end: String, in names: [String]) -> Bool {
    word.hasSuffix(end) && names.contains(String(word.dropLast(end.count)))
  }

  private static func date(
    day: Substring, month: Substring, year: Substring
  ) -> (year: Int64, month: Int64, day: Int64)? {
    number(year, digits: 4).flatMap { date(day: day, month: month, year: $0) }
  }

  private static func date(
    day: Substring, month: Substring, year: Int64
  ) -> (year: Int64, month: Int64, day: Int64)? {
    guard let day = number(day, digits: 2), let month = monthNames.firstIndex(of: String(month)) else {
      return nil
    }
    return (year, Int64(month + 1), day)
  }

  private static func year(_ short: Int64, near now: Timestamp) -> Int64 {
    let thisYear = CivilDate(daysSinceEpoch: now.seconds / 86_400).year
    let year = thisYear - thisYear % 100 + short
    return year > thisYear + 50 ? year - 100 : year
  }

  /// `08:49:37`; a leap second counts as the next one.
  private static func secondsOfDay(_ text: Substring) -> Int64? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let hours = number(parts[0], digits: 2), hours < 24,
      let minutes = number(parts[1], digits: 2), minutes < 60,
      let seconds = number(parts[2], digits: 2), seconds <= 60
    else { return nil }
    return hours * 3_600 + minutes * 60 + seconds
  }

  private static func number(_ text: Substring, digits: Int) -> Int64? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(text)
  }
}

extension CivilDate {
  /// Days since 1970-01-01; nil: there is no such day. The inverse of `init(daysSinceEpoch:)`.
  static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear.flooredDivision(by: 400).quotient
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    let back = CivilDate(daysSinceEpoch: days)
    return (back.year, back.month, back.day) == (year, month, day) ? days : nil
  }
}
