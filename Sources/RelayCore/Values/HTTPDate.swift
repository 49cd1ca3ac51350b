/// A moment as HTTP writes it (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, and the two older forms
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
package enum HTTPDate {
  /// - Parameter now: A year of two digits is within fifty years of it, or before.
  /// - Returns: nil: it is in none of these forms, to the letter, or there is no such day.
  package static func timestamp(_ text: some StringProtocol, now: Timestamp) -> Timestamp? {
    var cursor = Cursor(Array(text.utf8.prefix(40)))
    guard let form = cursor.form() else { return nil }
    let moment =
      switch form {
      case .fixdate: cursor.fixdate()
      case .rfc850: cursor.rfc850(now: now)
      case .asctime: cursor.asctime()
      }
    return cursor.isAtEnd ? moment : nil
  }

  fileprivate enum Form {
    case fixdate
    case rfc850
    case asctime
  }

  fileprivate static let weekdays = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]
  fileprivate static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}

/// Reads from left to right; what does not fit is nil.
private struct Cursor {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isAtEnd: Bool { rest.isEmpty }

  /// The name of a weekday, and what follows it, say which form it is. Whether it is the right weekday is not asked.
  mutating func form() -> HTTPDate.Form? {
    for weekday in HTTPDate.weekdays where take(weekday) { return take(", ") ? .rfc850 : nil }
    for weekday in HTTPDate.weekdays where take(weekday.prefix(3)) {
      if take(", ") { return .fixdate }
      return take(" ") ? .asctime : nil
    }
    return nil
  }

  mutating func fixdate() -> Timestamp? {
    guard let day = number(2), take(" "), let month = month(), take(" "), let year = number(4), take(" "),
      let time = time(), take(" GMT")
    else { return nil }
    return Timestamp(year: year, month: month, day: day, secondOfDay: time)
  }

  mutating func rfc850(now: Timestamp) -> Timestamp? {
    guard let day = number(2), take("-"), let month = month(), take("-"), let short = number(2), take(" "),
      let time = time(), take(" GMT")
    else { return nil }
    let present = CivilDate(daysSinceEpoch: now.seconds.flooredDivision(by: 86_400).quotient).year
    let year = present - present % 100 + short
    return Timestamp(
      year: year > present + 50 ? year - 100 : year, month: month, day: day, secondOfDay: time)
  }

  mutating func asctime() -> Timestamp? {
    guard let month = month(), take(" "), let day = take(" ") ? number(1) : number(2), take(" "),
      let time = time(), take(" "), let year = number(4)
    else { return nil }
    return Timestamp(year: year, month: month, day: day, secondOfDay: time)
  }

  private mutating func time() -> Int64? {
    guard let hour = number(2), hour < 24, take(":"), let minute = number(2), minute < 60, take(":"),
      let second = number(2), second <= 60
    else { return nil }
    return hour * 3_600 + minute * 60 + second
  }

  /// From 1.
  private mutating func month() -> Int64? {
    for (index, name) in HTTPDate.months.enumerated() where take(name) { return Int64(index + 1) }
    return nil
  }

  private mutating func number(_ digits: Int) -> Int64? {
    let text = rest.prefix(digits)
    guard text.count == digits, text.allSatisfy({ (48...57).contains($0) }) else { return nil }
    rest = rest.dropFirst(digits)
    return text.reduce(0) { $0 * 10 + Int64($1 - 48) }
  }

  private mutating func take(_ text: some StringProtocol) -> Bool {
    guard rest.starts(with: text.utf8) else { return false }
    rest = rest.dropFirst(text.utf8.count)
    return true
  }
}

extension Timestamp {
  /// nil: there is no such day.
  fileprivate init?(year: Int64, month: Int64, day: Int64, secondOfDay: Int64) {
    guard let days = CivilDate.days(year: year, month: month, day: day) else { return nil }
    self.init(microseconds: (days * 86_400 + secondOfDay) * 1_000_000)
  }
}

extension CivilDate {
  /// Since 1970-01-01; nil: there is no such day.
  static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
    let days = Int64(daysSinceEpoch: year, month, day)
    let date = CivilDate(daysSinceEpoch: days)
    return date.year == year && date.month == month && date.day == day ? days : nil
  }
}

extension Int64 {
  /// The reverse of `CivilDate.init`, which tells whether there is such a day.
  init(daysSinceEpoch year: Int64, _ month: Int64, _ day: Int64) {
    let shiftedYear = month > 2 ? year : year - 1
    let (era, yearOfEra) = shiftedYear.flooredDivision(by: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    self = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
